/** What operators see of the requests: a line each, and counts and times by route and by model. No body, no query, no secret. */
import { performance } from "node:perf_hooks"
import process from "node:process"
import * as Journey from "@drawbar/connector-runtime/Journey"
import { Effect, type Metric } from "effect"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import * as Families from "./Families.ts"
import * as LogLine from "./LogLine.ts"
import type { MetricRegistry, Reading } from "./MetricRegistry.ts"
import * as ModelSeries from "./ModelSeries.ts"
import type { Failure } from "./OpenSearchError.ts"

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
  /** Why it was refused, or its stream broke. */
  readonly failure: Failure | undefined
  readonly millis: number
  /** By `performance.now()`. */
  readonly endedAt: number
  /** What a predict took at its platforms. */
  readonly journey: Journey.Journey | undefined
  /** Where it is traced. */
  readonly traceId: string | undefined
}

export interface Telemetry {
  readonly began: () => void
  readonly ended: (request: Ended) => void
  /** All metrics in Prometheus' text format. */
  readonly metrics: Effect.Effect<string>
  /** Lets go of the series of a model that is no more. */
  readonly forget: (model: string) => void
}

export interface Options {
  readonly registry: MetricRegistry
  /** Whether the metrics of OpenTelemetry's conventions are counted too. */
  readonly conventions: boolean
  /** Takes each request's line. */
  readonly log: ((line: string) => void) | undefined
  /** In ms since 1970. */
  readonly now: () => number
  /** Whether there is such a model: ids that callers make up are to make no series. */
  readonly knows: (model: string) => boolean
  /** What else is to be measured when somebody looks. */
  readonly measure: () => ReadonlyArray<Reading>
}

export const make = ({ registry, conventions, log, now, knows, measure }: Options): Telemetry => {
  const { context } = registry
  const routes = new Map<string, Route>()
  const models = new Map<string, ModelSeries.ModelSeries>()
  const seriesOf = ModelSeries.byKey((model: string) => ModelSeries.make(model, context, conventions), models)
  let underWay = 0
  let last = performance.eventLoopUtilization()

  registry.measure = () => {
    const current = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(current, last)
    last = current
    return [
      { name: "process_resident_memory_bytes", labels: {}, value: process.memoryUsage.rss() },
      { name: "nodejs_eventloop_utilization", labels: {}, value: utilization },
      { name: "drawbar_http_requests_in_flight", labels: {}, value: underWay },
      ...measure(),
    ]
  }

  return {
    began: () => {
      underWay += 1
    },
    ended: (request) => {
      underWay -= 1
      const { route = "none", method, status, millis, model } = request
      const key = `${method} ${route}`
      const known = routes.get(key) ?? routeOf(route, method)
      routes.set(key, known)
      known.durations.updateUnsafe(millis / 1_000, context)
      known.requests(status).updateUnsafe(1, context)
      if (model !== undefined && knows(model)) seriesOf(model).ended(request)
      log?.(LogLine.of(request, now()))
    },
    metrics: Effect.sync(() => PrometheusMetrics.formatUnsafe(context, { metricNameMapper: Families.promName })),
    forget: (model) => {
      models.get(model)?.forget()
      models.delete(model)
    },
  }
}

interface Route {
  readonly durations: Metric.Histogram<number>
  readonly requests: (status: number) => Metric.Counter<number>
}

const routeOf = (route: string, method: string): Route => ({
  durations: Families.histogram("drawbar_http_request_duration_seconds", { route, method }),
  requests: ModelSeries.byKey((status) =>
    Families.counter("drawbar_http_requests_total", { route, method, status: String(status) }),
  ),
})
