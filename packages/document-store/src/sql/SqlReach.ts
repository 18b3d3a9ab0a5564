/**
 * Whether the database can be reached, as the reading of changes finds out again and again. Operations do not wait for one that cannot:
 * a network that is silent would hold each up for as long as a statement may take.
 */
import { Effect, Fiber } from "effect"
import type { StoreError } from "../StoreError.ts"

export interface SqlReach {
  /** Why it cannot be reached. */
  readonly away: () => StoreError | undefined
  readonly found: (away: StoreError | undefined) => void
  /** Fails as soon as it is known that the database cannot be reached. What was sent may still be done. */
  readonly whileThere: <A>(operation: Effect.Effect<A, StoreError>) => Effect.Effect<A, StoreError>
}

export const make = (): SqlReach => {
  let away: StoreError | undefined
  const waiting = new Set<(reason: StoreError) => void>()
  return {
    away: () => away,
    found: (reason) => {
      away = reason
      if (reason !== undefined) for (const leave of waiting) leave(reason)
    },
    whileThere: <A>(operation: Effect.Effect<A, StoreError>) =>
      Effect.suspend(() => {
        if (away !== undefined) return Effect.fail(away)
        return Effect.flatMap(Effect.forkDetach(operation), (running) =>
          Effect.callback<A, StoreError>((resume) => {
            const leave = (reason: StoreError) => {
              waiting.delete(leave)
              resume(Effect.fail(reason))
            }
            waiting.add(leave)
            running.addObserver((exit) => {
              waiting.delete(leave)
              resume(exit)
            })
            return Fiber.interrupt(running)
          }),
        )
      }),
  }
}
