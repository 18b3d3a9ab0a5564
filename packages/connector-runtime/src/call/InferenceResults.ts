/** The results of the calls of one predict, put together as its input asks for it. */
import { Result } from "effect"
import { type ConnectorError, invalidInput } from "../ConnectorError.ts"
import * as ResultFilter from "../response/ResultFilter.ts"
import * as TokenUsage from "../response/TokenUsage.ts"
import type { Call } from "./Call.ts"
import type { PredictInput } from "./PredictInput.ts"
import type { InferenceResult } from "./Prediction.ts"

/** In characters of all results together, which are written as one text. V8 holds 512 M characters in one. */
export const maxCharacters = 200_000_000

export const of = (
  input: PredictInput,
  calls: ReadonlyArray<Call>,
  results: ReadonlyArray<InferenceResult>,
): Result.Result<ReadonlyArray<InferenceResult>, ConnectorError> =>
  results.length > 1 && lengthOf(results) > maxCharacters
    ? Result.fail(tooLong(results.length))
    : Result.succeed(filtered(input, joined(calls, results)))

const lengthOf = (results: ReadonlyArray<InferenceResult>): number =>
  results.reduce(
    (sum, { output }) =>
      output.reduce((length, { data, dataAsMap }) => length + (data?.length ?? 0) + (dataAsMap?.length ?? 0), sum),
    0,
  )

const tooLong = (calls: number): ConnectorError =>
  invalidInput(
    `The responses of the ${calls} calls that this input makes are longer than ${maxCharacters} characters together. Send fewer documents in one request`,
  )

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
      ...(usages.every((usage) => usage === undefined)
        ? { length: results.reduce((sum, { length = 0 }) => sum + length, 0) }
        : { usage: TokenUsage.sum(usages) }),
    },
  ]
}

const filtered = (input: PredictInput, results: ReadonlyArray<InferenceResult>): ReadonlyArray<InferenceResult> => {
  const filter = input._tag === "TextDocs" ? input.filter : undefined
  return filter === undefined
    ? results
    : results.map((result) => ({ ...result, output: ResultFilter.apply(filter, result.output) }))
}
