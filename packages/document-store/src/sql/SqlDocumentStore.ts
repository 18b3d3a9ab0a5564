/** `DocumentStore` on SQL: `SqlClient` provides the database, the dialect its specifics. */
import { Effect, Option, Result, Stream } from "effect"
import { SqlClient } from "effect/sql"
import * as StoreBounds from "../StoreBounds.ts"
import type { Collection, Document, Write } from "../Document.ts"
import type { SearchRequest } from "../search/Search.ts"
import type { SqlDialect } from "./SqlDialect.ts"
import { storageFailed } from "./SqlFailure.ts"
import * as SqlGroupCommit from "./SqlGroupCommit.ts"
import { migrate } from "./SqlMigrations.ts"
import * as SqlSearch from "./SqlSearch.ts"
import * as SqlWrites from "./SqlWrites.ts"

/** The number of records that `all` reads at a time. */
const batch = 100

/** The record; undefined if it cannot be read. An unreadable record is logged, and the others are still read. */
const readable = (collection: Collection, row: SqlWrites.DocumentRow) =>
  Result.match(SqlWrites.documentOf(row), {
    onFailure: ({ message }) => Effect.as(Effect.logError(`${collection}: ${message}`), []),
    onSuccess: (document) => Effect.succeed([document]),
  })

export const make = Effect.fnUntraced(function* (dialect: SqlDialect) {
  yield* migrate(dialect)
  const sql = yield* SqlClient.SqlClient
  const commit = yield* SqlGroupCommit.make<ReadonlyArray<Document>>()

  let isBroken = false
  const write = (transaction: Parameters<typeof commit>[0]) =>
    Effect.tapError(commit(transaction), ({ reason }) =>
      Effect.sync(() => {
        if (reason._tag === "StorageFailed") isBroken = true
      }),
    )
  /**
   * Writes a record of the maximum size and deletes it, because a small one may fit where the next real one does not.
   * The space stays allocated to the database.
   */
  const probe = commit(
    Effect.as(
      sql`INSERT INTO documents ${sql.insert({
        collection: "",
        id: "probe",
        version: 1,
        seq_no: 0,
        source: " ".repeat(StoreBounds.recordBytes),
        sealed: "{}",
      })} ON CONFLICT DO NOTHING`,
      [],
    ),
  ).pipe(Effect.andThen(commit(Effect.as(sql`DELETE FROM documents WHERE collection = '' AND id = 'probe'`, []))))

  const rowsAfter = (collection: Collection, id: string) =>
    sql<SqlWrites.DocumentRow>`
      SELECT id, version, seq_no, source, sealed FROM documents
      WHERE collection = ${collection} AND id > ${id} ORDER BY id LIMIT ${batch}`.pipe(
      Effect.mapError(storageFailed("read")),
      Effect.flatMap((rows) =>
        Effect.map(
          Effect.forEach(rows, (row) => readable(collection, row)),
          (documents) => ({ documents: documents.flat(), last: rows.at(-1)?.id }),
        ),
      ),
    )

  return {
    get: Effect.fn("DocumentStore.get")(function* (collection: Collection, id: string) {
      const [row] = yield* sql<SqlWrites.DocumentRow>`
        SELECT id, version, seq_no, source, sealed FROM documents WHERE collection = ${collection} AND id = ${id}`.pipe(
        Effect.mapError(storageFailed("read")),
      )
      return row === undefined ? Option.none() : Option.some(yield* Effect.fromResult(SqlWrites.documentOf(row)))
    }),

    transact: Effect.fn("DocumentStore.transact")((writes: ReadonlyArray<Write>) =>
      write(Effect.forEach(writes, (one) => SqlWrites.apply(sql, one))),
    ),

    writable: Effect.suspend(() => (isBroken ? Effect.map(probe, () => void (isBroken = false)) : Effect.void)),

    search: Effect.fn("DocumentStore.search")((collection: Collection, request: SearchRequest) =>
      SqlSearch.search(sql, dialect, collection, request),
    ),

    count: Effect.fn("DocumentStore.count")(function* (collection: Collection) {
      const [row] = yield* sql<{ n: number | bigint }>`
        SELECT COUNT(*) AS n FROM documents WHERE collection = ${collection}`.pipe(
        Effect.mapError(storageFailed("read")),
      )
      return Number(row?.n ?? 0)
    }),

    all: (collection: Collection) =>
      Stream.paginate("", (after: string) =>
        Effect.map(
          rowsAfter(collection, after),
          ({ documents, last }) => [documents, Option.fromUndefinedOr(last)] as const,
        ),
      ),
  }
})
