import { ModelGroups } from "@drawbar/registry/models/ModelGroups"
import { Effect } from "effect"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { ModelGroupsApi } from "./ModelGroupsApi.ts"
import * as SearchHandler from "./SearchHandler.ts"
import * as WriteResult from "./WriteResult.ts"
import * as OpenSearchError from "../errors/OpenSearchError.ts"

export const make = Effect.map(ModelGroups, (groups) =>
  Endpoint.serve(OpenSearchError.face, ModelGroupsApi, {
    register: ({ json }) =>
      Effect.map(groups.register(json), (model_group_id) => ({ model_group_id, status: "CREATED" as const })),
    get: ({ params }) => Effect.map(groups.get(params.model_group_id), ({ source }) => source),
    update: ({ params, json }) => Effect.as(groups.update(params.model_group_id, json), { status: "Updated" as const }),
    delete: ({ params: { model_group_id } }) =>
      Effect.map(groups.delete(model_group_id), (removed) =>
        WriteResult.deleted("model-group", model_group_id, removed),
      ),
    ...SearchHandler.handlers("model-group", groups.search),
  }),
)
