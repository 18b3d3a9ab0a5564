/** What those ask who keep the server running. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import { failures } from "../errors/ErrorEnvelope.ts"
import { AnyOrigin } from "@drawbar/http-server/http/OriginCheck"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"

const shared = { disableCodecs: true, error: failures } as const
const success = Schema.Struct({ status: Schema.Literal("ok") })

/** `degraded`: deployed models are called, but the database cannot be reached, so that nothing can be changed; `reason` says why. */
const readiness = Schema.Struct({
  status: Schema.Literals(["ok", "degraded"]),
  reason: Schema.optionalKey(Schema.String),
})

export class HealthApi extends HttpApiGroup.make("health")
  .add(
    HttpApiEndpoint.get("live", "/_health/live", { ...shared, success })
      .annotateMerge(EndpointPolicy.open)
      .annotate(AnyOrigin, true),
  )
  /**
   * Status 503 while the server warms up and no model has been called, once shutdown has begun, and while the store accepts no writes. A shared database that cannot be reached is
   * `degraded`, with status 200: taken from behind its proxy, no server would be left.
   */
  .add(
    HttpApiEndpoint.get("ready", "/_health/ready", { ...shared, success: readiness })
      .annotateMerge(EndpointPolicy.open)
      .annotate(AnyOrigin, true),
  )
  /** https://prometheus.io/docs/instrumenting/exposition_formats/ */
  .add(
    HttpApiEndpoint.get("metrics", "/metrics", {
      ...shared,
      success: Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/plain; version=0.0.4" })),
    }).annotateMerge(EndpointPolicy.read),
  ) {}
