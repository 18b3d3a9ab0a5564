/**
 * Which records were written last, and by which process: the table that other processes on one database follow.
 *
 * It has one row for each record that exists or existed, so that a process that was cut off misses nothing, however
 * much was written meanwhile. Tasks are left out, because no process keeps them in memory.
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { type Collection, collections, type RecordChange, type Write } from "../Document.ts"
import type { Changes } from "../DocumentStore.ts"
import type { SqlDialect } from "./SqlDialect.ts"
import { storageFailed } from "./SqlFailure.ts"
import { nextSeqNo } from "./SqlSequence.ts"

/** The row of `sequences` that counts the writes of all collections. */
const counter = "_changes"

/** How long the row of a deleted record is kept: a process that is cut off for longer has to be started again. */
const keptMillis = 30 * 86_400_000

/** Records the change of one write, in its transaction. */
export const record = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  { now }: SqlDialect,
  writer: string,
  { collection, id }: Write,
) {
  if (collection === "task") return
  const seq = yield* nextSeqNo(sql, counter)
  yield* sql`INSERT INTO document_changes (collection, id, seq, writer, at)
    VALUES (${collection}, ${id}, ${seq}, ${writer}, ${sql.literal(now)})
    ON CONFLICT (collection, id) DO UPDATE SET seq = excluded.seq, writer = excluded.writer, at = excluded.at`
})

/** The number of the last change. */
export const position = (sql: SqlClient.SqlClient) =>
  sql<{ seq: number | bigint }>`SELECT last_seq_no AS seq FROM sequences WHERE collection = ${counter}`.pipe(
    Effect.mapBoth({ onFailure: storageFailed("read"), onSuccess: ([row]) => Number(row?.seq ?? -1) }),
  )

/** Rows of one statement. */
const perRead = 1_000

interface ChangedRow {
  readonly collection: string
  readonly id: string
  readonly seq: number | bigint
  readonly writer: string
}

/** What was written after this position, but for what this writer has written. */
export const since = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, own: string, after: number) {
  const changes: Array<RecordChange> = []
  for (let at = after; ;) {
    const rows = yield* sql<ChangedRow>`
      SELECT collection, id, seq, writer FROM document_changes WHERE seq > ${at} ORDER BY seq
      LIMIT ${sql.literal(String(perRead))}`.pipe(Effect.mapError(storageFailed("read")))
    for (const { collection, id, writer } of rows)
      if (writer !== own && isCollection(collection)) changes.push({ collection, id })
    at = Number(rows.at(-1)?.seq ?? at)
    if (rows.length < perRead) return { position: at, changes } satisfies Changes
  }
})

// A newer version may have written to a collection that this one does not know.
const isCollection = (name: string): name is Collection => collections.some((known) => known === name)

/** Forgets records that were deleted long ago. */
export const trim = (sql: SqlClient.SqlClient, { now }: SqlDialect) =>
  sql`DELETE FROM document_changes WHERE at < ${sql.literal(now)} - ${sql.literal(String(keptMillis))}
    AND NOT EXISTS (SELECT 1 FROM documents d WHERE d.collection = document_changes.collection AND d.id = document_changes.id)`.pipe(
    Effect.mapError(storageFailed("open")),
    Effect.asVoid,
  )
