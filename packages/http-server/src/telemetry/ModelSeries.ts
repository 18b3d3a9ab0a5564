/** The series of one model: made once, counted up by each predict, let go of with the model. */
import { type Context, Metric } from "effect"
import type { CallMeasurements, CallTarget } from "./CallMeasurements.ts"
import type { CompletedRequest } from "./CompletedRequest.ts"
import * as MetricDefinitions from "./MetricDefinitions.ts"
import { byKey } from "../http/memoize.ts"

export interface ModelSeries {
  readonly ended: (request: CompletedRequest) => void
  readonly forget: () => void
}

/** `conventions`: whether OpenTelemetry's own are counted, too. */
export const make = (model: string, context: Context.Context<never>, conventions: boolean): ModelSeries => {
  const made: Array<Metric.Metric<number, unknown>> = []
  /** Returns a function that updates the series. */
  const adding = (series: Metric.Metric<number, unknown>, into = made) => {
    into.push(series)
    return (value: number) => series.updateUnsafe(value, context)
  }
  const counting = (name: keyof typeof MetricDefinitions.counters, labels: MetricDefinitions.Labels = {}) => {
    const add = adding(MetricDefinitions.counter(name, { model, ...labels }))
    return (value: number) => void (value > 0 && add(value))
  }
  const timing = (name: keyof typeof MetricDefinitions.histograms, labels: MetricDefinitions.Labels = {}) => {
    const add = adding(MetricDefinitions.histogram(name, { model, ...labels }))
    return (millis: number) => add(Math.max(0, millis) / 1_000)
  }
  const staging = (stage: string) => timing("drawbar_predict_stage_duration_seconds", { stage })

  const requests = byKey((status: number) => counting("drawbar_predict_requests_total", { status: String(status) }))
  const durations = timing("drawbar_predict_duration_seconds")
  const upstream = timing("drawbar_predict_upstream_duration_seconds")
  const own = timing("drawbar_predict_own_duration_seconds")
  const [before, wait, head, body, after] = [
    staging("before"),
    staging("wait"),
    staging("head"),
    staging("body"),
    staging("after"),
  ]
  const attempts = counting("drawbar_predict_attempts_total")
  const retries = counting("drawbar_predict_retries_total")
  const sent = counting("drawbar_predict_sent_bytes_total")
  const received = counting("drawbar_predict_received_bytes_total")
  const input = counting("drawbar_predict_tokens_total", { type: "input" })
  const output = counting("drawbar_predict_tokens_total", { type: "output" })
  const estimatedInput = counting("drawbar_predict_tokens_total", { type: "input", estimated: "true" })
  const estimatedOutput = counting("drawbar_predict_tokens_total", { type: "output", estimated: "true" })
  const firstPieces = timing("drawbar_stream_first_piece_seconds")
  const routes = byKey((target: string) =>
    byKey((outcome: string) => counting("drawbar_route_attempts_total", { target, outcome })),
  )
  const pieces = counting("drawbar_stream_pieces_total")

  const travelled = (millis: number, endedAt: number, call: CallMeasurements) => {
    const { began = endedAt, ended = endedAt, first } = call
    upstream(ended - began)
    own(millis - (ended - began))
    before(began - (endedAt - millis))
    wait(call.wait)
    head(call.head)
    body(call.body)
    after(endedAt - ended)
    attempts(call.attempts)
    retries(call.attempts - call.calls)
    sent(call.sent)
    received(call.received)
    ;(call.estimated ? estimatedInput : input)(call.input)
    ;(call.estimated ? estimatedOutput : output)(call.output)
    if (first !== undefined) firstPieces(first - (endedAt - millis))
    pieces(call.pieces)
  }

  const operating = (labelsOfTarget: MetricDefinitions.Labels, into: Array<Metric.Metric<number, unknown>>) => {
    const labels = { "drawbar.model_id": model, ...labelsOfTarget }
    const histogram = (name: keyof typeof MetricDefinitions.histograms, more: MetricDefinitions.Labels = {}) =>
      adding(MetricDefinitions.histogram(name, { ...labels, ...more }), into)
    return {
      durations: byKey((error: string) =>
        histogram("gen_ai.client.operation.duration", error === "" ? {} : { "error.type": error }),
      ),
      firstChunks: histogram("gen_ai.client.operation.time_to_first_chunk"),
      input: histogram("gen_ai.client.token.usage", { "gen_ai.token.type": "input" }),
      output: histogram("gen_ai.client.token.usage", { "gen_ai.token.type": "output" }),
    }
  }
  /** By what a record names: each update of the record may name another, so that the series of the oldest are dropped. */
  const distinct = new Map<string, { readonly of: Operation; readonly made: Array<Metric.Metric<number, unknown>> }>()
  const operationOf = (target: CallTarget): Operation => {
    const labels = labelsOf(target)
    const key = JSON.stringify(labels)
    const known = distinct.get(key)
    if (known !== undefined) return known.of
    const [oldest] = distinct
    if (oldest !== undefined && distinct.size >= maxOperations) {
      distinct.delete(oldest[0])
      forget(oldest[1].made)
    }
    const series: Array<Metric.Metric<number, unknown>> = []
    const of = operating(labels, series)
    distinct.set(key, { of, made: series })
    return of
  }
  const operations = byKey(operationOf, new WeakMap())
  const forget = (those: ReadonlyArray<Metric.Metric<number, unknown>>) => {
    for (const series of those) Metric.removeUnsafe(series, context)
  }

  const operated = ({ failure, endedAt }: CompletedRequest, call: CallMeasurements, target: CallTarget) => {
    const { began = endedAt, ended = endedAt, first } = call
    const operation = operations(target)
    operation.durations(failure?.class ?? "")((ended - began) / 1_000)
    if (first !== undefined) operation.firstChunks((first - began) / 1_000)
    // The convention counts only what upstreams report.
    if (call.estimated) return
    if (call.input > 0) operation.input(call.input)
    if (call.output > 0) operation.output(call.output)
  }

  return {
    ended: (request) => {
      const { status, millis, endedAt, call } = request
      requests(status)(1)
      durations(millis)
      for (const { target, outcome } of call?.route.asked ?? []) routes(target)(outcome)(1)
      if (call === undefined || call.attempts === 0) return
      travelled(millis, endedAt, call)
      if (conventions && call.target !== undefined) operated(request, call, call.target)
    },
    forget: () => {
      forget(made)
      for (const { made: those } of distinct.values()) forget(those)
    },
  }
}

/** How many operations of one model have series. */
const maxOperations = 16

interface Operation {
  readonly durations: (error: string) => (value: number) => void
  readonly firstChunks: (value: number) => void
  readonly input: (value: number) => void
  readonly output: (value: number) => void
}

const labelsOf = ({ operation, provider, model, address, port }: CallTarget): MetricDefinitions.Labels => ({
  "gen_ai.operation.name": operation,
  "gen_ai.provider.name": provider,
  ...(model === undefined ? {} : { "gen_ai.request.model": model }),
  "server.address": address,
  "server.port": String(port),
})
