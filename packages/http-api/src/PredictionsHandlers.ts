import * as Prediction from "@drawbar/connector-runtime/Prediction"
import { Predictions } from "@drawbar/deployments/Predictions"
import { Effect } from "effect"
import { JsonText } from "./Answer.ts"
import * as Endpoint from "./Endpoint.ts"
import * as PredictBody from "./PredictBody.ts"
import { PredictionsApi } from "./PredictionsApi.ts"
import * as RenderBody from "./RenderBody.ts"
import * as TrialText from "./TrialText.ts"

interface Asked {
  readonly text: string
  readonly user: string | undefined
}

export const make = Effect.map(Predictions, (predictions) => {
  const predict = Effect.fnUntraced(function* (algorithm: string, modelId: string, { text, user }: Asked) {
    const input = yield* Effect.fromResult(PredictBody.readPredict(algorithm, text))
    return new JsonText(Prediction.toJsonText(yield* predictions.predict(modelId, input, user)))
  })
  return Endpoint.serve(PredictionsApi, {
    predict: ({ params, ...asked }) => predict("remote", params.model_id, asked),
    predictAs: ({ params, ...asked }) => predict(params.algorithm, params.model_id, asked),
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
