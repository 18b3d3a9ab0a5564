/** The processes that share a database: each writes a row now and then, and removes those of processes that ended without a word. */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { Replica } from "../DocumentStore.ts"
import type { SqlDialect } from "./SqlDialect.ts"
import { storageFailed } from "./SqlFailure.ts"

/** Without a sign for so long, a process counts as ended. */
const goneAfterMillis = 15_000

export const beat = (sql: SqlClient.SqlClient, { now }: SqlDialect, { id, about }: Pick<Replica, "id" | "about">) => {
  const time = sql.literal(now)
  return Effect.andThen(
    sql`INSERT INTO replicas (id, about, seen_at) VALUES (${id}, ${about}, ${time})
      ON CONFLICT (id) DO UPDATE SET about = excluded.about, seen_at = excluded.seen_at`,
    sql`DELETE FROM replicas WHERE seen_at < ${time} - ${sql.literal(String(goneAfterMillis))}`,
  ).pipe(Effect.mapError(storageFailed("write")), Effect.asVoid)
}

export const leave = (sql: SqlClient.SqlClient, id: string) =>
  sql`DELETE FROM replicas WHERE id = ${id}`.pipe(Effect.mapError(storageFailed("write")), Effect.asVoid)

export const all = (sql: SqlClient.SqlClient, { now }: SqlDialect) =>
  sql<{ id: string; about: string; seen_at: number | bigint }>`
    SELECT id, about, seen_at FROM replicas WHERE seen_at >= ${sql.literal(now)} - ${sql.literal(String(goneAfterMillis))}
    ORDER BY id`.pipe(
    Effect.mapBoth({
      onFailure: storageFailed("read"),
      onSuccess: (rows): ReadonlyArray<Replica> =>
        rows.map(({ id, about, seen_at }) => ({ id, about, seenAt: Number(seen_at) })),
    }),
  )
