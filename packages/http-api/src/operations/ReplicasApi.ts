/** `/_plugins/_drawbar/replicas`: the servers that share a database. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { failures } from "../errors/ErrorEnvelope.ts"

export const Replica = Schema.Struct({
  /** Another one after each start. */
  id: Schema.String,
  host: Schema.String,
  pid: Schema.Int,
  version: Schema.String,
  /** Where it listens; absent if it listens on all addresses of its machine. */
  address: Schema.optionalKey(Schema.String),
  /** In ms since 1970. */
  started_time: Schema.Int,
  /** When it last wrote to the database, by the database's clock. */
  last_seen_time: Schema.Int,
  /** Whether it is the one that answered. */
  self: Schema.Boolean,
})

export class ReplicasApi extends HttpApiGroup.make("replicas").add(
  HttpApiEndpoint.get("list", "/_plugins/_drawbar/replicas", {
    disableCodecs: true,
    error: failures,
    success: Schema.Struct({ replicas: Schema.Array(Replica) }),
  }).annotateMerge(EndpointPolicy.operate),
) {}
