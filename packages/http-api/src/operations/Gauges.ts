/** Gauges measured at scrape time: pools, circuit breakers, and what predicts hold. */
import type { EgressPool } from "@drawbar/egress/EgressPool"
import type { Reading } from "@drawbar/http-server/telemetry/MetricRegistry"
import type { LoadShedding } from "@drawbar/http-server/admission/LoadShedding"

export interface PoolOfModel {
  readonly model: string
  readonly pool: EgressPool
}

export const of = ({ load, refusals }: LoadShedding, pools: ReadonlyArray<PoolOfModel>): ReadonlyArray<Reading> => [
  { name: "drawbar_overload_held_bytes", labels: {}, value: load.bytes },
  { name: "drawbar_overload_refusals_total", labels: { cause: "bytes" }, value: refusals.bytes },
  { name: "drawbar_overload_refusals_total", labels: { cause: "work" }, value: refusals.work },
  ...pools.flatMap(ofPool),
]

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
