/** The stage after the answer: a platform's body becomes tensors. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import type { ConnectorAction } from "@drawbar/blueprint-schema/ConnectorAction"
import * as Json from "@drawbar/json-text/Json"
import * as Names from "@drawbar/blueprint-schema/ProcessFunctionName"
import { type Supplied, textOf } from "@drawbar/template-renderer/Parameter"
import { Effect, Result } from "effect"
import { ofCallers } from "../chain/WorkBudget.ts"
import { type ConnectorError, invalidConnector, invalidInput } from "../ConnectorError.ts"
import type { PostProcessor, Selection } from "./PostProcessor.ts"
import type { Call } from "./PreProcess.ts"
import { postProcessors } from "./ProcessFunctions.ts"
import type { UpstreamResponse } from "../response/UpstreamResponse.ts"
import * as RemoteAnswers from "../response/UpstreamResponse.ts"
import * as OutputProcessors from "../chain/OutputProcessors.ts"
import type { ProcessorChain } from "../chain/ProcessorChain.ts"
import * as JsonSource from "@drawbar/json-text/JsonSource"
import * as PostProcessScript from "./PostProcessScript.ts"
import * as ResponseFilter from "../response/ResponseFilter.ts"
import type { ScriptWorld } from "./ScriptWorld.ts"
import * as Tensor from "../response/Tensor.ts"
import type { Share } from "@drawbar/egress/Share"
import * as TimeSlice from "@drawbar/egress/TimeSlice"

export interface PostProcess {
  readonly processor?: PostProcessor
  readonly script?: PostProcessScript.PostProcessScript
  /** The connector's filter, or the function's own path; a caller's outranks it. */
  readonly filter: ResponseFilter.ResponseFilter | undefined
  readonly chain: ProcessorChain | undefined
}

type Tensors = ReadonlyArray<Tensor.Tensor>

/** Finds the function and reads the filter of an action, once; `at` is the pointer of the action. */
export const compile = (
  connector: Connector,
  action: ConnectorAction,
  at: string,
): Result.Result<PostProcess, ConnectorError> =>
  Result.gen(function* () {
    const function_ = yield* find(action.post_process_function, connector, `${at}/post_process_function`)
    const chain = yield* OutputProcessors.compile(connector.parameters)
    const path = filled(connector.parameters[Reserved.responseFilter]) ?? function_.processor?.path
    if (path === undefined) return { ...function_, chain, filter: undefined }
    const filter = yield* Result.mapError(ResponseFilter.compile(path), (sentence) =>
      invalidConnector(`/parameters/${Reserved.responseFilter}`, sentence),
    )
    return { ...function_, chain, filter }
  })

/** The tensors of an answer. A call may bring its own `response_filter` and `output_processors`. */
export const run = (
  stage: PostProcess,
  supplied: Call,
  answer: UpstreamResponse,
  world?: ScriptWorld,
): Result.Result<Tensors, ConnectorError> =>
  isPlain(stage, supplied)
    ? Result.map(RemoteAnswers.spelled(answer), alone)
    : Result.flatMap(filterOf(stage, supplied), (filter) =>
        stage.processor !== undefined && filter !== undefined
          ? named(stage.processor, filter, supplied.documents, answer)
          : shaped(stage, filter, supplied, answer, world),
      )

/** The parameters that a script names and nothing fills: known before anything is sent. */
export const missing = ({ script }: PostProcess, supplied: Supplied): ReadonlyArray<string> =>
  script === undefined ? none : PostProcessScript.missing(script, supplied)

const none: ReadonlyArray<string> = []

/** As `run`; what the call itself brings has turns of the event loop, and less time. */
export const runInTurns = (
  stage: PostProcess,
  supplied: Call,
  answer: UpstreamResponse,
  world?: ScriptWorld,
  share?: Share,
): Effect.Effect<Tensors, ConnectorError> => {
  const { caller } = supplied
  return caller.has(Reserved.responseFilter) || caller.has(Reserved.outputProcessors)
    ? Effect.flatMap(
        Effect.promise(() => ofCaller(stage, supplied, answer, world, share)),
        Effect.fromResult,
      )
    : Effect.fromResult(run(stage, supplied, answer, world))
}

