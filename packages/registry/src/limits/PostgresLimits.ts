/**
 * Limits that processes share, in PostgreSQL. Each process leases ahead what it is likely to need: a call that its leases
 * cover waits for nothing, and one that they do not cover for one round trip. All that is leased counts as used, so that
 * the limits are never exceeded; what a process has leased and does not use, it gives back within a second.
 */
import { createHash } from "node:crypto"
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"
import * as PostgresClient from "@drawbar/document-store/sql/PostgresClient"
import { storageFailed } from "@drawbar/document-store/sql/SqlFailure"
import type { StoreError } from "@drawbar/document-store/StoreError"
import { Clock, Effect, Layer, Semaphore } from "effect"
import { SqlClient } from "effect/sql"
import * as LeaseSchema from "./LeaseSchema.ts"
import { type Claim, LimitReached, Limits, type Reservation } from "./Limits.ts"
import * as LoginThrottle from "./LoginThrottle.ts"
import * as MemoryLimits from "./MemoryLimits.ts"
import type * as Moment from "./Moment.ts"
import * as RateLimiter from "./RateLimiter.ts"
import type { SpentBefore } from "./WindowBudget.ts"
import * as BudgetWindow from "../spend/BudgetWindow.ts"
import { Usage } from "../spend/Usage.ts"

const dayMillis = 86_400_000
/** As `TokenBudget`: what is reserved may come back as soon as a call has ended. */
const reservedWaitMillis = 1_000
/** How often leases that are not in use are given back. */
const returnInterval = "500 millis"
/** Of the keys of budgets, which last up to a month, and those in total for ever: their `day` is 0. */
const budgetPrefix = "budget "
/** At most this many times what a call needs is leased ahead. */
const leaseAhead = 20
/** How many keys a process holds leases of. One that is forgotten counts as used. */
const maxLeases = { entries: 100_000, bytes: 50_000_000 }
const leaseBytes = 200

/** What this process has taken of one limit, and no call has taken of it. */
interface Lease {
  readonly key: string
  readonly day: number
  readonly interval: number
  /** Negative where calls have used more than they took. */
  available: number
  /** Tokens of calls that ended, not told to the database yet. */
  spent: number
  isUsed: boolean
  /** Whether a call under way has taken less than it may use. */
  isShort: boolean
  /** Whether the database has what was spent of a budget before limits were shared. */
  isBegun: boolean
}

interface Need {
  readonly lease: Lease
  readonly amount: number
  readonly claim: Claim
  readonly burst: number
}

