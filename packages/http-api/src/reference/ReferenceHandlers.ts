import { jsonSchema } from "@drawbar/blueprint-schema/BlueprintJsonSchema"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { JsonText, PlainText } from "@drawbar/http-server/http/ResponseBody"
import { Effect } from "effect"
import * as OpenSearchError from "../errors/OpenSearchError.ts"
import * as OpenApiDocument from "./OpenApiDocument.ts"
import { ReferenceApi } from "./ReferenceApi.ts"
import * as ReferencePage from "./ReferencePage.ts"

// Made at the first request, and the same for every caller.
let page: PlainText | undefined
const schema = new JsonText(JSON.stringify(jsonSchema))

export const make = Endpoint.serve(OpenSearchError.face, ReferenceApi, {
  page: () =>
    Effect.sync(
      () => (page ??= new PlainText(ReferencePage.html(OpenApiDocument.current()), "text/html; charset=utf-8")),
    ),
  blueprintSchema: () => Effect.succeed(schema),
})