const ofCaller = async (
  stage: PostProcess,
  supplied: Call,
  answer: UpstreamResponse,
  world: ScriptWorld | undefined,
  share: Share | undefined,
): Promise<Result.Result<Tensors, ConnectorError>> => {
  const { caller } = supplied
  const filter = filterOf(stage, supplied)
  if (Result.isFailure(filter)) return Result.fail(filter.failure)
  if (stage.processor !== undefined) return run(stage, supplied, answer, world)
  await TimeSlice.next(share)
  const scripted =
    stage.script === undefined
      ? Result.succeed(undefined)
      : PostProcessScript.run(stage.script, supplied, answer, world)
  if (Result.isFailure(scripted)) return Result.fail(scripted.failure)
  const said =
    scripted.success === undefined ? RemoteAnswers.spelled(answer) : Result.succeed(spelled(scripted.success))
  if (Result.isFailure(said)) return Result.fail(said.failure)
  const content =
    filter.success === undefined
      ? said
      : caller.has(Reserved.responseFilter)
        ? await filteredInTurns(filter.success, said.success, answer, share)
        : filtered(filter.success, said.success, answer)
  if (Result.isFailure(content)) return Result.fail(content.failure)
  await TimeSlice.next(share)
  const chain = OutputProcessors.of(stage.chain, supplied)
  if (Result.isFailure(chain)) return Result.fail(chain.failure)
  const result =
    chain.success === undefined
      ? content
      : caller.has(Reserved.outputProcessors)
        ? await processedInTurns(chain.success, content.success, share)
        : processed(chain.success, content.success)
  return Result.flatMap(result, (source) =>
    scripted.success === undefined ? Result.succeed(alone(source)) : PostProcessScript.tensors(source, answer),
  )
}

const filteredInTurns = async (
  filter: ResponseFilter.ResponseFilter,
  source: JsonSource.JsonSource,
  answer: UpstreamResponse,
  share: Share | undefined,
): Promise<Result.Result<JsonSource.JsonSource, ConnectorError>> =>
  Result.flatMap(
    Result.mapError(await ResponseFilter.selectInTurns(filter, source, share), invalidInput),
    (selection) => written(filter, selection, answer),
  )

/** Whether the answer goes on as it is. */
const isPlain = ({ processor, script, filter, chain }: PostProcess, { caller }: Supplied): boolean =>
  processor === undefined &&
  script === undefined &&
  filter === undefined &&
  chain === undefined &&
  !caller.has(Reserved.responseFilter) &&
  !caller.has(Reserved.outputProcessors)

const alone = (source: JsonSource.JsonSource): Tensors => [asTensor(source)]

const shaped = (
  { script, chain: own }: PostProcess,
  filter: ResponseFilter.ResponseFilter | undefined,
  supplied: Supplied,
  answer: UpstreamResponse,
  world: ScriptWorld | undefined,
): Result.Result<Tensors, ConnectorError> =>
  Result.gen(function* () {
    const scripted = script === undefined ? undefined : yield* PostProcessScript.run(script, supplied, answer, world)
    const found = scripted === undefined ? RemoteAnswers.spelled(answer) : Result.succeed(spelled(scripted))
    const content = filter === undefined ? yield* found : yield* filtered(filter, yield* found, answer)
    const chain = yield* OutputProcessors.of(own, supplied)
    const result = chain === undefined ? content : yield* processed(chain, content)
    return scripted === undefined ? alone(result) : yield* PostProcessScript.tensors(result, answer)
  })

const named = (
  processor: PostProcessor,
  filter: ResponseFilter.ResponseFilter,
  documents: Call["documents"],
  answer: UpstreamResponse,
) =>
  Result.flatMap(RemoteAnswers.json(answer), (source) =>
    Result.mapError(
      Result.flatMap(ResponseFilter.select(filter, source), (selection) =>
        processor.run(documents === undefined ? selection : { ...selection, documents }),
      ),
      (sentence) => RemoteAnswers.unusable(answer, `${sentence} (at ${filter.path})`),
    ),
  )

