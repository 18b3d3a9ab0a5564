/** A limit is asked for before a call is made: a database that is silent must not hold up the call for as long as a statement may take. */
import { StorageFailed, StoreError } from "@drawbar/document-store/StoreError"
import { Effect } from "effect"

const deadlineMillis = 3_000

/** Fails as a database does that cannot be reached. */
export const within = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E | StoreError, R> =>
  Effect.timeoutOrElse(effect, {
    duration: deadlineMillis,
    orElse: () =>
      Effect.fail(
        StoreError.from(
          new StorageFailed({
            operation: "limit",
            message: `PostgreSQL did not respond within ${deadlineMillis} ms.`,
            retryAfterMillis: 2_000,
          }),
        ),
      ),
  })
