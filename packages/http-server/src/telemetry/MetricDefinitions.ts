/**
 * All that is measured: a row a family of series. docs/operating.md has the same rows, and a test holds one against the other.
 * Source: https://prometheus.io/docs/practices/naming/ and https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/
 */
import { Metric } from "effect"

/** In seconds: from a cached answer to a long completion. */
const waits = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const stages = [0.0001, 0.0005, 0.0025, 0.01, 0.05, 0.25, 1, 5, 30]
const own = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1]

/** Those that the conventions ask for. */
const operations = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]
const firstChunks = [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]
const tokens = Array.from({ length: 14 }, (_, power) => 4 ** power)

export const counters = {
  drawbar_http_requests_total: "Requests that have ended",
  drawbar_overload_refusals_total: "Predicts that were refused because this server had too much to do",
  drawbar_predict_requests_total: "Predicts that have ended",
  drawbar_predict_attempts_total: "Requests to platforms, retries included",
  drawbar_predict_retries_total: "Requests to platforms that were sent again",
  drawbar_predict_sent_bytes_total: "Bytes of the bodies of requests to platforms",
  drawbar_predict_received_bytes_total: "Bytes of the bodies of their answers",
  drawbar_predict_tokens_total: "Tokens, as platforms count them",
  drawbar_route_attempts_total: "Calls of the targets of a model's routing",
  drawbar_spend_usd_total: "Cost of calls by the table of prices, in USD",
  drawbar_stream_pieces_total: "Pieces of streams",
} as const

export const histograms = {
  drawbar_http_request_duration_seconds: ["From a request's head to the end of its answer", waits],
  drawbar_predict_duration_seconds: ["The same, of predicts", waits],
  drawbar_predict_upstream_duration_seconds: ["How long platforms were waited for", waits],
  drawbar_predict_own_duration_seconds: ["What Drawbar added to that", own],
  drawbar_predict_stage_duration_seconds: ["One part of a predict's time", stages],
  drawbar_stream_first_piece_seconds: ["From a request's head to the first piece of its stream", waits],
  "gen_ai.client.operation.duration": ["How long a platform's operation took", operations],
  "gen_ai.client.operation.time_to_first_chunk": ["Until the first piece of its stream", firstChunks],
  "gen_ai.client.token.usage": ["Tokens of an operation", tokens],
} as const

const gauges = {
  drawbar_http_requests_in_flight: "Requests under way",
  drawbar_overload_held_bytes: "Bytes of bodies that predicts under way hold",
  drawbar_pool_connections_open: "Connections that are open",
  drawbar_pool_connections_busy: "Connections that carry a request, or are being opened for one",
  drawbar_pool_requests_waiting: "Requests that wait for a connection",
  drawbar_breaker_open: "1 while an origin is not asked, because it gave no answer",
  drawbar_route_target_resting: "1 while a target of a model's routing is passed by, because it failed",
  process_resident_memory_bytes: "Memory of this process",
  nodejs_eventloop_utilization: "The part of its time that the event loop was busy, since the last look",
} as const

export type Labels = Readonly<Record<string, string>>

export const counter = (name: keyof typeof counters, labels: Labels) =>
  Metric.counter(name, { description: counters[name], incremental: true, attributes: withUnit(name, labels) })

export const histogram = (name: keyof typeof histograms, labels: Labels) => {
  const [description, boundaries] = histograms[name]
  return Metric.histogram(name, { description, boundaries, attributes: withUnit(name, labels) })
}

const gauge = (name: keyof typeof gauges, labels: Labels) =>
  Metric.gauge(name, { description: gauges[name], attributes: withUnit(name, labels) })

const measuredCounters = ["drawbar_overload_refusals_total", "drawbar_spend_usd_total"] as const

/** Metrics counted or held elsewhere, and read at scrape time. */
export type Measured = keyof typeof gauges | (typeof measuredCounters)[number]

export const measured = (name: Measured, labels: Labels) =>
  isCounter(name) ? counter(name, labels) : gauge(name, labels)

const isCounter = (name: Measured): name is (typeof measuredCounters)[number] =>
  measuredCounters.some((known) => known === name)

/** Prometheus has the unit in the name, OpenTelemetry beside it. */
const withUnit = (name: string, labels: Labels): Labels => {
  const unit = units.find(([pattern]) => pattern.test(name))?.[1]
  return unit === undefined ? labels : { ...labels, unit }
}

const units = [
  [/_seconds$|\.duration$|_chunk$/, "s"],
  [/_bytes(?:_total)?$/, "By"],
  [/token/, "{token}"],
] as const

/** The name in the Prometheus exposition. */
export const promName = (name: string): string => (/\.duration$|_chunk$/.test(name) ? `${name}_seconds` : name)
