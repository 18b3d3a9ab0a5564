/** `DocumentStore` on SQLite. */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { DocumentStore } from "./DocumentStore.ts"
import * as SqlDialect from "./sql/SqlDialect.ts"
import * as SqlDocumentStore from "./sql/SqlDocumentStore.ts"
import { storageFailed } from "./sql/SqlFailure.ts"
import * as SqliteBackup from "./sql/SqliteBackup.ts"
import * as SqliteClient from "./sql/SqliteClient.ts"
import { StoreBackup } from "./StoreBackup.ts"
import type { StoreError } from "./StoreError.ts"

/** How often a process looks whether another one has written, which takes a few microseconds. */
const lookInterval = "20 millis"

/** In a file that only this process may open, unless it is shared. If the file cannot be opened, the error says what to do. */
export const layer = (options: SqliteClient.SqliteOptions): Layer.Layer<DocumentStore | StoreBackup, StoreError> =>
  Layer.merge(
    Layer.effect(
      DocumentStore,
      options.isShared === true
        ? Effect.flatMap(writesOfOthers, (next) => SqlDocumentStore.make(SqlDialect.sqlite, { next }))
        : SqlDocumentStore.make(SqlDialect.sqlite),
    ),
    Layer.effect(StoreBackup, SqliteBackup.make),
  ).pipe(
    Layer.provide(SqliteClient.layer(options)),
    Layer.catchTag("SqlError", (error) => Layer.effectContext(storageFailed("open")(error))),
  )

/** Returns when another process has written: https://www.sqlite.org/pragma.html#pragma_data_version */
const writesOfOthers = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const version = Effect.map(
    Effect.orElseSucceed(sql<{ data_version: number }>`PRAGMA data_version`, () => []),
    ([row]) => row?.data_version,
  )
  let seen = yield* version
  const next: Effect.Effect<void> = Effect.andThen(
    Effect.sleep(lookInterval),
    Effect.flatMap(version, (now) => {
      if (now === seen && now !== undefined) return next
      seen = now
      return Effect.void
    }),
  )
  return next
})

/** In memory: lost when the layer is released. */
export const layerMemory: Layer.Layer<DocumentStore | StoreBackup, StoreError> = layer({ filename: ":memory:" })
