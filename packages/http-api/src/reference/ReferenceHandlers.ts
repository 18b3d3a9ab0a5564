import { jsonSchema } from "@drawbar/blueprint-schema/BlueprintJsonSchema"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import type { JsonObject } from "@drawbar/json-text/Json"
import { JsonText, PlainText } from "@drawbar/http-server/http/ResponseBody"
import { Effect } from "effect"
import * as OpenSearchError from "../errors/OpenSearchError.ts"
import { ReferenceApi } from "./ReferenceApi.ts"
import * as ReferencePage from "./ReferencePage.ts"

const schema = new JsonText(JSON.stringify(jsonSchema))

/** `document` is the OpenAPI document. */
export const make = (document: () => JsonObject) => {
  // Made at the first request, and the same for every caller.
  let page: PlainText | undefined
  return Endpoint.serve(OpenSearchError.face, ReferenceApi, {
    page: () => Effect.sync(() => (page ??= new PlainText(ReferencePage.html(document()), "text/html; charset=utf-8"))),
    blueprintSchema: () => Effect.succeed(schema),
  })
}
