/** The schema, as numbered migrations; a released migration is never changed. */
import { Effect } from "effect"
import { Migrator, SqlClient } from "effect/sql"
import { StoreError, StorageFailed } from "../StoreError.ts"
import type { SqlDialect } from "./SqlDialect.ts"
import { storageFailed } from "./SqlFailure.ts"

export const table = "drawbar_migrations"

const steps = (dialect: SqlDialect) => ({
  "1_documents": Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const text = sql.literal(dialect.text)
    yield* sql`CREATE TABLE sequences (collection ${text} NOT NULL PRIMARY KEY, last_seq_no BIGINT NOT NULL)`
    yield* sql`CREATE TABLE documents (
      collection ${text} NOT NULL,
      id ${text} NOT NULL,
      version BIGINT NOT NULL,
      seq_no BIGINT NOT NULL,
      source ${text} NOT NULL,
      sealed ${text} NOT NULL,
      PRIMARY KEY (collection, id)
    )`
    yield* sql`CREATE TABLE document_fields (
      collection ${text} NOT NULL,
      id ${text} NOT NULL,
      field ${text} NOT NULL,
      text ${text},
      number DOUBLE PRECISION,
      FOREIGN KEY (collection, id) REFERENCES documents (collection, id) ON DELETE CASCADE
    )`
    yield* sql`CREATE INDEX document_fields_by_text ON document_fields (collection, field, text, id)`
    yield* sql`CREATE INDEX document_fields_by_number ON document_fields (collection, field, number, id)`
    yield* sql`CREATE INDEX document_fields_by_id ON document_fields (collection, id, field, text, number)`
    yield* sql`CREATE TABLE document_words (
      collection ${text} NOT NULL,
      id ${text} NOT NULL,
      field ${text} NOT NULL,
      word ${text} NOT NULL,
      position INTEGER NOT NULL,
      FOREIGN KEY (collection, id) REFERENCES documents (collection, id) ON DELETE CASCADE
    )`
    yield* sql`CREATE INDEX document_words_by_word ON document_words (collection, word, field, id, position)`
    yield* sql`CREATE INDEX document_words_by_id ON document_words (collection, id)`
  }),
})

/** The number of the last migration. */
export const newest = (dialect: SqlDialect): number => Object.keys(steps(dialect)).length

/** Migrates the schema to the current version; rejects a database written by a newer Drawbar. */
export const migrate = Effect.fnUntraced(function* (
  dialect: SqlDialect,
): Effect.fn.Return<void, StoreError, SqlClient.SqlClient> {
  const sql = yield* SqlClient.SqlClient
  yield* Migrator.make({})({ loader: Migrator.fromRecord(steps(dialect)), table }).pipe(
    Effect.mapError(storageFailed("migrate")),
  )
  const [latest] = yield* sql<{ id: number }>`SELECT MAX(migration_id) AS id FROM ${sql(table)}`.pipe(
    Effect.mapError(storageFailed("migrate")),
  )
  const known = newest(dialect)
  if (Number(latest?.id) <= known) return
  const message = `The database was written by a newer Drawbar: its schema is ${latest?.id}, this version knows ${known}. Run that version again, or restore a backup from before it.`
  return yield* StoreError.from(new StorageFailed({ operation: "open", message }))
})
