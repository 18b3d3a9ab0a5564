/** Writes whether a model is deployed, and deletes one that is not. */
import { Clock, Effect, Option } from "effect"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { optimistically } from "../internal/OptimisticRetry.ts"
import * as Model from "./Model.ts"
import { NodeId } from "../records/NodeId.ts"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { InvalidState, RegistryError } from "../RegistryError.ts"
import * as ResourceId from "../records/ResourceId.ts"
import * as Tasks from "../records/Tasks.ts"
import type { ModelFinder } from "./ModelFinder.ts"
import { collection, replaced, shownOf, taskOf } from "./ModelRecords.ts"

export const make = Effect.fnUntraced(function* ({ findFor }: Pick<ModelFinder, "findFor">) {
  const store = yield* DocumentStore
  const changes = yield* ChangeFeed
  const nodeId = yield* NodeId

  return {
    markDeployed: (id: string) =>
      optimistically(
        changes,
        Effect.fnUntraced(function* (commit) {
          const { document, model } = yield* findFor(id, "Failed to find model")
          const now = yield* Clock.currentTimeMillis
          const task_id = yield* ResourceId.make
          yield* commit([
            replaced(document, Model.deployed(model, nodeId, now)),
            Tasks.created(task_id, { ...taskOf("DEPLOY_MODEL", id, nodeId), is_async: true }, now),
          ])
          return task_id
        }),
        [`model ${id}`],
      ),

    markUndeployed: (id: string) =>
      optimistically(
        changes,
        Effect.fnUntraced(function* (commit) {
          const { document, model } = yield* findFor(
            id,
            "Failed to find model",
            `No permission to undeploy model ${id}`,
          )
          yield* commit([replaced(document, Model.undeployed(model, yield* Clock.currentTimeMillis))])
          return model.model_state === "DEPLOYED"
        }),
        [`model ${id}`],
      ),

    delete: (id: string) =>
      optimistically(
        changes,
        Effect.fnUntraced(function* (commit) {
          const { document, model } = yield* findFor(id, "Failed to find model")
          if (model.model_state === "DEPLOYED") return yield* stillDeployed
          const controller = yield* store.get("controller", id)
          yield* commit([
            { _tag: "Delete", collection, id, ifVersion: document.version },
            ...(Option.isNone(controller) ? [] : [{ _tag: "Delete", collection: "controller", id } as const]),
          ])
          return shownOf(document)
        }),
      ),
  }
})

const stillDeployed = RegistryError.from(
  new InvalidState({
    message: "Model cannot be deleted in deploying or deployed state. Try undeploy model first then delete",
  }),
)
