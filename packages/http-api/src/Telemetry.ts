/**
 * What operators see of the requests: a line each, and counts and times by route and by model. No body, no query, no secret.
 * Source: https://prometheus.io/docs/practices/naming/
 */
import { performance } from "node:perf_hooks"
import process from "node:process"
import * as Journey from "@drawbar/connector-runtime/Journey"
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
  /** By `performance.now()`. */
  readonly endedAt: number
  /** What a predict took at its platforms. */
  readonly journey: Journey.Journey | undefined
}

export interface Telemetry {
  readonly ended: (request: Ended) => void
  /** All metrics in Prometheus' text format. */
  readonly metrics: Effect.Effect<string>
}

/** In seconds; from a cached answer to a long completion. */
const boundaries = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]

const ownBoundaries = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]

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
  const upstream = remembered((model: string) =>
    Metric.histogram("drawbar_predict_upstream_duration_seconds", {
      description: "How long platforms are waited for, by model",
      boundaries,
      attributes: { model },
    }),
  )
  const own = remembered((model: string) =>
    Metric.histogram("drawbar_predict_own_duration_seconds", {
      description: "What Drawbar adds to the time of the platforms, by model",
      boundaries: ownBoundaries,
      attributes: { model },
    }),
  )
  const attempts = remembered((model: string) =>
    Metric.counter("drawbar_predict_attempts_total", {
      description: "Requests to platforms, retries included, by model",
      incremental: true,
      attributes: { model },
    }),
  )
  const tokens = remembered((model: string, type: string) =>
    Metric.counter("drawbar_predict_tokens_total", {
      description: "Tokens as platforms count them, by model",
      incremental: true,
      attributes: { model, type },
    }),
  )
  const asked = new Set<string>()
  const travelled = (model: string, journey: Journey.Journey, millis: number) => {
    const away = Journey.upstreamMillis(journey)
    upstream(model).updateUnsafe(away / 1_000, context)
    own(model).updateUnsafe(Math.max(0, millis - away) / 1_000, context)
    attempts(model).updateUnsafe(journey.attempts, context)
    if (journey.input > 0) tokens(model, "input").updateUnsafe(journey.input, context)
    if (journey.output > 0) tokens(model, "output").updateUnsafe(journey.output, context)
  }
  const memory = Metric.gauge("process_resident_memory_bytes", { description: "Memory of this process" })
  const busy = Metric.gauge("nodejs_eventloop_utilization", { description: "The part of its time that it is busy" })
  let last = performance.eventLoopUtilization()

  return {
    ended: (request) => {
      const { route = "none", method, status, millis, model, journey } = request
      requests(route, method, String(status)).updateUnsafe(1, context)
      durations(route, method).updateUnsafe(millis / 1_000, context)
      // An id that somebody made up makes no series: only one whose platform was asked once does.
      if (model !== undefined && journey !== undefined && journey.attempts > 0) asked.add(model)
      if (model !== undefined && asked.has(model)) {
        predicts(model, String(status)).updateUnsafe(1, context)
        predictDurations(model).updateUnsafe(millis / 1_000, context)
        if (journey !== undefined && journey.attempts > 0) travelled(model, journey, millis)
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

const lineOf = ({ id, method, path, status, millis, model, user, journey }: Ended, now: number): string =>
  JSON.stringify({
    time: new Date(now).toISOString(),
    id,
    method,
    path,
    status,
    ms: Math.round(millis * 10) / 10,
    ...(model === undefined ? {} : { model }),
    ...(journey === undefined || journey.attempts === 0 ? {} : away(journey)),
    ...(user === undefined ? {} : { user }),
  })

const away = (journey: Journey.Journey) => ({
  upstream_ms: Math.round(Journey.upstreamMillis(journey) * 10) / 10,
  ...(journey.attempts > 1 ? { attempts: journey.attempts } : {}),
  ...(journey.input + journey.output > 0 ? { tokens: [journey.input, journey.output] } : {}),
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
