/** The reference of this API for readers and editors; `/openapi.json` has it for programs. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import * as HttpApiSchema from "effect/http-api/HttpApiSchema"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import { failures } from "../errors/ErrorEnvelope.ts"
import { Source } from "../records/Field.ts"
import { blueprintSchemaPath } from "../routes/BasePath.ts"

const shared = { disableCodecs: true, error: failures } as const

export class ReferenceApi extends HttpApiGroup.make("reference")
  .add(
    HttpApiEndpoint.get("page", "/_docs", {
      ...shared,
      success: Schema.String.pipe(HttpApiSchema.asText({ contentType: "text/html; charset=utf-8" })),
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    // Editors fetch the `$schema` of a document without credentials.
    HttpApiEndpoint.get("blueprintSchema", blueprintSchemaPath, { ...shared, success: Source }).annotateMerge(
      EndpointPolicy.open,
    ),
  ) {}
