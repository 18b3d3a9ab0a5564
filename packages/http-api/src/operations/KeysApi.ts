/** `/_plugins/_ml/keys`: the keys that seal stored credentials. No key and no secret is in any answer. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { basePath } from "../routes/BasePath.ts"

const path = `${basePath}/keys` as const
const shared = { disableCodecs: true, error: failures } as const

export const KeyReport = Schema.Struct({
  active: Schema.String,
  /** How many secrets each key has sealed. */
  keys: Schema.Array(Schema.Struct({ id: Schema.String, secrets: Schema.Number })),
  /** Secrets that no key decrypts: send them again. */
  unreadable: Schema.Array(
    Schema.Struct({ collection: Schema.String, id: Schema.String, field: Schema.String, why: Schema.String }),
  ),
})

export class KeysApi extends HttpApiGroup.make("keys")
  .add(
    HttpApiEndpoint.post("rotate", `${path}/_rotate`, {
      ...shared,
      /** The id of the new key, and how many records were encrypted again with it. */
      success: Schema.Struct({ key: Schema.String, records: Schema.Number }),
    }).annotateMerge(EndpointPolicy.operate),
  )
  .add(
    HttpApiEndpoint.get("doctor", `${path}/_doctor`, { ...shared, success: KeyReport }).annotateMerge(
      EndpointPolicy.operate,
    ),
  ) {}
