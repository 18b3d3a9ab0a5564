/** Writes as SQL: a record, its sequence number, and its index rows. */
import * as Json from "@drawbar/json-text/Json"
import { Array as Arr, Effect, Result } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { type Collection, type Document, shown, type Write } from "../Document.ts"
import { AlreadyExists, NotFound, StoreError, StorageFailed, VersionConflict } from "../StoreError.ts"
import { rowsOf } from "../search/SearchIndex.ts"
import { nextSeqNo } from "./SqlSequence.ts"

/** A row of `documents`; PostgreSQL returns 64-bit integers as `bigint`. */
export interface DocumentRow {
  readonly id: string
  readonly version: number | bigint
  readonly seq_no: number | bigint
  readonly source: string
  readonly sealed: string
}

export const documentOf = (row: DocumentRow): Result.Result<Document, StoreError> => {
  const source = Result.getOrUndefined(Json.parse(row.source))
  const sealed = Result.getOrUndefined(Json.parse(row.sealed))
  return Json.isObject(source) && isSealed(sealed)
    ? Result.succeed({ id: row.id, version: Number(row.version), seqNo: Number(row.seq_no), source, sealed })
    : Result.fail(
        StoreError.from(
          new StorageFailed({
            operation: "read",
            message: `Record ${row.id} is damaged: its text is not valid JSON. Restore a backup.`,
          }),
        ),
      )
}

const isSealed = (value: Json.Json | undefined): value is Document["sealed"] =>
  Json.isObject(value) && Object.values(value).every((text) => typeof text === "string")

type Done = Effect.Effect<Document, StoreError | SqlError.SqlError>

/** Performs one write inside a transaction. */
export const apply = (sql: SqlClient.SqlClient, write: Write): Done => {
  switch (write._tag) {
    case "Create":
      return create(sql, write)
    case "Replace":
      return replace(sql, write)
    case "Delete":
      return remove(sql, write)
  }
}

const create = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, write: Extract<Write, { _tag: "Create" }>) {
  const { collection, id, source, sealed = {} } = write
  const [row] = yield* sql<DocumentRow>`
    INSERT INTO documents ${sql.insert({
      collection,
      id,
      version: 1,
      seq_no: yield* nextSeqNo(sql, collection),
      source: Json.stringify(source),
      sealed: Json.stringify(sealed),
    })}
    ON CONFLICT DO NOTHING
    RETURNING *`
  if (row === undefined)
    return yield* StoreError.from(
      new AlreadyExists({ collection, id, message: `${collection} [${id}] already exists` }),
    )
  yield* index(sql, write)
  return yield* Effect.fromResult(documentOf(row))
})

const replace = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, write: Extract<Write, { _tag: "Replace" }>) {
  const { collection, id, source, sealed } = write
  const [row] = yield* sql<DocumentRow>`
    UPDATE documents SET
      version = version + 1,
      seq_no = ${yield* nextSeqNo(sql, collection)},
      source = ${Json.stringify(source)},
      sealed = ${sealed === undefined ? sql("sealed") : Json.stringify(sealed)}
    WHERE ${asRead(sql, write)}
    RETURNING *`
  if (row === undefined) return yield* unmet(sql, write)
  yield* sql`DELETE FROM document_fields WHERE collection = ${collection} AND id = ${id}`
  yield* sql`DELETE FROM document_words WHERE collection = ${collection} AND id = ${id}`
  yield* index(sql, write)
  return yield* Effect.fromResult(documentOf(row))
})

const remove = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, write: Extract<Write, { _tag: "Delete" }>) {
  yield* nextSeqNo(sql, write.collection)
  const [row] = yield* sql<DocumentRow>`DELETE FROM documents WHERE ${asRead(sql, write)} RETURNING *`
  return row === undefined ? yield* unmet(sql, write) : yield* Effect.fromResult(documentOf(row))
})

interface Guarded {
  readonly collection: Collection
  readonly id: string
  readonly ifVersion?: number
}

const asRead = (sql: SqlClient.SqlClient, { collection, id, ifVersion }: Guarded) =>
  sql.and([
    sql`collection = ${collection}`,
    sql`id = ${id}`,
    ...(ifVersion === undefined ? [] : [sql`version = ${ifVersion}`]),
  ])

/** Why a conditional write matched no record. */
const unmet = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, { collection, id, ifVersion }: Guarded) {
  const [found] = yield* sql<Pick<DocumentRow, "version">>`
    SELECT version FROM documents WHERE collection = ${collection} AND id = ${id}`
  return yield* found === undefined
    ? StoreError.from(new NotFound({ collection, id, message: `${collection} [${id}] does not exist` }))
    : StoreError.from(
        new VersionConflict({
          collection,
          id,
          message: `${collection} [${id}] was changed concurrently: version ${found.version}, not ${ifVersion}. Read it again.`,
        }),
      )
})

/** Rows inserted by one statement. */
const chunk = 100

const index = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  { collection, id, source }: Extract<Write, { source: unknown }>,
) {
  const { fields, words } = rowsOf(shown(collection, source))
  for (const rows of Arr.chunksOf(fields, chunk)) {
    yield* sql`INSERT INTO document_fields ${sql.insert(Arr.map(rows, (row) => ({ collection, id, ...row })))}`
  }
  for (const rows of Arr.chunksOf(words, chunk)) {
    yield* sql`INSERT INTO document_words ${sql.insert(Arr.map(rows, (row) => ({ collection, id, ...row })))}`
  }
})
