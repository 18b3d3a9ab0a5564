/**
 * What was used, by key, user, model and day. Calls are counted in memory and written every second: after a crash at most the calls
 * that ended in the last second are missing.
 */
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import type { Document, Write } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import type { StoreError } from "@drawbar/document-store/StoreError"
import { Clock, Context, Effect, Layer, Option, Result, Semaphore, Stream } from "effect"
import { optimistically } from "../internal/OptimisticRetry.ts"
import type { BudgetClaim } from "../limits/Limits.ts"
import type { RegistryFailure } from "../RegistryError.ts"
import * as BudgetWindow from "./BudgetWindow.ts"
import * as UsageRow from "./UsageRow.ts"
import { UsageTally } from "./UsageTally.ts"

/** One call that has ended. */
export interface Used {
  readonly key: string | undefined
  readonly user: string | undefined
  readonly model: string
  readonly input: number
  readonly output: number
  /** Absent where the model has no price. */
  readonly nanoUsd: number | undefined
  readonly estimated: boolean
}

/** Absent: any. Days are inclusive. */
export interface UsageFilter {
  readonly key?: string | undefined
  readonly user?: string | undefined
  readonly model?: string | undefined
  readonly from?: string | undefined
  readonly to?: string | undefined
}

export type SpentOf = (claim: Pick<BudgetClaim, "key" | "unit" | "window">, now: number) => number

export interface SpentOfModel {
  readonly key: string
  readonly model: string
  readonly nanoUsd: number
}

export class Usage extends Context.Service<
  Usage,
  {
    readonly record: (used: Used) => void
    /** What was recorded, those of this moment included. */
    readonly rows: (filter: UsageFilter) => Effect.Effect<ReadonlyArray<UsageRow.UsageRow>, RegistryFailure>
    /** What a key has spent in the current window, of a budget's unit: before this process started, and in it. */
    readonly spent: SpentOf
    /** The same of all processes that share the store, as it is now. */
    readonly spending: Effect.Effect<SpentOf, RegistryFailure>
    /** Since the start, by key and model, for metrics. */
    readonly sinceStart: () => ReadonlyArray<SpentOfModel>
    /** Leaves a model that was deleted out of `sinceStart`. */
    readonly forget: (model: string) => void
  }
>()("@drawbar/registry/Usage") {
  static readonly layer = Layer.effect(
    Usage,
    Effect.suspend(() => make),
  )
}

const collection = "usage"

const interval = "1 second"

/** Beyond so many rows the oldest days are dropped. */
const maxRows = 100_000
/** Rows that are dropped, or written, at once. */
const batch = 100
/** Keys whose budgets are known without a look at the store, and series of metrics. */
const maxKeys = { entries: 100_000, bytes: 50_000_000 }
const maxSeries = { entries: 1_000, bytes: 1_000_000 }
const keyBytes = 300

/** Of one key in one window. */
interface Sum {
  id: string
  nano_usd: number
  tokens: number
}

type Sums = Readonly<Record<BudgetWindow.BudgetWindow, Sum>>

