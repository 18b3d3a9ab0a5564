/** A post-process function that the connector's author wrote in Painless: the answer as `params`, the text of a tensor or of tensors as its own. */
import * as Json from "@drawbar/painless/Json"
import * as Script from "@drawbar/painless/Script"
import { Result } from "effect"
import type { ConnectorError } from "../ConnectorError.ts"
import type { JsonSource } from "@drawbar/json-text/JsonSource"
import type { UpstreamResponse } from "../response/UpstreamResponse.ts"
import * as RemoteAnswers from "../response/UpstreamResponse.ts"
import { response, type Tensor, wrapped } from "../response/Tensor.ts"
import * as TensorText from "../response/TensorText.ts"

export type PostProcessScript = Script.Script

/** Compiles a script; fails with the compiler's own sentence, which names line and column. */
export const compile = (source: string): Result.Result<PostProcessScript, string> =>
  Result.mapError(Script.compile(source), ({ message }) => message)

/** What the script answers, as text; undefined where it leaves the platform's answer as it is. */
export const run = (
  script: PostProcessScript,
  answer: UpstreamResponse,
): Result.Result<string | undefined, ConnectorError> =>
  Result.flatMap(paramsOf(answer), (params) =>
    Result.mapBoth(Script.runJson(script, params), {
      onSuccess: (result) => (result === null ? undefined : typeof result === "string" ? result : Json.toText(result)),
      onFailure: ({ message }) => RemoteAnswers.unusable(answer, `post_process_function failed at ${message}`),
    }),
  )

/** The tensors that a script's answer spells; what spells none is one tensor's content. */
export const tensors = (source: JsonSource): ReadonlyArray<Tensor> => {
  const { text, value } = source
  if (Array.isArray(value) && value.length > 0 && value.every(TensorText.isTensor))
    return value.map((item, i) => TensorText.read(source, { location: [i], value: item }))
  if (TensorText.isTensor(value)) return [TensorText.read(source, { location: [], value })]
  return [TensorText.isMap(value) ? response(text.trim()) : wrapped(text.trim())]
}

// A script sees an object; a list is its `result`, words and scalars are its `response`.
const paramsOf = (answer: UpstreamResponse): Result.Result<string, ConnectorError> =>
  RemoteAnswers.isText(answer)
    ? Result.succeed(`{"response":${JSON.stringify(answer.text)}}`)
    : Result.map(RemoteAnswers.json(answer), ({ text, value }) =>
        Array.isArray(value) ? `{"result":${text}}` : TensorText.isMap(value) ? text : `{"response":${text}}`,
      )
