/** The stage after the answer: a platform's body becomes tensors. */
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import type { ConnectorAction } from "@drawbar/blueprint-schema/ConnectorAction"
import * as Names from "@drawbar/blueprint-schema/ProcessFunctionName"
import { type Supplied, textOf } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import { type ConnectorError, invalidConnector, invalidInput } from "./ConnectorError.ts"
import { type PostProcessor, type Selection, texts } from "./PostProcessor.ts"
import { postProcessors } from "./ProcessFunctions.ts"
import type { RemoteAnswer } from "./RemoteAnswer.ts"
import * as RemoteAnswers from "./RemoteAnswer.ts"
import * as JsonSource from "./JsonSource.ts"
import * as PostProcessScript from "./PostProcessScript.ts"
import * as ResponseFilter from "./ResponseFilter.ts"
import * as Tensor from "./Tensor.ts"

export interface PostProcess {
  readonly processor?: PostProcessor
  readonly script?: PostProcessScript.PostProcessScript
  /** The connector's filter, or the function's own path; a caller's outranks it. */
  readonly filter: ResponseFilter.ResponseFilter | undefined
}

type Tensors = ReadonlyArray<Tensor.Tensor>

/** Finds the function and reads the filter of an action, once; `at` is the pointer of the action. */
export const compile = (
  connector: Connector,
  action: ConnectorAction,
  at: string,
): Result.Result<PostProcess, ConnectorError> =>
  Result.gen(function* () {
    const function_ = yield* find(action.post_process_function, `${at}/post_process_function`)
    const path = filled(connector.parameters["response_filter"]) ?? function_.processor?.path
    if (path === undefined) return { ...function_, filter: undefined }
    const filter = yield* Result.mapError(ResponseFilter.compile(path), (sentence) =>
      invalidConnector("/parameters/response_filter", sentence),
    )
    return { ...function_, filter }
  })

/** The tensors of an answer. A call may bring its own `response_filter`. */
export const run = (
  stage: PostProcess,
  supplied: Supplied,
  answer: RemoteAnswer,
): Result.Result<Tensors, ConnectorError> =>
  Result.gen(function* () {
    const filter = yield* filterOf(stage, supplied)
    const scripted = stage.script === undefined ? undefined : yield* PostProcessScript.run(stage.script, answer)
    if (scripted !== undefined) return yield* ofScript(scripted, filter, answer)
    if (filter === undefined) return [yield* untouched(answer)]
    const source = yield* RemoteAnswers.json(answer)
    const selection = ResponseFilter.select(filter, source)
    return yield* Result.mapError((stage.processor?.run ?? filtered)(selection), (sentence) =>
      RemoteAnswers.unusable(answer, `${sentence} (at ${filter.path})`),
    )
  })

const ofScript = (
  text: string,
  filter: ResponseFilter.ResponseFilter | undefined,
  answer: RemoteAnswer,
): Result.Result<Tensors, ConnectorError> => {
  const source = /^\s*[[{]/.test(text) ? JsonSource.parse(text) : undefined
  const spelled = source !== undefined && Result.isSuccess(source) ? source.success : undefined
  if (filter === undefined)
    return Result.succeed(
      spelled === undefined ? [Tensor.wrapped(JSON.stringify(text))] : PostProcessScript.tensors(spelled),
    )
  return Result.mapError(
    spelled === undefined
      ? Result.fail("response_filter needs JSON, and post_process_function returned words")
      : filtered(ResponseFilter.select(filter, spelled)),
    (sentence) => RemoteAnswers.unusable(answer, `${sentence} (at ${filter.path})`),
  )
}

type Function = Pick<PostProcess, "processor" | "script">

const find = (name: string | undefined, at: string): Result.Result<Function, ConnectorError> => {
  if (name === undefined) return Result.succeed({})
  if (Names.isPostProcess(name)) return Result.succeed({ processor: postProcessors[name] })
  if (Names.isName(name)) return Result.fail(invalidConnector(at, Names.unknown(name, Names.postProcess)))
  return Result.mapBoth(PostProcessScript.compile(name), {
    onSuccess: (script) => ({ script }),
    onFailure: (sentence) => invalidConnector(at, sentence),
  })
}

const filterOf = (
  stage: PostProcess,
  { caller }: Supplied,
): Result.Result<ResponseFilter.ResponseFilter | undefined, ConnectorError> => {
  const given = caller.get("response_filter")
  const path = given === undefined ? undefined : filled(textOf(given))
  return path === undefined ? Result.succeed(stage.filter) : Result.mapError(ResponseFilter.compile(path), invalidInput)
}

const filled = (path: string | undefined) => (path === undefined || path.trim() === "" ? undefined : path)

const untouched = (answer: RemoteAnswer): Result.Result<Tensor.Tensor, ConnectorError> =>
  RemoteAnswers.isText(answer)
    ? Result.succeed(Tensor.wrapped(JSON.stringify(answer.text)))
    : Result.map(RemoteAnswers.json(answer), ({ text, value }) => asTensor(text.trim(), value))

const filtered = (selection: Selection): Result.Result<Tensors, string> => {
  const [first] = selection.nodes
  if (first === undefined) return Result.fail("response_filter finds nothing in the platform's answer")
  const found = texts(selection, selection.nodes)
  return Result.succeed([
    selection.definite ? asTensor(found[0] ?? "null", first.value) : Tensor.wrapped(`[${found.join(",")}]`),
  ])
}

const asTensor = (text: string, value: unknown): Tensor.Tensor =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? Tensor.response(text) : Tensor.wrapped(text)
