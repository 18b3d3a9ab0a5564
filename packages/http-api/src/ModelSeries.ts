/** The series of one model: made once, counted up by each predict, let go of with the model. */
import type { GenAi } from "@drawbar/connector-runtime/GenAi"
import type { Journey } from "@drawbar/connector-runtime/Journey"
import { type Context, Metric } from "effect"
import type { EndedRequest } from "./EndedRequest.ts"
import * as Families from "./Families.ts"
import { byKey } from "./Memo.ts"

export interface ModelSeries {
  readonly ended: (request: EndedRequest) => void
  readonly forget: () => void
}

/** `conventions`: whether OpenTelemetry's own are counted, too. */
export const make = (model: string, context: Context.Context<never>, conventions: boolean): ModelSeries => {
  const made: Array<Metric.Metric<number, unknown>> = []
  /** Answers what adds to the series. */
  const adding = (series: Metric.Metric<number, unknown>) => {
    made.push(series)
    return (value: number) => series.updateUnsafe(value, context)
  }
  const counting = (name: keyof typeof Families.counters, labels: Families.Labels = {}) => {
    const add = adding(Families.counter(name, { model, ...labels }))
    return (value: number) => void (value > 0 && add(value))
  }
  const timing = (name: keyof typeof Families.histograms, labels: Families.Labels = {}) => {
    const add = adding(Families.histogram(name, { model, ...labels }))
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
  const firstPieces = timing("drawbar_stream_first_piece_seconds")
  const pieces = counting("drawbar_stream_pieces_total")

  const travelled = (millis: number, endedAt: number, journey: Journey) => {
    const { began = endedAt, ended = endedAt, first } = journey
    upstream(ended - began)
    own(millis - (ended - began))
    before(began - (endedAt - millis))
    wait(journey.wait)
    head(journey.head)
    body(journey.body)
    after(endedAt - ended)
    attempts(journey.attempts)
    retries(journey.attempts - journey.calls)
    sent(journey.sent)
    received(journey.received)
    input(journey.input)
    output(journey.output)
    if (first !== undefined) firstPieces(first - (endedAt - millis))
    pieces(journey.pieces)
  }

  const operating = (genAi: GenAi) => {
    const labels = { "drawbar.model_id": model, ...labelsOf(genAi) }
    const histogram = (name: keyof typeof Families.histograms, more: Families.Labels = {}) =>
      adding(Families.histogram(name, { ...labels, ...more }))
    return {
      durations: byKey((error: string) =>
        histogram("gen_ai.client.operation.duration", error === "" ? {} : { "error.type": error }),
      ),
      firstChunks: histogram("gen_ai.client.operation.time_to_first_chunk"),
      input: histogram("gen_ai.client.token.usage", { "gen_ai.token.type": "input" }),
      output: histogram("gen_ai.client.token.usage", { "gen_ai.token.type": "output" }),
    }
  }
  const operations = byKey(operating, new WeakMap())

  const operated = ({ failure, endedAt }: EndedRequest, journey: Journey, genAi: GenAi) => {
    const { began = endedAt, ended = endedAt, first } = journey
    const operation = operations(genAi)
    operation.durations(failure?.class ?? "")((ended - began) / 1_000)
    if (first !== undefined) operation.firstChunks((first - began) / 1_000)
    if (journey.input > 0) operation.input(journey.input)
    if (journey.output > 0) operation.output(journey.output)
  }

  return {
    ended: (request) => {
      const { status, millis, endedAt, journey } = request
      requests(status)(1)
      durations(millis)
      if (journey === undefined || journey.attempts === 0) return
      travelled(millis, endedAt, journey)
      if (conventions && journey.genAi !== undefined) operated(request, journey, journey.genAi)
    },
    forget: () => {
      for (const series of made) Metric.removeUnsafe(series, context)
    },
  }
}

const labelsOf = ({ operation, provider, model, address, port }: GenAi): Families.Labels => ({
  "gen_ai.operation.name": operation,
  "gen_ai.provider.name": provider,
  ...(model === undefined ? {} : { "gen_ai.request.model": model }),
  "server.address": address,
  "server.port": String(port),
})
