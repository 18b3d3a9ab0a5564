import { Tasks } from "@drawbar/registry/Tasks"
import { Effect, Option } from "effect"
import * as Endpoint from "./Endpoint.ts"
import * as SearchHandler from "./SearchHandler.ts"
import { TasksApi } from "./TasksApi.ts"
import * as WriteResult from "./WriteResult.ts"

export const make = Effect.map(Tasks, (tasks) =>
  Endpoint.serve(TasksApi, {
    get: ({ params }) => Effect.map(tasks.get(params.task_id), ({ document }) => document.source),
    delete: ({ params: { task_id } }) =>
      Effect.map(tasks.delete(task_id), (removed) => WriteResult.deleted("task", task_id, Option.some(removed))),
    ...SearchHandler.handlers("task", tasks.search),
  }),
)
