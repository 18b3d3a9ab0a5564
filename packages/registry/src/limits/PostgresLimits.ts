/**
 * Limits that processes share, in PostgreSQL. Each process leases ahead what it is likely to need: a call that its leases
 * cover waits for nothing, and one that they do not cover for one round trip. All that is leased counts as used, so that
 * the limits are never exceeded; what a process has leased and does not use, it gives back within a second. What a process
 * held of quotas and budgets when it was killed is free again when its lease ends (`LeaseHolder`); rate limits recover by themselves.
 */
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"
import * as PostgresClient from "@drawbar/document-store/sql/PostgresClient"
import { storageFailed } from "@drawbar/document-store/sql/SqlFailure"
import type { StoreError } from "@drawbar/document-store/StoreError"
import { Clock, Effect, Layer, Semaphore } from "effect"
import { SqlClient } from "effect/sql"
import * as DatabaseDeadline from "./DatabaseDeadline.ts"
import * as LeaseHolder from "./LeaseHolder.ts"
import * as LeaseSchema from "./LeaseSchema.ts"
import { type Claim, LimitReached, Limits, type Reservation } from "./Limits.ts"
import * as MemoryLimits from "./MemoryLimits.ts"
import type * as Moment from "./Moment.ts"
import * as PostgresLogins from "./PostgresLogins.ts"
import * as RateLimiter from "./RateLimiter.ts"
import type { SpentBefore } from "./WindowBudget.ts"
import * as BudgetWindow from "../spend/BudgetWindow.ts"
import { Usage } from "../spend/Usage.ts"

const dayMillis = 86_400_000
/** As `TokenBudget`: what is reserved may come back as soon as a call has ended. */
const reservedWaitMillis = 1_000
/** How often the database learns what was spent, and leases that are not in use are given back. */
const returnInterval = "500 millis"
/** Of the keys of budgets, which last up to a month, and those in total for ever: their `day` is 0. */
const budgetPrefix = "budget "
/** At most this many times what a call needs is leased ahead. */
const leaseAhead = 20
/** How many keys a process holds leases of. One that is forgotten counts as used. */
const maxLeases = { entries: 100_000, bytes: 50_000_000 }
const leaseBytes = 200
const sweepInterval = "1 minute"
/** How long each process counts by itself after the database did not answer, in ms. */
const awayMillis = 2_000
/** How often a call asks again where its process's lease has ended meanwhile. */
const maxAttempts = 3
/** How many leases one statement tells of. */
const toldAtOnce = 1_000

/** What this process has taken of one limit, and no call has taken of it. */
interface Lease {
  readonly key: string
  readonly day: number
  readonly interval: number
  /** Negative where calls have used more than they took. */
  available: number
  /** Tokens of calls that ended, not told to the database yet. */
  spent: number
  /** How often what it held was taken back, because this process could not renew it. */
  losses: number
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
  const clock = yield* Clock.Clock

  // The database has taken back all that was not spent as far as it knows. What it does not know is taken again.
  const holder = yield* LeaseHolder.make(sql, () => {
    for (const [, lease] of leases) {
      if (isRate(lease)) continue
      lease.losses++
      lease.available = -lease.spent
    }
  })

