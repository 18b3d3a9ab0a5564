/** Gauges measured at scrape time: pools, circuit breakers, and what predicts hold. */
import type { EgressPool } from "@drawbar/egress/EgressPool"
import type { Reading } from "@drawbar/http-server/telemetry/MetricRegistry"
import type { SpentOfModel } from "@drawbar/registry/spend/Usage"
import type { LoadShedding } from "@drawbar/http-server/admission/LoadShedding"

export interface PoolOfModel {
  readonly model: string
  readonly pool: EgressPool
}

/** A target of a model's routing. */
export interface RouteTarget {
  readonly model: string
  readonly target: string
  readonly resting: boolean
}

export const of = (
  { load, refusals }: LoadShedding,
  pools: ReadonlyArray<PoolOfModel>,
  targets: ReadonlyArray<RouteTarget>,
  spent: ReadonlyArray<SpentOfModel>,
): ReadonlyArray<Reading> => [
  { name: "drawbar_overload_held_bytes", labels: {}, value: load.bytes },
  { name: "drawbar_overload_refusals_total", labels: { cause: "bytes" }, value: refusals.bytes },
  { name: "drawbar_overload_refusals_total", labels: { cause: "work" }, value: refusals.work },
  ...summed(pools.flatMap(ofPool)),
  ...targets.map(({ model, target, resting }) => ({
    name: "drawbar_route_target_resting" as const,
    labels: { model, target },
    value: Number(resting),
  })),
  ...spent.map(({ key, model, nanoUsd }) => ({
    name: "drawbar_spend_usd_total" as const,
    labels: { model, key },
    value: nanoUsd / 1e9,
  })),
]

/** Two targets of one model may have the same origin. */
const summed = (readings: ReadonlyArray<Reading>): ReadonlyArray<Reading> => {
  const all = new Map<string, Reading>()
  for (const one of readings) {
    const key = JSON.stringify([one.name, one.labels])
    const known = all.get(key)?.value ?? 0
    all.set(key, { ...one, value: one.name === "drawbar_breaker_open" ? one.value : known + one.value })
  }
  return [...all.values()]
}

const ofPool = ({ model, pool }: PoolOfModel): ReadonlyArray<Reading> => {
  const { open, busy, waiting, resting } = pool.state()
  const { origin } = pool
  return [
    { name: "drawbar_pool_connections_open", labels: { model, origin }, value: open },
    { name: "drawbar_pool_connections_busy", labels: { model, origin }, value: busy },
    { name: "drawbar_pool_requests_waiting", labels: { model, origin }, value: waiting },
    { name: "drawbar_breaker_open", labels: { origin }, value: Number(resting) },
  ]
}
