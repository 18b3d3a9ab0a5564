import type { JsonObject } from "@drawbar/json-text/Json"
import { StoreError, NotFound } from "@drawbar/document-store/StoreError"
import { Tasks } from "@drawbar/registry/records/Tasks"
import { Effect, Option } from "effect"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { BadParameter, NotImplemented, RequestError } from "@drawbar/http-server/http/RequestError"
import * as SearchHandler from "./SearchHandler.ts"
import { TasksApi } from "./TasksApi.ts"
import * as WriteResult from "./WriteResult.ts"
import * as OpenSearchError from "../errors/OpenSearchError.ts"

export const make = Effect.map(Tasks, (tasks) => {
  const cancel = Effect.fnUntraced(function* ({ params }: { readonly params: { readonly task_id: string } }) {
    const { task } = yield* Effect.catchReason(tasks.get(params.task_id), "StoreError", "NotFound", (reason) =>
      Effect.fail(StoreError.from(new NotFound({ ...reason, message: "Fail to find task" }))),
    )
    if (task.task_type !== "BATCH_PREDICTION")
      return yield* RequestError.from(
        new BadParameter({ message: "The task ID you provided does not have any associated batch job" }),
      )
    return yield* RequestError.from(
      new NotImplemented({ message: "Drawbar does not run batch predictions yet, so it cannot cancel this one." }),
    )
  })
  return Endpoint.serve(OpenSearchError.face, TasksApi, {
    cancel,
    cancelBatch: cancel,
    get: ({ params, query }) =>
      Effect.map(tasks.get(params.task_id), ({ document }) =>
        query.drawbar === "true" ? document.source : documented(document.source),
      ),
    delete: ({ params: { task_id } }) =>
      Effect.map(tasks.delete(task_id), (removed) => WriteResult.deleted("task", task_id, Option.some(removed))),
    ...SearchHandler.handlers("task", (request) =>
      Effect.map(tasks.search(request), (found) => ({
        ...found,
        hits: found.hits.map((hit) => (hit.source === undefined ? hit : { ...hit, source: documented(hit.source) })),
      })),
    ),
  })
})

/** The fields that ML Commons has. */
const documented = ({ placement: _, ...source }: JsonObject): JsonObject => source
