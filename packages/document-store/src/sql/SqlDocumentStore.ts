/** `DocumentStore` on SQL: the database is whichever `SqlClient` is provided, its ways are the dialect's. */
import { Effect, Option, Stream } from "effect"
import { SqlClient } from "effect/sql"
import type { Collection, Document, Write } from "../Document.ts"
import type { SearchRequest } from "../search/Search.ts"
import type { SqlDialect } from "./SqlDialect.ts"
import { storageFailed } from "./SqlFailure.ts"
import * as SqlGroupCommit from "./SqlGroupCommit.ts"
import { migrate } from "./SqlMigrations.ts"
import * as SqlSearch from "./SqlSearch.ts"
import * as SqlWrites from "./SqlWrites.ts"

/** Records that `all` reads at a time. */
const batch = 100

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
  /** Changes a row that is nobody's. */
  const touch = sql`
    INSERT INTO sequences (collection, last_seq_no) VALUES ('', 1)
    ON CONFLICT (collection) DO UPDATE SET last_seq_no = sequences.last_seq_no + 1`

  const rowsAfter = (collection: Collection, id: string) =>
    sql<SqlWrites.DocumentRow>`
      SELECT id, version, seq_no, source, sealed FROM documents
      WHERE collection = ${collection} AND id > ${id} ORDER BY id LIMIT ${batch}`.pipe(
      Effect.mapError(storageFailed("read")),
      Effect.flatMap(Effect.forEach((row) => Effect.fromResult(SqlWrites.documentOf(row)))),
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

    writable: Effect.suspend(() =>
      isBroken ? Effect.map(commit(Effect.as(touch, [])), () => void (isBroken = false)) : Effect.void,
    ),

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
        Effect.map(rowsAfter(collection, after), (documents) => {
          const last = documents.at(-1)
          return [documents, last === undefined ? Option.none() : Option.some(last.id)] as const
        }),
      ),
  }
})
