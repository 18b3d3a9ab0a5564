/** `/_plugins/_ml/blueprints`: the documents that come with Drawbar, from which connectors are made. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import { Source } from "./Field.ts"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { basePath } from "../routes/BasePath.ts"

const path = `${basePath}/blueprints` as const
const shared = { disableCodecs: true, error: failures } as const

export const BlueprintEntry = Schema.Struct({
  name: Schema.String,
  /** The body of `_create`, its secrets as references such as `env:OPENAI_API_KEY`. */
  blueprint: Source,
  /** A body of `_predict`. */
  parameters: Source,
  /** What that predict sends, what the platform answers, and what the predict answers. */
  request: Source,
  response: Schema.Unknown,
  prediction: Source,
  /** Markdown: the vendor's page, and what of the above is documented or seen. */
  source: Schema.String,
})

export class BlueprintsApi extends HttpApiGroup.make("blueprints")
  .add(
    HttpApiEndpoint.get("list", path, {
      ...shared,
      success: Schema.Struct({
        blueprints: Schema.Array(Schema.Struct({ name: Schema.String, description: Schema.String })),
      }),
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.get("get", `${path}/:name`, {
      ...shared,
      params: { name: Schema.String },
      success: BlueprintEntry,
    }).annotateMerge(EndpointPolicy.read),
  ) {}
