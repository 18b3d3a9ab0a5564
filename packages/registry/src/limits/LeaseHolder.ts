/**
 * The right of this process to what it has leased of shared limits. It is renewed while the process runs; when it ends, such as after a
 * kill or behind a broken network, what was leased and not spent is free for others. It ends here before it ends in the database.
 */
import { randomUUID } from "node:crypto"
import { storageFailed } from "@drawbar/document-store/sql/SqlFailure"
import type { StoreError } from "@drawbar/document-store/StoreError"
import { Clock, Effect } from "effect"
import type { SqlClient } from "effect/sql"
import * as LeaseSchema from "./LeaseSchema.ts"

/** How long a process that gives no sign keeps what it has leased, in ms. */
const leaseMillis = 15_000
export const renewInterval = "4 seconds"
/** How many limits are looked after at once, of processes that are gone. */
const batch = 100

export interface LeaseHolder {
  /** Whether what was leased may be used. */
  readonly isHeld: () => boolean
  /** Begins it where it has not begun, or has ended. */
  readonly begin: Effect.Effect<void, StoreError>
  /** Names this process to the database; another one after each end. */
  readonly id: () => string
  /** It has ended, or whether it has is not known; what was leased is given up. */
  readonly end: () => void
  /** Renews it, and ends those of others whose time is over. Returns limits of which processes that are gone hold something. */
  readonly renew: Effect.Effect<ReadonlyArray<{ readonly key: string; readonly day: number }>, StoreError>
  readonly leave: Effect.Effect<void, StoreError>
}

/** `onEnd`: what was leased is no longer this process's. */
export const make = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, onEnd: () => void) {
  const clock = yield* Clock.Clock
  const monotonicMs = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  const now = sql.literal(LeaseSchema.databaseMillis)
  let current: { readonly id: string; until: number } | undefined

  const end = () => {
    if (current === undefined) return
    current = undefined
    onEnd()
  }
  const isHeld = () => current !== undefined && current.until > monotonicMs()
  const begin = Effect.suspend(() => {
    if (isHeld()) return Effect.void
    end()
    const began = { id: randomUUID(), until: monotonicMs() + leaseMillis }
    return Effect.map(
      sql`INSERT INTO limit_holders (holder, until) VALUES (${began.id}, ${now} + ${leaseMillis})`,
      () => void (current = began),
    )
  }).pipe(Effect.mapError(storageFailed("limit")))

  const renew = Effect.gen(function* () {
    const renewed = current
    if (renewed !== undefined) {
      // Before the request: the time in the database begins later, and so ends later.
      const until = monotonicMs() + leaseMillis
      const rows = yield* sql`UPDATE limit_holders SET until = ${now} + ${leaseMillis}
        WHERE holder = ${renewed.id} AND until > ${now} RETURNING 1 AS renewed`
      if (rows.length === 0) end()
      else renewed.until = until
    }
    yield* sql`DELETE FROM limit_holders WHERE holder IN (
      SELECT holder FROM limit_holders WHERE until <= ${now} FOR UPDATE SKIP LOCKED)`
    const rows = yield* sql<{ key: string; day: number | bigint | string }>`SELECT DISTINCT key, day FROM limit_leases l
      WHERE NOT EXISTS (SELECT FROM limit_holders h WHERE h.holder = l.holder) LIMIT ${batch}`
    return rows.map(({ key, day }) => ({ key, day: Number(day) }))
  }).pipe(Effect.mapError(storageFailed("limit")))

  const leave = Effect.suspend(() =>
    current === undefined ? Effect.void : Effect.asVoid(sql`DELETE FROM limit_holders WHERE holder = ${current.id}`),
  ).pipe(Effect.mapError(storageFailed("limit")))

  return { isHeld, begin, id: () => current?.id ?? "", end, renew, leave } satisfies LeaseHolder
})
