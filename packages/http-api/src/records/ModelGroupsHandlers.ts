import { ModelGroups } from "@drawbar/registry/models/ModelGroups"
import { Effect } from "effect"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { ModelGroupsApi } from "./ModelGroupsApi.ts"
import * as SearchHandler from "./SearchHandler.ts"
import { WithHeaders } from "@drawbar/http-server/http/ResponseBody"
import * as IfSeqNo from "./IfSeqNo.ts"
import * as WriteResult from "./WriteResult.ts"
import * as OpenSearchError from "../errors/OpenSearchError.ts"

export const make = Effect.map(ModelGroups, (groups) =>
  Endpoint.serve(OpenSearchError.face, ModelGroupsApi, {
    register: ({ json }) =>
      Effect.map(groups.register(json), (model_group_id) => ({ model_group_id, status: "CREATED" as const })),
    get: ({ params }) =>
      Effect.map(
        groups.get(params.model_group_id),
        (document) => new WithHeaders(document.source, IfSeqNo.headers(document)),
      ),
    update: Effect.fnUntraced(function* ({ params, json, query }) {
      const written = yield* groups.update(params.model_group_id, json, yield* IfSeqNo.read(query))
      return new WithHeaders({ status: "Updated" as const }, IfSeqNo.headers(written))
    }),
    delete: ({ params: { model_group_id } }) =>
      Effect.map(groups.delete(model_group_id), (removed) =>
        WriteResult.deleted("model-group", model_group_id, removed),
      ),
    ...SearchHandler.handlers("model-group", groups.search),
  }),
)