const make = Effect.fnUntraced(function* (spentBefore: SpentBefore) {
  const sql = yield* SqlClient.SqlClient
  yield* LeaseSchema.migrate
  const leases = new BoundedMap<Lease>(maxLeases, () => leaseBytes)
  const trip = yield* Semaphore.make(1)

  const leaseOf = (key: string, day: number, interval: number): Lease => {
    const name = JSON.stringify([key, day])
    const known = leases.get(name)
    if (known !== undefined) return known
    const fresh = { key, day, interval, available: 0, spent: 0, isUsed: true, isShort: false, isBegun: false }
    leases.set(name, fresh)
    return fresh
  }

  /** Undefined for a claim that limits nothing. */
  const needOf = (claim: Claim, epochMs: number): Need | "never" | undefined => {
    if (claim._tag === "Tokens") {
      const lease = leaseOf(claim.key, Math.floor(epochMs / dayMillis), 0)
      return { lease, amount: Math.max(1, claim.estimate), claim, burst: claim.perDay }
    }
    if (claim._tag === "Budget") {
      const { key, unit, window, limit, estimate } = claim
      const lease = leaseOf(`${budgetPrefix}${unit} ${window} ${key}`, BudgetWindow.numberOf(window, epochMs), 0)
      return { lease, amount: Math.max(1, estimate), claim, burst: limit }
    }
    const rate = RateLimiter.rateOf(claim.limit)
    if (rate === undefined) return undefined
    const amount = claim.calls ?? 1
    if (rate.interval === Infinity || amount > rate.burst) return "never"
    // A limit that was changed begins again.
    const lease = leaseOf(`${claim.key} ${rate.burst} ${rate.interval}`, -1, rate.interval)
    return { lease, amount, claim, burst: rate.burst }
  }

  const call = (epochMs: number, needs: ReadonlyArray<Need>, returned: ReadonlyArray<Lease>) => {
    const claims = needs.map(({ lease: { key: k, day: d, interval: i, available }, amount, burst }) => ({
      k,
      d,
      i,
      b: burst,
      m: burst,
      n: Math.max(0, amount - available),
      x: amount * leaseAhead,
      h: available > 0,
    }))
    const told = returned.map(({ key: k, day: d, interval: i, spent: s, available }) => ({ k, d, i, s, t: available }))
    return sql<{ result: LeaseResult }>`
      SELECT drawbar_lease_1(${epochMs}, CAST(${JSON.stringify(claims)} AS JSONB), CAST(${JSON.stringify(told)} AS JSONB)) AS result`.pipe(
      Effect.mapBoth({ onFailure: storageFailed("limit"), onSuccess: ([row]): LeaseResult => row?.result ?? {} }),
    )
  }

  /** A budget begins with what was spent before, such as while each process counted by itself. */
  const begin = Effect.fnUntraced(function* (needs: ReadonlyArray<Need>, epochMs: number) {
    for (const { lease, claim } of needs) {
      if (lease.isBegun || claim._tag !== "Budget") continue
      const spent = spentBefore(claim, epochMs)
      if (spent > 0)
        yield* sql`INSERT INTO limits (key, day, taken, spent, used_at)
          VALUES (${lease.key}, ${lease.day}, ${spent}, ${spent}, ${epochMs}) ON CONFLICT DO NOTHING`.pipe(
          Effect.mapError(storageFailed("limit")),
        )
      lease.isBegun = true
    }
  })

  /** Leases what is missing, and takes that. */
  const takeAfterTrip = (needs: ReadonlyArray<Need>, indexes: ReadonlyArray<number>, epochMs: number) =>
    Effect.gen(function* () {
      const leased = takeLeased(needs)
      if (leased !== undefined) return leased
      yield* begin(needs, epochMs)
      // What calls have spent decides how long the wait is; leases of others are given back with it.
      const told = [...new Set(needs.map(({ lease }) => lease))].filter(({ spent }) => spent !== 0)
      const before = told.map(({ spent }) => spent)
      const debts = told.map((lease) => ({ ...lease, available: 0 }))
      const result = yield* call(epochMs, needs, debts)
      for (const [i, lease] of told.entries()) lease.spent -= before[i] ?? 0
      own = undefined
      if (result.grants === undefined) {
        const index = result.refused ?? 0
        const refused = needs[index]
        const waitMillis =
          refused === undefined || refused.claim._tag === "Rate"
            ? (result.wait ?? 0)
            : result.spent === true
              ? BudgetWindow.untilNext(refused.claim._tag === "Tokens" ? "day" : refused.claim.window, epochMs)
              : reservedWaitMillis
        return yield* new LimitReached({ claim: indexes[index] ?? 0, waitMillis })
      }
      for (const [i, { lease }] of needs.entries()) lease.available += result.grants[i] ?? 0
      // What calls used beyond what they took came first. What is left of the others stays leased.
      const short = needs.findIndex(
        // Two at once could both use more than they have taken.
        ({ lease, amount }) => lease.available <= 0 || (lease.isShort && lease.available < amount),
      )
      if (short >= 0) return yield* new LimitReached({ claim: indexes[short] ?? 0, waitMillis: reservedWaitMillis })
      return taken(
        needs.map((need) => ({
          need,
          amount: need.claim._tag === "Rate" ? need.amount : Math.min(need.amount, need.lease.available),
        })),
      )
    })

  const giveBack = trip.withPermit(
    Effect.suspend(() => {
      const idle = [...leases].flatMap(([, lease]) => {
        const isIdle = !lease.isUsed && (lease.available !== 0 || lease.spent !== 0)
        lease.isUsed = false
        return isIdle ? [lease] : []
      })
      if (idle.length === 0) return Effect.void
      const told = idle.map((lease) => ({ ...lease }))
      for (const lease of idle) [lease.available, lease.spent] = [0, 0]
      return Effect.flatMap(Clock.currentTimeMillis, (now) => call(now, [], told)).pipe(
        Effect.tapError(() =>
          Effect.sync(() => {
            for (const [i, lease] of idle.entries()) {
              lease.available += told[i]?.available ?? 0
              lease.spent += told[i]?.spent ?? 0
            }
          }),
        ),
      )
    }),
  )
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(returnInterval), Effect.ignore(giveBack))))
  // Idle from the first look on, and given back by the second.
  yield* Effect.addFinalizer(() => Effect.ignore(Effect.andThen(giveBack, giveBack)))

  /** While the database is away, each process counts by itself: budgets from what it knows to be spent. */
  let own: Limits["Service"] | undefined
  const reserveAlone = (claims: ReadonlyArray<Claim>, needs: ReadonlyArray<Need>, now: Moment.Moment) =>
    Effect.suspend(() => (own ??= MemoryLimits.make(spentBefore)).reserve(claims, now)).pipe(
      Effect.map(({ settle, release }): Reservation => ({
        release,
        settle: (tokens, spent) =>
          Effect.tap(settle(tokens, spent), () =>
            Effect.sync(() => {
              // The database receives it as soon as it is back.
              for (const { lease, claim } of needs) {
                if (claim._tag !== "Budget" || !lease.isBegun) continue
                const used = spent?.[claim.unit] ?? 0
                lease.available -= used
                lease.spent += used
              }
            }),
          ),
      })),
    )
  const reserve: Limits["Service"]["reserve"] = (claims, now) =>
    Effect.suspend(() => {
      const found = claims.map((claim) => needOf(claim, now.epochMs))
      const never = found.indexOf("never")
      if (never >= 0) return Effect.fail(new LimitReached({ claim: never, waitMillis: Infinity }))
      const indexes = found.flatMap((need, i) => (need === undefined ? [] : [i]))
      const needs = found.filter((need) => need !== undefined && need !== "never")
      const leased = takeLeased(needs)
      if (leased !== undefined) return Effect.succeed(leased)
      return Effect.catchTag(
        trip.withPermit(takeAfterTrip(needs, indexes, now.epochMs)),
        "StoreError",
        whileAway(reserveAlone(claims, needs, now)),
      )
    })

  return { reserve, logins: yield* logins(sql) }
})

