/**
 * What operators see of the requests: a line each, and counts and times by route and by model. No body, no query, no secret.
 * Source: https://prometheus.io/docs/practices/naming/
 */
import { performance } from "node:perf_hooks"
import process from "node:process"
import { Context, Effect, Metric } from "effect"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"

/** A request that has ended. */
export interface Ended {
  readonly id: string
  readonly method: string
  /** Without its query. */
  readonly path: string
  /** The endpoint's path with its parameters' names; nothing where there is no such endpoint. */
  readonly route: string | undefined
  readonly model: string | undefined
  readonly user: string | undefined
  /** 499 where the caller went away before the answer. */
  readonly status: number
  readonly millis: number
}

export interface Telemetry {
  readonly ended: (request: Ended) => void
  /** All metrics in Prometheus' text format. */
  readonly metrics: Effect.Effect<string>
}

/** In seconds; from a cached answer to a long completion. */
const boundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

/** `log` takes each request's line; none is written where it is absent. `now` is in ms since 1970. */
export const make = (log: ((line: string) => void) | undefined, now: () => number): Telemetry => {
  const registry = new Map()
  const context = Context.make(Metric.MetricRegistry, registry)
  const requests = remembered((route: string, method: string, status: string) =>
    Metric.counter("drawbar_http_requests_total", {
      description: "Requests that have ended",
      incremental: true,
      attributes: { route, method, status },
    }),
  )
  const durations = remembered((route: string, method: string) =>
    Metric.histogram("drawbar_http_request_duration_seconds", {
      description: "From a request's head to the end of its answer",
      boundaries,
      attributes: { route, method },
    }),
  )
  const predicts = remembered((model: string, status: string) =>
    Metric.counter("drawbar_predict_requests_total", {
      description: "Predicts by model",
      incremental: true,
      attributes: { model, status },
    }),
  )
  const predictDurations = remembered((model: string) =>
    Metric.histogram("drawbar_predict_duration_seconds", {
      description: "How long predicts take, by model",
      boundaries,
      attributes: { model },
    }),
  )
  const memory = Metric.gauge("process_resident_memory_bytes", { description: "Memory of this process" })
  const busy = Metric.gauge("nodejs_eventloop_utilization", { description: "The part of its time that it is busy" })
  let last = performance.eventLoopUtilization()

  return {
    ended: (request) => {
      const { route = "none", method, status, millis, model } = request
      requests(route, method, String(status)).updateUnsafe(1, context)
      durations(route, method).updateUnsafe(millis / 1_000, context)
      // An id that is no model's makes no series.
      if (model !== undefined && status !== 404) {
        predicts(model, String(status)).updateUnsafe(1, context)
        predictDurations(model).updateUnsafe(millis / 1_000, context)
      }
      log?.(lineOf(request, now()))
    },
    metrics: Effect.suspend(() => {
      memory.updateUnsafe(process.memoryUsage.rss(), context)
      const current = performance.eventLoopUtilization()
      busy.updateUnsafe(performance.eventLoopUtilization(current, last).utilization, context)
      last = current
      return Effect.provideService(PrometheusMetrics.format(), Metric.MetricRegistry, registry)
    }),
  }
}

const lineOf = ({ id, method, path, status, millis, model, user }: Ended, now: number): string =>
  JSON.stringify({
    time: new Date(now).toISOString(),
    id,
    method,
    path,
    status,
    ms: Math.round(millis * 10) / 10,
    ...(model === undefined ? {} : { model }),
    ...(user === undefined ? {} : { user }),
  })

/** Makes each metric once. */
const remembered = <A extends ReadonlyArray<string>, M>(make: (...names: A) => M): ((...names: A) => M) => {
  const known = new Map<string, M>()
  return (...names) => {
    const key = names.join("\n")
    const found = known.get(key) ?? make(...names)
    known.set(key, found)
    return found
  }
}
