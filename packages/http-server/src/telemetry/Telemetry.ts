/** What operators see of the requests: a line each, and counts and times by route and by model. No body, no query, no secret. */
import { performance } from "node:perf_hooks"
import process from "node:process"
import { Effect, type Metric } from "effect"
import * as PrometheusMetrics from "effect/observability/PrometheusMetrics"
import type { CompletedRequest } from "./CompletedRequest.ts"
import * as MetricDefinitions from "./MetricDefinitions.ts"
import * as LogLine from "./LogLine.ts"
import { byKey } from "../http/memoize.ts"
import * as TurnBatch from "../http/TurnBatch.ts"
import type { MetricRegistry, Reading } from "./MetricRegistry.ts"
import * as ModelSeries from "./ModelSeries.ts"

export interface Telemetry {
  readonly began: () => void
  /** Counts and logs it, with the others that end now. */
  readonly ended: (request: CompletedRequest) => void
  /** Counts and logs at once what has ended. */
  readonly flush: () => void
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
  /** Further readings, measured at scrape time. */
  readonly measure: () => ReadonlyArray<Reading>
}

export const make = ({ registry, conventions, log, now, knows, measure }: Options): Telemetry => {
  const { context } = registry
  const routes = byKey((route: string) => byKey((method: string) => routeOf(route, method)))
  const models = new Map<string, ModelSeries.ModelSeries>()
  const seriesOf = byKey((model: string) => ModelSeries.make(model, context, conventions), models)
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

  const count = (request: CompletedRequest) => {
    const { route = "none", method, status, millis, model } = request
    const { durations, requests } = routes(route)(method)
    durations.updateUnsafe(millis / 1_000, context)
    requests(status).updateUnsafe(1, context)
    if (model !== undefined && knows(model)) seriesOf(model).ended(request)
    log?.(LogLine.of(request, now()))
  }

  const completed = TurnBatch.make(count, process.nextTick)

  return {
    began: () => {
      underWay += 1
    },
    ended: (request) => {
      underWay -= 1
      completed.add(request)
    },
    flush: completed.flush,
    metrics: Effect.sync(() => {
      completed.flush()
      return PrometheusMetrics.formatUnsafe(context, { metricNameMapper: MetricDefinitions.promName })
    }),
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
  durations: MetricDefinitions.histogram("drawbar_http_request_duration_seconds", { route, method }),
  requests: byKey((status) =>
    MetricDefinitions.counter("drawbar_http_requests_total", { route, method, status: String(status) }),
  ),
})