/** What a filter finds, as JSON with its own digits. */
const filtered = (
  filter: ResponseFilter.ResponseFilter,
  source: JsonSource.JsonSource,
  answer: UpstreamResponse,
): Result.Result<JsonSource.JsonSource, ConnectorError> =>
  Result.gen(function* () {
    const selection = yield* Result.mapError(ResponseFilter.select(filter, source), invalidInput)
    return yield* written(filter, selection, answer)
  })

const written = (
  filter: ResponseFilter.ResponseFilter,
  selection: Selection,
  answer: UpstreamResponse,
): Result.Result<JsonSource.JsonSource, ConnectorError> =>
  Result.gen(function* () {
    const found = yield* Result.mapError(ResponseFilter.found(filter, selection), (sentence) =>
      invalidInput(`response_filter: ${sentence}`),
    )
    if (found === undefined)
      return yield* Result.fail(
        RemoteAnswers.unusable(answer, `response_filter finds nothing in the platform's answer (at ${filter.path})`),
      )
    return yield* parsed(found)
  })

type Function = Pick<PostProcess, "processor" | "script">

const find = (
  name: string | undefined,
  { parameters }: Connector,
  at: string,
): Result.Result<Function, ConnectorError> => {
  if (name === undefined) return Result.succeed({})
  if (Names.isPostProcess(name)) return Result.succeed({ processor: postProcessors[name] })
  if (Names.isName(name)) return Result.fail(invalidConnector(at, Names.unknown(name, Names.postProcess)))
  return Result.mapBoth(PostProcessScript.compile(name, parameters), {
    onSuccess: (script) => ({ script }),
    onFailure: (sentence) => invalidConnector(at, sentence),
  })
}

const filterOf = (
  stage: PostProcess,
  { caller }: Supplied,
): Result.Result<ResponseFilter.ResponseFilter | undefined, ConnectorError> => {
  const given = caller.get(Reserved.responseFilter)
  const path = given === undefined ? undefined : filled(textOf(given))
  return path === undefined
    ? Result.succeed(stage.filter)
    : Result.mapError(ResponseFilter.compile(path, undefined, ofCallers), invalidInput)
}

const filled = (path: string | undefined) => (path === undefined || path.trim() === "" ? undefined : path)

// A script answers JSON, or words.
const spelled = (text: string): JsonSource.JsonSource => {
  const source = /^\s*[[{]/.test(text) ? JsonSource.parse(text) : undefined
  return source !== undefined && Result.isSuccess(source)
    ? { text: text.trim(), value: source.success.value }
    : { text: JSON.stringify(text), value: text }
}

const processed = (chain: ProcessorChain, { text }: JsonSource.JsonSource) =>
  Result.flatMap(
    Result.mapError(Json.parse(text), ({ message }) => invalidInput(message)),
    (value) => Result.flatMap(Result.mapError(chain.run(value), inChain), (result) => parsed(Json.stringify(result))),
  )

const processedInTurns = async (
  chain: ProcessorChain,
  { text }: JsonSource.JsonSource,
  share: Share | undefined,
): Promise<Result.Result<JsonSource.JsonSource, ConnectorError>> => {
  const value = Json.parse(text)
  if (Result.isFailure(value)) return Result.fail(invalidInput(value.failure.message))
  return Result.flatMap(Result.mapError(await chain.runInTurns(value.success, share), inChain), (result) =>
    parsed(Json.stringify(result)),
  )
}

const inChain = (sentence: string) => invalidInput(`output_processors: ${sentence}`)

const parsed = (text: string) => Result.mapError(JsonSource.parse(text), invalidInput)

export const asTensor = ({ text, value }: JsonSource.JsonSource): Tensor.Tensor =>
  Json.isObject(value) ? Tensor.response(text) : Tensor.wrapped(text)
