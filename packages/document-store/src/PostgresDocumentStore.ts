/** `DocumentStore` on PostgreSQL, which any number of processes may share. */
import { PgClient } from "@effect/sql-pg"
import { Context, Effect, Layer, Queue, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { DocumentStore } from "./DocumentStore.ts"
import * as PostgresClient from "./sql/PostgresClient.ts"
import * as SqlDialect from "./sql/SqlDialect.ts"
import * as SqlDocumentStore from "./sql/SqlDocumentStore.ts"
import { storageFailed } from "./sql/SqlFailure.ts"
import type { StoreError } from "./StoreError.ts"

/** How often changes are looked for where no notification arrives: a lost one delays a change by this long. */
const pollInterval = "250 millis"

/** A database that does not say within this time whether there are changes counts as one that cannot be reached. */
const deadlineMillis = 4_000

/** How soon a lost connection for notifications is opened again; until then changes are polled. */
const listenAgain = "1 second"

/** Fails with a sentence for the operator if the database cannot be used. */
export const layer = (options: PostgresClient.PostgresOptions): Layer.Layer<DocumentStore, StoreError> =>
  Layer.effect(
    DocumentStore,
    Effect.gen(function* () {
      const next = yield* notifications
      // On a connection of its own it waits behind no search.
      const watching = yield* Layer.build(
        PostgresClient.layer({ ...options, poolSize: 0, statementTimeoutMillis: deadlineMillis }),
      )
      const watch = { sql: Context.get(watching, SqlClient.SqlClient), deadlineMillis }
      return yield* SqlDocumentStore.make(SqlDialect.postgres, { next, watch })
    }),
  ).pipe(
    Layer.provide(PostgresClient.layer(options)),
    Layer.catchTag("SqlError", (error) => Layer.effect(DocumentStore, storageFailed("open")(error))),
  )

/** Returns when a notification arrives, or after the poll interval. */
const notifications = Effect.gen(function* () {
  const client = yield* PgClient.PgClient
  const wakes = yield* Queue.sliding<void>(1)
  const listen = Effect.scoped(
    Effect.flatMap(client.listen(SqlDialect.changesChannel), (received) =>
      Effect.forever(Effect.andThen(Queue.takeAll(received), Queue.offer(wakes, undefined))),
    ),
  )
  yield* Effect.forkScoped(Effect.retry(listen, Schedule.spaced(listenAgain)))
  return Effect.timeoutOption(Queue.take(wakes), pollInterval).pipe(Effect.asVoid)
})