  const leaseOf = (key: string, day: number, interval: number): Lease => {
    const name = JSON.stringify([key, day])
    const known = leases.get(name)
    if (known !== undefined) return known
    const fresh = {
      key,
      day,
      interval,
      available: 0,
      spent: 0,
      losses: 0,
      isUsed: true,
      isShort: false,
      isBegun: false,
    }
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

  /** Until when the database is not asked, by the monotonic clock: it has just not answered. */
  let awayUntil = 0
  const monotonicMs = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6

  /** What fails may have happened: what this process held is given up then, and free for all when its lease ends. */
  const asked = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E | StoreError> =>
    Effect.tapError(DatabaseDeadline.within(effect), () =>
      Effect.sync(() => {
        awayUntil = monotonicMs() + awayMillis
        holder.end()
      }),
    )

  const call = Effect.fnUntraced(function* (
    epochMs: number,
    needs: ReadonlyArray<Need>,
    returned: ReadonlyArray<Pick<Lease, "key" | "day" | "interval" | "spent" | "available">>,
  ) {
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
    const [row] = yield* sql<{ result: LeaseResult }>`
      SELECT drawbar_lease_2(${epochMs}, ${holder.id()}, CAST(${JSON.stringify(claims)} AS JSONB), CAST(${JSON.stringify(told)} AS JSONB)) AS result`.pipe(
      Effect.mapError(storageFailed("limit")),
      asked,
    )
    if (row?.result.ended === true) holder.end()
    return row?.result ?? {}
  })

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

  /** Takes from the leases, if they cover the call. */
  const takeLeased = (needs: ReadonlyArray<Need>): Reservation | undefined =>
    needs.every(({ lease, amount }) => lease.available >= amount && (isRate(lease) || holder.isHeld()))
      ? taken(needs.map((need) => ({ need, amount: need.amount })))
      : undefined

  /** Leases what is missing, and takes that. */
  const takeAfterTrip = Effect.fnUntraced(function* (
    needs: ReadonlyArray<Need>,
    indexes: ReadonlyArray<number>,
    epochMs: number,
  ) {
    for (let attempt = 0; attempt < maxAttempts; attempt++) {
      const leased = takeLeased(needs)
      if (leased !== undefined) return leased
      yield* asked(Effect.andThen(holder.begin, begin(needs, epochMs)))
      // What calls have spent decides how long the wait is; leases of others are given back with it.
      const told = [...new Set(needs.map(({ lease }) => lease))].filter(({ spent }) => spent !== 0)
      const before = told.map(({ spent }) => spent)
      const debts = told.map((lease) => ({ ...lease, available: 0 }))
      const result = yield* call(epochMs, needs, debts)
      if (result.ended === true) continue
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
      // The answer came so late that others may have what it grants.
      if (!holder.isHeld()) continue
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
    }
    return yield* storageFailed("limit")(new Error("PostgreSQL answers later than what it grants lasts"))
  })

  /** Tells what was spent, and gives back what is not in use. */
  const giveBack = Effect.suspend(() => {
    const changed = [...leases].flatMap(([, lease]) => {
      const isIdle = !lease.isUsed
      lease.isUsed = false
      return lease.spent !== 0 || (isIdle && lease.available !== 0) ? [{ lease, isIdle }] : []
    })
    const tell = Effect.fnUntraced(function* (some: typeof changed) {
      yield* asked(holder.begin)
      const told = some.map(({ lease, isIdle }) => ({ ...lease, available: isIdle ? lease.available : 0 }))
      for (const [i, { lease }] of some.entries()) {
        lease.available -= told[i]?.available ?? 0
        lease.spent = 0
      }
      const again = (isKnown: boolean) => {
        for (const [i, { lease }] of some.entries()) {
          const { available, spent } = told[i] ?? lease
          lease.spent += spent
          if (!isRate(lease)) lease.available -= spent
          else if (isKnown) lease.available += available
        }
      }
      const result = yield* Effect.tapError(call(clock.currentTimeMillisUnsafe(), [], told), () =>
        Effect.sync(() => again(false)),
      )
      if (result.ended === true) again(true)
    })
    const from = (at: number): Effect.Effect<void, StoreError> =>
      at >= changed.length
        ? Effect.void
        : Effect.andThen(trip.withPermit(tell(changed.slice(at, at + toldAtOnce))), () => from(at + toldAtOnce))
    return from(0)
  })
  /** Frees what processes held that are gone. */
  const renew = Effect.gen(function* () {
    const left = yield* asked(holder.renew)
    const none = left.map(({ key, day }) => ({ key, day, interval: 0, spent: 0, available: 0 }))
    if (none.length === 0) return
    yield* asked(holder.begin)
    yield* call(clock.currentTimeMillisUnsafe(), [], none)
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(returnInterval), Effect.ignore(giveBack))))
  yield* Effect.forkScoped(
    Effect.forever(Effect.andThen(Effect.sleep(LeaseHolder.renewInterval), Effect.ignore(trip.withPermit(renew)))),
  )
  // Idle from the first look on, and given back by the second.
  yield* Effect.addFinalizer(() =>
    Effect.ignore(Effect.all([giveBack, giveBack, DatabaseDeadline.within(holder.leave)])),
  )

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
      const alone = reserveAlone(claims, needs, now)
      // Those who waited for one that got no answer do not wait for their own, too.
      const unlessAway = Effect.suspend(() =>
        monotonicMs() < awayUntil ? alone : takeAfterTrip(needs, indexes, now.epochMs),
      )
      return Effect.catchTag(
        monotonicMs() < awayUntil ? alone : trip.withPermit(unlessAway),
        "StoreError",
        whileAway(alone),
      )
    })

  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(sweepInterval), Effect.ignore(sweep(sql)))))
  return { reserve, logins: PostgresLogins.make(sql) }
})

/** Deletes what no call asks for any more. */
const sweep = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    yield* PostgresLogins.sweep(sql)
    yield* sql`DELETE FROM limits WHERE used_at < ${now - 2 * dayMillis} AND NOT starts_with(key, ${budgetPrefix})
      OR used_at < ${now - 33 * dayMillis} AND starts_with(key, ${budgetPrefix}) AND day > 0`
    yield* sql`DELETE FROM limit_leases l WHERE NOT EXISTS (SELECT FROM limits WHERE limits.key = l.key AND limits.day = l.day)`
  })

const whileAway =
  <A, E, R>(instead: Effect.Effect<A, E, R>) =>
  (error: StoreError) =>
    error.reason._tag === "StorageFailed" && error.reason.retryAfterMillis !== undefined ? instead : Effect.fail(error)

interface LeaseResult {
  /** Nothing was done: the holder's time is over. */
  readonly ended?: boolean
  readonly grants?: ReadonlyArray<number>
  readonly refused?: number
  readonly wait?: number
  readonly spent?: boolean
}

const isRate = ({ day }: Lease) => day === -1

/** What a call has taken, which goes back to the leases: others of this process use it, or it is given back. */
const taken = (needs: ReadonlyArray<{ readonly need: Need; readonly amount: number }>): Reservation => {
  let isOpen = true
  const all = needs.map(({ need, amount }) => ({ need, amount, losses: need.lease.losses }))
  for (const { need, amount } of all) {
    need.lease.available -= amount
    need.lease.isUsed = true
    if (amount < need.amount) need.lease.isShort = true
  }
  const once = (end: (need: Need, amount: number) => void) =>
    Effect.sync(() => {
      if (!isOpen) return
      isOpen = false
      for (const { need, amount, losses } of all) {
        if (amount < need.amount) need.lease.isShort = false
        // What was taken back meanwhile is not this process's any more; what the call has spent is taken again.
        end(need, need.lease.losses === losses ? amount : 0)
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
