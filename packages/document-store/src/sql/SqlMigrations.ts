/** The schema, as numbered migrations; a released migration is never changed. */
import { Effect } from "effect"
import { Migrator, SqlClient } from "effect/sql"
import { StoreError, StorageFailed } from "../StoreError.ts"
import { lock, type SqlDialect } from "./SqlDialect.ts"
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
      ${sql.literal(dialect.creationColumn === undefined ? "" : `${dialect.creationColumn},`)}
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
  "2_document_changes": Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const text = sql.literal(dialect.text)
    yield* sql`CREATE TABLE document_changes (
      collection ${text} NOT NULL,
      id ${text} NOT NULL,
      seq BIGINT NOT NULL,
      writer ${text} NOT NULL,
      at BIGINT NOT NULL,
      PRIMARY KEY (collection, id)
    )`
    yield* sql`CREATE INDEX document_changes_by_seq ON document_changes (seq)`
  }),
  "3_replicas": Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const text = sql.literal(dialect.text)
    yield* sql`CREATE TABLE replicas (id ${text} NOT NULL PRIMARY KEY, about ${text} NOT NULL, seen_at BIGINT NOT NULL)`
  }),
  "4_documents_by_creation": Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE INDEX documents_by_creation ON documents (${sql.literal(["collection", ...dialect.creationKey].join(", "))})`
  }),
})

/**
 * The migrator would create it, but after a failure it would report the next one: of the transaction, which PostgreSQL
 * has aborted.
 */
const createTable = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [found] = yield* sql<{ name: string | null }>`SELECT CAST(to_regclass(${table}) AS TEXT) AS name`
  if (found?.name != null) return
  yield* sql`CREATE TABLE ${sql(table)} (
    migration_id INTEGER PRIMARY KEY,
    created_at TIMESTAMP WITH TIME ZONE NOT NULL DEFAULT NOW(),
    name TEXT NOT NULL
  )`
})

/** The number of the last migration. */
export const newest = (dialect: SqlDialect): number => Object.keys(steps(dialect)).length

/** Migrates the schema to the current version; rejects a database written by a newer Drawbar. */
export const migrate = Effect.fnUntraced(function* (
  dialect: SqlDialect,
): Effect.fn.Return<void, StoreError, SqlClient.SqlClient> {
  const sql = yield* SqlClient.SqlClient
  // Of several processes that start at once, one migrates and the others wait for it.
  yield* lock(sql, dialect).pipe(
    Effect.andThen(dialect.isShared ? createTable : Effect.void),
    Effect.andThen(Migrator.make({})({ loader: Migrator.fromRecord(steps(dialect)), table })),
    sql.withTransaction,
    Effect.mapError(storageFailed("migrate")),
  )
  const [latest] = yield* sql<{ id: number }>`SELECT MAX(migration_id) AS id FROM ${sql(table)}`.pipe(
    Effect.mapError(storageFailed("migrate")),
  )
  const known = newest(dialect)
  // Migrations only add, so that the processes on one database can be upgraded one after another.
  if (Number(latest?.id) <= known + (dialect.isShared ? 1 : 0)) return
  const message = `The database was written by a newer Drawbar: its schema is ${latest?.id}, this version knows ${known}. Run that version again, or restore a backup from before it.`
  return yield* StoreError.from(new StorageFailed({ operation: "open", message }))
})
