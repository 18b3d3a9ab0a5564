import * as Catalogue from "@drawbar/blueprint-catalogue/Catalogue"
import { nearest } from "@drawbar/blueprint-schema/ProcessFunctionName"
import { Effect } from "effect"
import { BlueprintsApi } from "./BlueprintsApi.ts"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { RequestError, UnknownBlueprint } from "@drawbar/http-server/http/RequestError"
import * as OpenSearchError from "../errors/OpenSearchError.ts"

export const make = Effect.succeed(
  Endpoint.serve(OpenSearchError.face, BlueprintsApi, {
    list: () =>
      Effect.succeed({
        blueprints: Catalogue.entries.map(({ name, blueprint }) => ({
          name,
          description: String(blueprint["description"] ?? ""),
        })),
      }),
    get: Effect.fnUntraced(function* ({ params: { name } }) {
      const entry = Catalogue.find(name)
      if (entry === undefined)
        return yield* RequestError.from(new UnknownBlueprint({ name, nearest: nearest(name, Catalogue.names) }))
      return { ...entry, request: { ...entry.request } }
    }),
  }),
)