const make = Effect.gen(function* () {
  const store = yield* DocumentStore
  const changes = yield* ChangeFeed
  const clock = yield* Clock.Clock
  const turn = yield* Semaphore.make(1)
  const tally = new UsageTally()
  let stored = 0
  const budgets = new BoundedMap<Sums>(maxKeys, () => keyBytes)
  const series = new BoundedMap<{ readonly key: string; readonly model: string; nanoUsd: number }>(
    maxSeries,
    () => keyBytes,
  )

  const sumsOf = sumsIn(budgets)

  const record = ({ key = "", user = "", model, input, output, nanoUsd, estimated }: Used) => {
    const counts: UsageRow.Counts = {
      calls: 1,
      input_tokens: input,
      output_tokens: output,
      cost_nano_usd: nanoUsd ?? 0,
      estimated_calls: Number(estimated),
      unpriced_calls: Number(nanoUsd === undefined),
    }
    const day = today(clock.currentTimeMillisUnsafe())
    tally.add(day, key, user, model, counts)
    const name = `${key}\0${model}`
    const spent = series.get(name)
    if (spent === undefined) series.set(name, { key, model, nanoUsd: counts.cost_nano_usd })
    else spent.nanoUsd += counts.cost_nano_usd
    if (key === "") return
    const sums = sumsOf(key)
    addTo(sums.day, day, counts)
    addTo(sums.month, day.slice(0, 7), counts)
    addTo(sums.total, "", counts)
  }

  const writeOf = (row: UsageRow.UsageRow) =>
    Effect.map(store.get(collection, UsageRow.idOf(row)), (found): Write => {
      const id = UsageRow.idOf(row)
      if (Option.isNone(found)) return { _tag: "Create", collection, id, source: { ...row } }
      const before = Result.getOrElse(UsageRow.read(found.value.source), () => UsageRow.none)
      const source = { ...row, ...UsageRow.plus(before, row) }
      return { _tag: "Replace", collection, id, source, ifVersion: found.value.version }
    })

  const written = (rows: ReadonlyArray<UsageRow.UsageRow>) =>
    Effect.map(
      optimistically(changes, (commit) => Effect.flatMap(Effect.forEach(rows, writeOf), commit)),
      (documents) => {
        stored += documents.filter(({ version }) => version === 1).length
      },
    )

  /** What cannot be written now is written with the next. */
  const flush: Effect.Effect<void, RegistryFailure> = turn.withPermits(1)(
    Effect.suspend(() => {
      const rows = tally.take()
      const from = (at: number): Effect.Effect<void, RegistryFailure> =>
        at >= rows.length
          ? Effect.void
          : Effect.andThen(
              Effect.tapError(written(rows.slice(at, at + batch)), () =>
                Effect.sync(() => tally.putBack(rows.slice(at))),
              ),
              () => from(at + batch),
            )
      return from(0)
    }).pipe(Effect.uninterruptible),
  )

  const prune = Effect.gen(function* () {
    while (stored > maxRows) {
      const oldest = yield* Stream.runCollect(Stream.take(store.all(collection), batch))
      const ids = oldest.map(({ id }) => id).filter((id) => !id.startsWith("total-"))
      if (ids.length === 0) return
      yield* changes.commit(ids.map((id) => ({ _tag: "Delete", collection, id })))
      stored -= ids.length
    }
  })

  const load: Effect.Effect<void, StoreError> = Stream.runForEach(store.all(collection), (document) =>
    Effect.sync(() => {
      stored++
      for (const row of rowOf(document)) {
        if (row.day === today(clock.currentTimeMillisUnsafe())) tally.know(row)
        addRow(sumsOf, row)
      }
    }),
  )

  yield* load
  let isFailing = false
  const patient = Effect.matchCauseEffect(Effect.andThen(flush, prune), {
    onSuccess: () => Effect.sync(() => void (isFailing = false)),
    // Once, and not each second for as long as the database is away.
    onFailure: (cause) => {
      const isKnown = isFailing
      isFailing = true
      return isKnown
        ? Effect.void
        : Effect.logWarning("What was used cannot be written; it is tried again each second", cause)
    },
  })
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(interval), patient)))
  yield* Effect.addFinalizer(() => patient)

  return Usage.of({
    record,
    rows: Effect.fnUntraced(function* (filter) {
      yield* flush
      const found = yield* Stream.runCollect(
        Stream.filter(
          Stream.flatMap(store.all(collection), (document) => Stream.fromIterable(rowOf(document))),
          (row) => matches(filter, row),
        ),
      )
      return found
    }),
    spent: spentIn(budgets),
    spending: Effect.gen(function* () {
      yield* flush
      const all = new BoundedMap<Sums>(maxKeys, () => keyBytes)
      yield* Stream.runForEach(store.all(collection), (document) =>
        Effect.sync(() => {
          for (const row of rowOf(document)) addRow(sumsIn(all), row)
        }),
      )
      return spentIn(all)
    }),
    sinceStart: () => [...series].map(([, one]) => one),
    forget: (model) => {
      for (const [name, one] of series) if (one.model === model) series.delete(name)
    },
  })
})

const sumsIn =
  (all: BoundedMap<Sums>) =>
  (key: string): Sums => {
    const known = all.get(key)
    if (known !== undefined) return known
    const sums = { day: noSum(), month: noSum(), total: noSum() }
    all.set(key, sums)
    return sums
  }

const spentIn =
  (all: BoundedMap<Sums>): SpentOf =>
  ({ key, unit, window }, now) => {
    const sum = all.get(key)?.[window]
    return sum !== undefined && sum.id >= BudgetWindow.idOf(window, now) ? sum[unit] : 0
  }

/** A stored row of a day, or of all days. */
const addRow = (sumsOf: (key: string) => Sums, row: UsageRow.UsageRow) => {
  if (row.key === "") return
  const sums = sumsOf(row.key)
  if (row.day === "") return addTo(sums.total, "", row)
  addTo(sums.day, row.day, row)
  addTo(sums.month, row.day.slice(0, 7), row)
}

/** A clock that was set back adds to the window that has begun. */
const addTo = (sum: Sum, id: string, counts: UsageRow.Counts) => {
  if (sum.id < id) Object.assign(sum, noSum(), { id })
  sum.nano_usd = UsageRow.capped(sum.nano_usd + counts.cost_nano_usd)
  sum.tokens = UsageRow.capped(sum.tokens + counts.input_tokens + counts.output_tokens)
}

const noSum = (): Sum => ({ id: "", nano_usd: 0, tokens: 0 })

/** The day of a time; found once a day. */
const dayMs = 86_400_000
let lastDay = { number: -1, name: "" }
const today = (now: number): string => {
  const number = Math.floor(now / dayMs)
  if (number !== lastDay.number) lastDay = { number, name: BudgetWindow.dayOf(now) }
  return lastDay.name
}

const matches = ({ key, user, model, from = "", to = "9" }: UsageFilter, row: UsageRow.UsageRow): boolean =>
  row.day !== "" &&
  (key === undefined || row.key === key) &&
  (user === undefined || row.user === user) &&
  (model === undefined || row.model === model) &&
  row.day >= from &&
  row.day <= to

const rowOf = ({ source }: Document): ReadonlyArray<UsageRow.UsageRow> =>
  Result.match(UsageRow.read(source), { onSuccess: (row) => [row], onFailure: () => [] })
