/** `DocumentStore` on SQL: `SqlClient` provides the database, the dialect its specifics. */
import { randomUUID } from "node:crypto"
import { Effect, Exit, Option, Result, Stream } from "effect"
import { SqlClient } from "effect/sql"
import * as StoreBounds from "../StoreBounds.ts"
import type { Collection, Document, Write } from "../Document.ts"
import type { FollowedChanges } from "../DocumentStore.ts"
import type { SearchRequest } from "../search/Search.ts"
import * as SqlChanges from "./SqlChanges.ts"
import { lock, notify, type SqlDialect } from "./SqlDialect.ts"
import { storageFailed } from "./SqlFailure.ts"
import * as SqlGroupCommit from "./SqlGroupCommit.ts"
import { migrate } from "./SqlMigrations.ts"
import * as SqlReach from "./SqlReach.ts"
import * as SqlReplicas from "./SqlReplicas.ts"
import * as SqlSearch from "./SqlSearch.ts"
import * as SqlWrites from "./SqlWrites.ts"
import { StorageFailed, StoreError } from "../StoreError.ts"

/** The number of records that `all` reads at a time. */
const batch = 100

/** For a database that other processes write to. */
export interface Followed extends Pick<FollowedChanges, "next"> {
  /**
   * Reads the changes, apart from all other work, and shows by that whether the database can be reached. Absent where no
   * network is between.
   */
  readonly watch?: { readonly sql: SqlClient.SqlClient; readonly deadlineMillis: number }
}

/** The record; undefined if it cannot be read. An unreadable record is logged, and the others are still read. */
const readable = (collection: Collection, row: SqlWrites.DocumentRow) =>
  Result.match(SqlWrites.documentOf(row), {
    onFailure: ({ message }) => Effect.as(Effect.logError(`${collection}: ${message}`), []),
    onSuccess: (document) => Effect.succeed([document]),
  })

export const make = Effect.fnUntraced(function* (dialect: SqlDialect, followed?: Followed) {
  yield* migrate(dialect)
  const sql = yield* SqlClient.SqlClient
  const commit = yield* SqlGroupCommit.make<ReadonlyArray<Document>>({
    before: lock(sql, dialect),
    after: notify(sql, dialect),
  })
  yield* SqlChanges.trim(sql, dialect)

  let isBroken = false
  const reach = SqlReach.make()
  const whileThere: SqlReach.SqlReach["whileThere"] =
    followed?.watch === undefined ? (operation) => operation : reach.whileThere
  let writer: string = randomUUID()
  const write = (writes: ReadonlyArray<Write>) =>
    Effect.suspend(() => {
      const own = writer
      return whileThere(
        commit(
          Effect.forEach(writes, (one) =>
            Effect.tap(SqlWrites.apply(sql, one), () => SqlChanges.record(sql, dialect, own, one)),
          ),
        ),
      )
    }).pipe(
      Effect.tapError(({ reason }) =>
        Effect.sync(() => {
          if (reason._tag !== "StorageFailed") return
          isBroken = true
          // It may be committed even so, and later: then it is followed like a write of another process.
          writer = randomUUID()
        }),
      ),
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
      whileThere,
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
        whileThere,
      )
      return row === undefined ? Option.none() : Option.some(yield* Effect.fromResult(SqlWrites.documentOf(row)))
    }),

    transact: Effect.fn("DocumentStore.transact")((writes: ReadonlyArray<Write>) => write(writes)),

    writable: Effect.suspend(() => {
      const away = reach.away()
      if (away !== undefined) return Effect.fail(away)
      return isBroken ? Effect.map(probe, () => void (isBroken = false)) : Effect.void
    }),

    search: Effect.fn("DocumentStore.search")((collection: Collection, request: SearchRequest) =>
      whileThere(SqlSearch.search(sql, dialect, collection, request)),
    ),

    count: Effect.fn("DocumentStore.count")(function* (collection: Collection) {
      const [row] = yield* sql<{ n: number | bigint }>`
        SELECT COUNT(*) AS n FROM documents WHERE collection = ${collection}`.pipe(
        Effect.mapError(storageFailed("read")),
        whileThere,
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

    ...(followed === undefined
      ? {}
      : {
          followed: {
            position: SqlChanges.position(sql),
            since: (position: number) =>
              Effect.suspend(() => SqlChanges.since(followed.watch?.sql ?? sql, writer, position)).pipe(
                within(followed.watch?.deadlineMillis),
                Effect.onExit((exit) =>
                  Effect.sync(() => reach.found(Option.getOrUndefined(Exit.findErrorOption(exit)))),
                ),
              ),
            next: followed.next,
            replicas: {
              beat: (self: Parameters<typeof SqlReplicas.beat>[2]) => whileThere(SqlReplicas.beat(sql, dialect, self)),
              leave: (id: string) => whileThere(SqlReplicas.leave(sql, id)),
              all: whileThere(SqlReplicas.all(sql, dialect)),
            },
          },
        }),
  }
})

const within =
  (millis: number | undefined) =>
  <A>(read: Effect.Effect<A, StoreError>): Effect.Effect<A, StoreError> =>
    millis === undefined
      ? read
      : Effect.timeoutOrElse(read, {
          duration: millis,
          orElse: () => Effect.fail(StoreError.from(silent(millis))),
        })

const silent = (millis: number) =>
  new StorageFailed({
    operation: "read",
    message: `PostgreSQL did not respond within ${millis / 1_000} s. Check that it runs at the address of --database; a running Drawbar connects again by itself.`,
    retryAfterMillis: 2_000,
  })
