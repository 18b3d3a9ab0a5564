/** The results of the calls of one predict, put together as its input asks for it. */
import * as ResultFilter from "../response/ResultFilter.ts"
import * as TokenUsage from "../response/TokenUsage.ts"
import type { Call } from "./Call.ts"
import type { PredictInput } from "./PredictInput.ts"
import type { InferenceResult } from "./Prediction.ts"

export const of = (
  input: PredictInput,
  calls: ReadonlyArray<Call>,
  results: ReadonlyArray<InferenceResult>,
): ReadonlyArray<InferenceResult> => filtered(input, joined(calls, results))

/** One result of all calls, where the pre-process function says so. */
const joined = (
  calls: ReadonlyArray<Call>,
  results: ReadonlyArray<InferenceResult>,
): ReadonlyArray<InferenceResult> => {
  const [first] = results
  if (first === undefined || results.length === 1) return results
  if (calls[0]?.action.preProcess.processor?.joinsResults !== true) return results
  const usages = results.map(({ usage }) => usage)
  return [
    {
      output: results.flatMap(({ output }) => output),
      status_code: first.status_code,
      ...(usages.every((usage) => usage === undefined) ? {} : { usage: TokenUsage.sum(usages) }),
    },
  ]
}

const filtered = (input: PredictInput, results: ReadonlyArray<InferenceResult>): ReadonlyArray<InferenceResult> => {
  const filter = input._tag === "TextDocs" ? input.filter : undefined
  return filter === undefined
    ? results
    : results.map((result) => ({ ...result, output: ResultFilter.apply(filter, result.output) }))
}
