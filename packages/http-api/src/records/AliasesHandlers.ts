import { Aliases, type NamedAlias } from "@drawbar/registry/aliases/Aliases"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { Effect } from "effect"
import * as OpenSearchError from "../errors/OpenSearchError.ts"
import { AliasesApi } from "./AliasesApi.ts"

export const make = Effect.map(Aliases, (aliases) =>
  Endpoint.serve(OpenSearchError.face, AliasesApi, {
    set: ({ params, json }) =>
      Effect.map(aliases.set(params.name, json), ({ alias, isNew }) => ({
        ...shownOf(alias),
        result: isNew ? ("created" as const) : ("updated" as const),
      })),
    get: ({ params }) => Effect.map(aliases.get(params.name), shownOf),
    list: () => Effect.map(aliases.list, (list) => ({ aliases: list.map(shownOf) })),
    delete: ({ params: { name } }) => Effect.as(aliases.delete(name), { name, result: "deleted" as const }),
  }),
)

const shownOf = ({ name, targets, created_time, last_updated_time }: NamedAlias) => ({
  name,
  ...(targets.length === 1 ? { model_id: targets[0].model_id } : {}),
  targets,
  created_time,
  last_updated_time,
})
