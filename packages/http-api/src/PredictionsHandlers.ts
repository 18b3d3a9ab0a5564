import { ConnectorError } from "@drawbar/connector-runtime/ConnectorError"
import type { StreamFrame } from "@drawbar/connector-runtime/PredictionStream"
import * as PredictionStream from "@drawbar/connector-runtime/PredictionStream"
import * as Prediction from "@drawbar/connector-runtime/Prediction"
import { Predictions } from "@drawbar/deployments/Predictions"
import { Effect, Result } from "effect"
import { JsonText } from "./Answer.ts"
import { EventStream, failed } from "./EventStream.ts"
import * as OpenSearchError from "./OpenSearchError.ts"
import * as Endpoint from "./Endpoint.ts"
import * as PredictBody from "./PredictBody.ts"
import { PredictionsApi } from "./PredictionsApi.ts"
import * as RenderBody from "./RenderBody.ts"
import { RequestError } from "./RequestError.ts"
import * as Timeout from "./Timeout.ts"
import * as TrialText from "./TrialText.ts"

async function* asEvents(batches: AsyncIterable<ReadonlyArray<StreamFrame>>) {
  for await (const frames of batches) yield frames.map(PredictionStream.toJsonText)
}

/** After the first event the status cannot be changed any more: it is told. */
const failureOf = (cause: unknown): string => {
  if (!(cause instanceof ConnectorError || cause instanceof RequestError)) return failed("Drawbar failed", 500)
  return failed(cause.message, OpenSearchError.of(cause).status)
}

interface Asked {
  readonly query: { readonly timeout?: string }
  readonly text: string
  readonly user: string | undefined
}

export const make = Effect.map(Predictions, (predictions) => {
  const predict = (algorithm: string, modelId: string, { text, user, query }: Asked) => {
    const input = PredictBody.readPredict(algorithm, text)
    if (Result.isFailure(input)) return Effect.fail(input.failure)
    const prediction = predictions.predict(modelId, input.success, user)
    return Effect.map(Timeout.within(query.timeout, prediction), (found) => new JsonText(Prediction.toJsonText(found)))
  }
  return Endpoint.serve(PredictionsApi, {
    predict: ({ params, ...asked }) => predict("remote", params.model_id, asked),
    predictAs: ({ params, ...asked }) => predict(params.algorithm, params.model_id, asked),
    predictStream: Effect.fnUntraced(function* ({ params, text, user, query }) {
      const input = yield* Effect.fromResult(PredictBody.readPredict("remote", text))
      const within = yield* Timeout.begin(query.timeout)
      const frames = within(predictions.stream(params.model_id, input, user))
      return new EventStream(Effect.map(frames, asEvents), failureOf, within)
    }),
    render: Effect.fnUntraced(function* ({ params, text }) {
      const input = yield* Effect.fromResult(PredictBody.readUnnamed(text))
      return yield* predictions.render(params.model_id, input)
    }),
    test: Effect.fnUntraced(function* ({ params, text }) {
      const input = yield* Effect.fromResult(PredictBody.readOptional(text))
      return new JsonText(TrialText.write(yield* predictions.attempt(params.connector_id, input)))
    }),
    renderBlueprint: Effect.fnUntraced(function* ({ text }) {
      const { blueprint, input } = yield* Effect.fromResult(RenderBody.read(text))
      return yield* predictions.renderBlueprint(blueprint, input)
    }),
  })
})
