/** Writes into the record of a model that it is deployed. Each such write makes its deployment again, so that callers who meet share one. */
import { Models } from "@drawbar/registry/models/Models"
import type { RegistryFailure } from "@drawbar/registry/RegistryError"
import { Effect, Fiber } from "effect"
import type { ActionCounter } from "./ActionCounts.ts"

export const make = Effect.fnUntraced(function* ({ count }: ActionCounter) {
  const models = yield* Models
  const scope = yield* Effect.scope
  const pending = new Map<string, Fiber.Fiber<string, RegistryFailure>>()

  /** Returns the id of the task that reports it. */
  const mark = (id: string) => Effect.tap(models.markDeployed(id), () => Effect.sync(() => count(id, "deploy")))

  return {
    mark,

    /** As `mark`, once for all that ask for it meanwhile. */
    markOnce: Effect.fnUntraced(function* (id: string) {
      const begun = pending.get(id)
      if (begun !== undefined) return yield* Fiber.join(begun)
      const ended = Effect.sync(() => pending.delete(id))
      const fiber = yield* Effect.forkIn(Effect.ensuring(mark(id), ended), scope)
      pending.set(id, fiber)
      return yield* Fiber.join(fiber)
    }),

    unmark: (id: string) =>
      Effect.map(models.markUndeployed(id), (was) => {
        if (was) count(id, "undeploy")
        return was ? ("undeployed" as const) : ("not_found" as const)
      }),
  }
})
