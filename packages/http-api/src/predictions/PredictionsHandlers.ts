import { ConnectorError, MissingParameters } from "@drawbar/connector-runtime/ConnectorError"
import type { StreamFrame } from "@drawbar/connector-runtime/stream/PredictionStream"
import * as PredictionStream from "@drawbar/connector-runtime/stream/PredictionStream"
import * as Prediction from "@drawbar/connector-runtime/call/Prediction"
import { Predictions, type Rendered, type Requests } from "@drawbar/deployments/predict/Predictions"
import { Effect, Result } from "effect"
import { JsonText } from "@drawbar/http-server/http/ResponseBody"
import { EventStream, type StreamFailure } from "@drawbar/http-server/http/EventStream"
import * as OpenSearchError from "../errors/OpenSearchError.ts"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import * as PredictBody from "./PredictBody.ts"
import { PredictionsApi } from "./PredictionsApi.ts"
import * as RenderBody from "./RenderBody.ts"
import { RequestError } from "@drawbar/http-server/http/RequestError"
import type { RequestCall } from "@drawbar/http-server/http/RequestContext"
import * as Timeout from "@drawbar/http-server/http/Timeout"
import * as ConnectorTestText from "./ConnectorTestText.ts"

async function* asEvents(batches: AsyncIterable<ReadonlyArray<StreamFrame>>) {
  for await (const frames of batches) yield frames.map(PredictionStream.toJsonText)
}

/** After the first event the status cannot be changed any more: the last event has it. */
const failureOf = (cause: unknown): StreamFailure => {
  const { streamFailure, describe } = OpenSearchError.face
  if (!(cause instanceof ConnectorError || cause instanceof RequestError))
    return { data: streamFailure("Drawbar failed", 500), summary: undefined }
  const { refusal, summary } = describe(cause)
  const type = "remote" in cause.reason ? (cause.reason.remote.type ?? OpenSearchError.typeOf(cause)) : undefined
  return { data: streamFailure(cause.message, refusal.status, type), summary }
}

/** The first request, and all of them where the input makes several. */
const shown = (requests: Requests) => {
  const [first] = requests
  return requests.length === 1 ? first : { ...first, requests }
}

/** A failure for want of parameters, with the fields of the body in which they may have been meant. */
const withUnread =
  (text: string) =>
  <E>(error: E): E | ConnectorError =>
    error instanceof ConnectorError && error.reason._tag === "MissingParameters"
      ? ConnectorError.from(new MissingParameters({ ...error.reason, unread: PredictBody.unreadFields(text) }))
      : error

/** With the target that they would go to, where the model has a routing. */
const routed = ({ requests, routing }: Rendered) =>
  routing === undefined ? shown(requests) : { ...shown(requests), routing }

interface PredictRequest {
  readonly query: { readonly timeout?: string }
  readonly text: string
  readonly call: RequestCall
}

export const make = Effect.map(Predictions, (predictions) => {
  const predict = (algorithm: string | undefined, modelId: string, { text, call, query }: PredictRequest) => {
    const input = PredictBody.readPredict(algorithm, text)
    if (Result.isFailure(input)) return Effect.fail(input.failure)
    const prediction = Timeout.within(query.timeout, ({ deadline }) =>
      predictions.predict({ ...call, deadline }, modelId, input.success),
    )
    return Effect.mapBoth(prediction, {
      onSuccess: (found) => new JsonText(Prediction.toJsonText(found)),
      onFailure: withUnread(text),
    })
  }
  return Endpoint.serve(OpenSearchError.face, PredictionsApi, {
    predict: ({ params, ...request }) => predict(request.query.algorithm, params.model_id, request),
    predictAs: ({ params, ...request }) => predict(params.algorithm, params.model_id, request),
    predictStream: Effect.fnUntraced(function* ({ params, text, call, query }) {
      const input = yield* Effect.fromResult(PredictBody.readPredict(query.algorithm, text))
      const { within, deadline } = yield* Timeout.begin(query.timeout)
      const frames = within(predictions.stream({ ...call, deadline }, params.model_id, input))
      return new EventStream(
        Effect.mapBoth(frames, { onSuccess: asEvents, onFailure: withUnread(text) }),
        failureOf,
        within,
      )
    }),
    render: Effect.fnUntraced(function* ({ params, query, text, call }) {
      const input = yield* Effect.fromResult(PredictBody.readPredict(query.algorithm, text))
      const rendered = predictions.render(call, params.model_id, input, { stream: query.stream === "true" })
      return routed(yield* Effect.mapError(rendered, withUnread(text)))
    }),
    test: Effect.fnUntraced(function* ({ params, text, call }) {
      const input = yield* Effect.fromResult(PredictBody.readOptional(text))
      return new JsonText(ConnectorTestText.write(yield* predictions.test(call, params.connector_id, input)))
    }),
    renderBlueprint: Effect.fnUntraced(function* ({ text, query }) {
      const { blueprint, input } = yield* Effect.fromResult(RenderBody.read(text))
      return shown(yield* predictions.renderBlueprint(blueprint, input, { stream: query.stream === "true" }))
    }),
  })
})