const whileAway =
  <A, E, R>(instead: Effect.Effect<A, E, R>) =>
  (error: StoreError) =>
    error.reason._tag === "StorageFailed" && error.reason.retryAfterMillis !== undefined ? instead : Effect.fail(error)

interface LeaseResult {
  readonly grants?: ReadonlyArray<number>
  readonly refused?: number
  readonly wait?: number
  readonly spent?: boolean
}

/** Takes from the leases, if they cover the call. */
const takeLeased = (needs: ReadonlyArray<Need>): Reservation | undefined =>
  needs.every(({ lease, amount }) => lease.available >= amount)
    ? taken(needs.map((need) => ({ need, amount: need.amount })))
    : undefined

/** What a call has taken, which goes back to the leases: others of this process use it, or it is given back. */
const taken = (all: ReadonlyArray<{ readonly need: Need; readonly amount: number }>): Reservation => {
  let isOpen = true
  for (const { need, amount } of all) {
    need.lease.available -= amount
    need.lease.isUsed = true
    if (amount < need.amount) need.lease.isShort = true
  }
  const once = (end: (need: Need, amount: number) => void) =>
    Effect.sync(() => {
      if (!isOpen) return
      isOpen = false
      for (const { need, amount } of all) {
        if (amount < need.amount) need.lease.isShort = false
        end(need, amount)
      }
    })
  return {
    settle: (tokens, spent) =>
      once(({ lease, claim }, amount) => {
        if (claim._tag === "Rate") return
        const used = claim._tag === "Tokens" ? tokens : (spent?.[claim.unit] ?? 0)
        lease.available += amount - used
        lease.spent += used
      }),
    release: once(({ lease }, amount) => {
      lease.available += amount
    }),
  }
}

const printOf = (name: string) => createHash("sha256").update(name).digest("base64url")

const logins = Effect.fnUntraced(function* (sql: SqlClient.SqlClient) {
  const own = LoginThrottle.make()
  const forgotten = LoginThrottle.forgottenMillis
  yield* Effect.forkScoped(
    Effect.forever(
      Effect.andThen(
        Effect.sleep("1 minute"),
        Effect.flatMap(Clock.currentTimeMillis, (now) =>
          Effect.ignore(
            Effect.andThen(
              sql`DELETE FROM login_failures WHERE at < ${now - forgotten}`,
              sql`DELETE FROM limits WHERE used_at < ${now - 2 * dayMillis} AND NOT starts_with(key, ${budgetPrefix})
                OR used_at < ${now - 33 * dayMillis} AND starts_with(key, ${budgetPrefix}) AND day > 0`,
            ),
          ),
        ),
      ),
    ),
  )
  return {
    wait: (name: string, { epochMs, monotonicMs }: Moment.Moment) =>
      sql<{ times: number; at: number }>`SELECT times, at FROM login_failures WHERE print = ${printOf(name)}`.pipe(
        Effect.map(([row]) => (row === undefined ? undefined : LoginThrottle.waitOf(row, epochMs))),
        Effect.catch(() => Effect.sync(() => own.wait(name, monotonicMs))),
      ),
    failed: (name: string, { epochMs, monotonicMs }: Moment.Moment) =>
      Effect.andThen(
        Effect.sync(() => own.wrong(name, monotonicMs)),
        sql`INSERT INTO login_failures AS f (print, times, at) VALUES (${printOf(name)}, 1, ${epochMs})
          ON CONFLICT (print) DO UPDATE SET
            times = CASE WHEN f.at < ${epochMs - forgotten} THEN 1 ELSE f.times + 1 END, at = excluded.at`.pipe(
          // This process has counted it by itself.
          Effect.ignore,
        ),
      ),
    succeeded: (name: string) =>
      Effect.andThen(
        Effect.sync(() => own.right(name)),
        Effect.ignore(sql`DELETE FROM login_failures WHERE print = ${printOf(name)}`),
      ),
  }
})

/** A few connections of its own: a limit does not wait behind a search. `spentBefore`: as of `MemoryLimits.make`. */
export const layer = (
  options: PostgresClient.PostgresOptions,
  spentBefore: SpentBefore = () => 0,
): Layer.Layer<Limits, StoreError> =>
  Layer.effect(Limits, Effect.mapError(make(spentBefore), storageFailed("open"))).pipe(
    Layer.provide(PostgresClient.layer({ ...options, poolSize: 2 })),
    Layer.catchTag("SqlError", (error) => Layer.effect(Limits, Effect.fail(storageFailed("open")(error)))),
  )

/** With budgets that begin with what was spent before limits were shared. */
export const layerWithUsage = (options: PostgresClient.PostgresOptions): Layer.Layer<Limits, StoreError, Usage> =>
  Layer.unwrap(Effect.map(Usage, ({ spent }) => layer(options, spent)))
