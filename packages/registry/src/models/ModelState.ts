/** Writes whether a model is deployed, and deletes one that is not. */
import { Clock, Effect, Option } from "effect"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { optimistically } from "../internal/OptimisticRetry.ts"
import * as ModelNames from "../internal/NameClaims.ts"
import * as Model from "./Model.ts"
import { NodeId } from "../records/NodeId.ts"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { InUse, InvalidState, RegistryError } from "../RegistryError.ts"
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
          const aliases = yield* ModelNames.aliasesOf(store, id)
          if (aliases.length > 0) return yield* aliased(id, aliases)
          const controller = yield* store.get("controller", id)
          yield* commit([
            { _tag: "Delete", collection, id, ifVersion: document.version },
            ...(Option.isNone(controller) ? [] : [{ _tag: "Delete", collection: "controller", id } as const]),
            ...(yield* ModelNames.unclaim(store, id)),
          ])
          return shownOf(document)
        }),
        [`model ${id}`],
      ),
  }
})

const stillDeployed = RegistryError.from(
  new InvalidState({
    message: "Model cannot be deleted in deploying or deployed state. Try undeploy model first then delete",
  }),
)

const aliased = (id: string, users: ReadonlyArray<string>) =>
  RegistryError.from(
    new InUse({
      users,
      message: `The model [${id}] is a target of the aliases [${users.join(", ")}]. Switch or delete them first`,
    }),
  )
