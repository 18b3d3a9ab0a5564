/**
 * Group commit: transactions that wait at the same time are committed together. Each has its own savepoint, so that a
 * failure rolls back only that transaction.
 */
import { Cause, Data, Deferred, Effect, Exit, Result, Semaphore } from "effect"
import { SqlClient, SqlError } from "effect/sql"
import type { StoreError } from "../StoreError.ts"
import { storageFailed } from "./SqlFailure.ts"

interface Waiting<A> {
  readonly transaction: Effect.Effect<A, StoreError | SqlError.SqlError>
  readonly done: Deferred.Deferred<A, StoreError>
}

/**
 * The database failed in one of the transactions. All were rolled back, and it is uncertain which one was the cause.
 */
class Undone extends Data.TaggedError("Undone")<{ readonly cause: SqlError.SqlError }> {}

/** How many transactions share one commit, because each waits for the whole group. */
const maxTogether = 256

/** Statements that every commit begins or ends with, once for all of its transactions. */
export interface Around {
  readonly before: Effect.Effect<unknown, SqlError.SqlError>
  readonly after: Effect.Effect<unknown, SqlError.SqlError>
}

/** Creates the function that runs a transaction and returns after it is durable. */
export const make = <A>({ before, after }: Around) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const turn = yield* Semaphore.make(1)
    const queue: Array<Waiting<A>> = []

    const commit = (together: ReadonlyArray<Waiting<A>>): Effect.Effect<void> =>
      Effect.andThen(
        before,
        Effect.forEach(together, ({ transaction }) => inSavepoint(sql, transaction)),
      ).pipe(
        Effect.tap(() => after),
        sql.withTransaction,
        Effect.exit,
        Effect.flatMap((exit) => {
          if (Exit.isSuccess(exit)) return settle(together, exit.value)
          const error = Cause.squash(exit.cause)
          if (error instanceof Undone && together.length > 1) {
            return Effect.forEach(together, (one) => commit([one]), { discard: true })
          }
          const failed = Result.fail(storageFailed("write")(innermost(error)))
          return settle(
            together,
            together.map(() => failed),
          )
        }),
      )

    return Effect.fnUntraced(function* (transaction: Waiting<A>["transaction"]) {
      const done = yield* Deferred.make<A, StoreError>()
      queue.push({ transaction, done })
      // All transactions of this turn of the event loop are queued before the first commits.
      yield* Effect.yieldNow
      const untilDone: Effect.Effect<void> = Effect.suspend(() =>
        Deferred.isDoneUnsafe(done) ? Effect.void : Effect.andThen(commit(queue.splice(0, maxTogether)), untilDone),
      )
      yield* turn.withPermit(untilDone)
      return yield* Deferred.await(done)
    }, Effect.uninterruptible)
  })

const inSavepoint = <A>(sql: SqlClient.SqlClient, transaction: Waiting<A>["transaction"]) =>
  Effect.matchEffect(sql.withTransaction(transaction), {
    onSuccess: (value) => Effect.succeed(Result.succeed(value)),
    onFailure: (error) =>
      SqlError.isSqlError(error) ? Effect.fail(new Undone({ cause: error })) : Effect.succeed(Result.fail(error)),
  })

const settle = <A>(together: ReadonlyArray<Waiting<A>>, results: ReadonlyArray<Result.Result<A, StoreError>>) =>
  Effect.forEach(
    results,
    (result, i) => {
      const waiting = together[i]
      return waiting === undefined ? Effect.void : Deferred.complete(waiting.done, Effect.fromResult(result))
    },
    { discard: true },
  )

const innermost = (error: unknown): Error =>
  error instanceof Undone ? error.cause : error instanceof Error ? error : new Error(String(error))
