/** What is measured only when somebody looks: pools, breakers, and what predicts hold. */
import type { EgressPool } from "@drawbar/connector-runtime/EgressPool"
import type { Reading } from "./MetricRegistry.ts"
import type { Overload } from "./Overload.ts"

export interface PoolOfModel {
  readonly model: string
  readonly pool: EgressPool
}

export const of = ({ load, refusals }: Overload, pools: ReadonlyArray<PoolOfModel>): ReadonlyArray<Reading> => [
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
