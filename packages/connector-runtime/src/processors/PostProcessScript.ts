/** A post-process function that the connector's author wrote in Painless: the answer as `params`, the text of a tensor or of tensors as its own. */
import * as Script from "@drawbar/painless/Script"
import type { Author, Supplied } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import type { ConnectorError } from "../ConnectorError.ts"
import type { JsonSource } from "@drawbar/json-text/JsonSource"
import type { UpstreamResponse } from "../response/UpstreamResponse.ts"
import * as RemoteAnswers from "../response/UpstreamResponse.ts"
import * as ScriptParameters from "./ScriptParameters.ts"
import * as ScriptWorld from "./ScriptWorld.ts"
import { dataTypes, response, type Tensor, wrapped } from "../response/Tensor.ts"
import * as TensorText from "../response/TensorText.ts"

export interface PostProcessScript {
  readonly script: Script.Script
  /** The connector's parameters. */
  readonly author: Author
}

/** Compiles a script; fails with the compiler's own sentence, which names line and column. */
export const compile = (source: string, author: Author): Result.Result<PostProcessScript, string> =>
  Result.mapBoth(Script.compile(source, { returns: "String" }), {
    onSuccess: (script) => ({ script, author }),
    onFailure: ({ message }) => message,
  })

/** The parameters that the script names and nothing fills. */
export const missing = ({ author, script }: PostProcessScript, supplied: Supplied): ReadonlyArray<string> =>
  ScriptParameters.missing(script, author, [supplied.caller, supplied.runtime])

/** What the script answers, as text; undefined where it leaves the platform's answer as it is. */
export const run = (
  { author, script }: PostProcessScript,
  supplied: Supplied,
  answer: UpstreamResponse,
  world: ScriptWorld.ScriptWorld = ScriptWorld.fixed(),
): Result.Result<string | undefined, ConnectorError> =>
  Result.flatMap(paramsOf(answer), (params) =>
    Result.mapBoth(
      Script.runJson(script, params, {
        parameters: ScriptParameters.of(script, author, [supplied.caller, supplied.runtime]),
        world,
      }),
      {
        onSuccess: (result) => (typeof result === "string" ? result : undefined),
        onFailure: ({ message }) => RemoteAnswers.unusable(answer, `post_process_function failed at ${message}`),
      },
    ),
  )

/** The tensors that a script's answer spells; what spells none is one tensor's content. Fails where a `data_type` is unknown. */
export const tensors = (
  source: JsonSource,
  answer: UpstreamResponse,
): Result.Result<ReadonlyArray<Tensor>, ConnectorError> => {
  const unknown = [source.value]
    .flat()
    .map(TensorText.unknownType)
    .find((name) => name !== undefined)
  return unknown === undefined
    ? Result.succeed(spelled(source))
    : Result.fail(
        RemoteAnswers.unusable(
          answer,
          `post_process_function returns a tensor whose data_type is unknown: use one of ${dataTypes.join(", ")}`,
        ),
      )
}

const spelled = (source: JsonSource): ReadonlyArray<Tensor> => {
  const { text, value } = source
  if (Array.isArray(value) && value.length > 0 && value.every(TensorText.isTensor))
    return value.map((item, i) => TensorText.read(source, { location: [i], value: item }))
  if (TensorText.isTensor(value)) return [TensorText.read(source, { location: [], value })]
  return [TensorText.isMap(value) ? response(text.trim()) : wrapped(text.trim())]
}

// A script sees an object; a list is its `result`, words and scalars are its `response`.
const paramsOf = (answer: UpstreamResponse): Result.Result<string, ConnectorError> =>
  RemoteAnswers.isText(answer)
    ? Result.map(RemoteAnswers.quoted(answer), (text) => `{"response":${text}}`)
    : Result.map(RemoteAnswers.json(answer), ({ text, value }) =>
        Array.isArray(value) ? `{"result":${text}}` : TensorText.isMap(value) ? text : `{"response":${text}}`,
      )
