import * as Prediction from "@drawbar/connector-runtime/Prediction"
import { Predictions } from "@drawbar/deployments/Predictions"
import { Effect } from "effect"
import { JsonText } from "./Answer.ts"
import * as Endpoint from "./Endpoint.ts"
import * as PredictBody from "./PredictBody.ts"
import { PredictionsApi } from "./PredictionsApi.ts"
import * as RenderBody from "./RenderBody.ts"

export const make = Effect.map(Predictions, (predictions) => {
  const predict = Effect.fnUntraced(function* (algorithm: string, modelId: string, text: string) {
    const input = yield* Effect.fromResult(PredictBody.readPredict(algorithm, text))
    return new JsonText(Prediction.toJsonText(yield* predictions.predict(modelId, input)))
  })
  return Endpoint.serve(PredictionsApi, {
    predict: ({ params, text }) => predict("remote", params.model_id, text),
    predictAs: ({ params, text }) => predict(params.algorithm, params.model_id, text),
    render: Effect.fnUntraced(function* ({ params, text }) {
      const input = yield* Effect.fromResult(PredictBody.readUnnamed(text))
      return yield* predictions.render(params.model_id, input)
    }),
    renderBlueprint: Effect.fnUntraced(function* ({ text }) {
      const { blueprint, input } = yield* Effect.fromResult(RenderBody.read(text))
      return yield* predictions.renderBlueprint(blueprint, input)
    }),
  })
})
