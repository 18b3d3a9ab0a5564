import { Tasks } from "@drawbar/registry/records/Tasks"
import { Effect, Option } from "effect"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import * as SearchHandler from "./SearchHandler.ts"
import { TasksApi } from "./TasksApi.ts"
import * as WriteResult from "./WriteResult.ts"
import * as OpenSearchError from "../errors/OpenSearchError.ts"

export const make = Effect.map(Tasks, (tasks) =>
  Endpoint.serve(OpenSearchError.face, TasksApi, {
    get: ({ params }) => Effect.map(tasks.get(params.task_id), ({ document }) => document.source),
    delete: ({ params: { task_id } }) =>
      Effect.map(tasks.delete(task_id), (removed) => WriteResult.deleted("task", task_id, Option.some(removed))),
    ...SearchHandler.handlers("task", tasks.search),
  }),
)
