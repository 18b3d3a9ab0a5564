/** One call of an upstream, stage by stage: a predict, a stream, a connector test and a dry run are compositions of these. */
import { Effect, Result } from "effect"
import type { ConnectorError } from "../ConnectorError.ts"
import type { DocumentBatches } from "../processors/DocumentBatches.ts"
import * as OpenAiAnswer from "../dialect/OpenAiAnswer.ts"
import type { OpenAiCall } from "../dialect/OpenAiCall.ts"
import * as OpenAiRequest from "../dialect/OpenAiRequest.ts"
import * as PostProcess from "../processors/PostProcess.ts"
import * as PreProcess from "../processors/PreProcess.ts"
import type { ScriptWorld } from "../processors/ScriptWorld.ts"
import type { Tensor } from "../response/Tensor.ts"
import * as TokenUsage from "../response/TokenUsage.ts"
import * as UpstreamResponse from "../response/UpstreamResponse.ts"
import type { CallOptions } from "./CallOptions.ts"
import * as CompiledConnector from "./CompiledConnector.ts"
import * as Guardrails from "./Guardrails.ts"
import * as LiveConnector from "./LiveConnector.ts"
import { actionOf, type PredictInput } from "./PredictInput.ts"
import type { InferenceResult } from "./Prediction.ts"
import * as UpstreamRequest from "./UpstreamRequest.ts"

export interface Call {
  readonly action: CompiledConnector.CompiledAction
  readonly supplied: PreProcess.Call
  /** Where the call came in OpenAI's API: its answer is read before any filter or post-processing. */
  readonly openai?: OpenAiCall | undefined
}

/** The calls that an input makes, in its order: the action found, the input pre-processed and split. */
export const prepare = (
  compiled: CompiledConnector.CompiledConnector,
  input: PredictInput,
  world?: ScriptWorld,
  batches?: DocumentBatches,
): Result.Result<ReadonlyArray<Call>, ConnectorError> => {
  const action = CompiledConnector.find(compiled, actionOf(input))
  if (Result.isFailure(action)) return Result.fail(action.failure)
  if ("openai" in input && input.openai !== undefined)
    return translated(action.success, input.openai, input, world, batches)
  return Result.map(PreProcess.run(action.success.preProcess, input, world, batches), (calls) =>
    calls.map((supplied) => ({ action: action.success, supplied })),
  )
}

/** An input in the words of the provider that it goes to, as a call of `_predict` would have it. */
export const spoken = (
  compiled: CompiledConnector.CompiledConnector,
  input: PredictInput,
): Result.Result<PredictInput, ConnectorError> => {
  if (!("openai" in input) || input.openai === undefined) return Result.succeed(input)
  const { openai, ...given } = input
  return Result.flatMap(CompiledConnector.find(compiled, actionOf(input)), ({ dialect }) =>
    Result.map(OpenAiRequest.make(dialect, openai, given.parameters), ({ parameters }) => ({
      ...given,
      parameters,
    })),
  )
}

/** The same for fields of OpenAI's API, in the words of the action's provider. */
const translated = (
  action: CompiledConnector.CompiledAction,
  call: OpenAiCall,
  input: Extract<PredictInput, { readonly _tag: "Parameters" | "TextDocs" }>,
  world?: ScriptWorld,
  batches?: DocumentBatches,
): Result.Result<ReadonlyArray<Call>, ConnectorError> =>
  Result.flatMap(OpenAiRequest.make(action.dialect, call, input.parameters), ({ parameters, amend }) =>
    Result.map(PreProcess.run(action.preProcess, { ...input, parameters }, world, batches), (calls) =>
      calls.map((supplied) => ({
        action,
        supplied: { ...supplied, amend },
        openai: input._tag === "Parameters" ? call : undefined,
      })),
    ),
  )

/** The request of a call. A dry run ends here, with every secret masked. */
export const render = (
  { action, supplied }: Call,
  secret: (name: string) => string,
): Result.Result<UpstreamRequest.UpstreamRequest, ConnectorError> => UpstreamRequest.render(action, supplied, secret)

/** Sends a request, authorised, and reads the whole response. */
export const exchange = (
  live: LiveConnector.LiveConnector,
  { action }: Call,
  request: UpstreamRequest.UpstreamRequest,
  options: CallOptions,
): Effect.Effect<UpstreamResponse.UpstreamResponse, ConnectorError> =>
  Effect.flatMap(LiveConnector.send(live, action, request, options), (response) =>
    Effect.clockWith((clock) =>
      UpstreamResponse.readInTurns(response, clock.currentTimeMillisUnsafe(), live.mask, options.share),
    ),
  )

/** The tensors of a response. */
export const shape = (
  { world }: LiveConnector.LiveConnector,
  { action, supplied }: Call,
  response: UpstreamResponse.UpstreamResponse,
  { share }: CallOptions,
): Effect.Effect<ReadonlyArray<Tensor>, ConnectorError> =>
  PostProcess.runInTurns(action.postProcess, supplied, response, world, share)

/** A whole call, with the guardrails before the request is sent and before the response is shaped. */
export const complete = (
  live: LiveConnector.LiveConnector,
  call: Call,
  guardrails: Guardrails.Guardrails,
  options: CallOptions,
): Effect.Effect<InferenceResult, ConnectorError> => {
  const explained = (error: ConnectorError) => LiveConnector.explained(live, call.action, error)
  const rendered = render(call, live.secret)
  if (Result.isFailure(rendered)) return Effect.fail(explained(rendered.failure))
  const request = rendered.success
  const body = request.body ?? ""
  let used: TokenUsage.TokenUsage | undefined
  const sent = exchange(live, call, request, options)
  const responded =
    guardrails.input === undefined ? sent : Effect.andThen(Guardrails.checkInput(guardrails, body, call.supplied), sent)
  return responded.pipe(
    Effect.flatMap((response) => {
      used = TokenUsage.ofResponse(response.response, response.text)
      const result = () =>
        call.openai === undefined
          ? Effect.map(shape(live, call, response, options), (output) => resultOf(response, output, used))
          : Effect.fromResult(answered(call, call.openai, response, body, used))
      return guardrails.output === undefined
        ? result()
        : Effect.flatMap(Guardrails.checkOutput(guardrails, response.text), result)
    }),
    Effect.mapError((error) => {
      // The platform has answered, and charges for it.
      if (used !== undefined) options.lost?.(used)
      return explained(error)
    }),
  )
}

/** An answer in OpenAI's API, with the provider's own beside it. */
const answered = (
  { action }: Call,
  openai: OpenAiCall,
  response: UpstreamResponse.UpstreamResponse,
  sent: string,
  usage: TokenUsage.TokenUsage | undefined,
): Result.Result<InferenceResult, ConnectorError> =>
  Result.flatMap(OpenAiAnswer.textOf(action.dialect, openai, response, sent), (completion) =>
    Result.map(UpstreamResponse.spelled(response), (source) => ({
      ...resultOf(response, [PostProcess.asTensor(source)], usage),
      completion,
    })),
  )

const resultOf = (
  { response, text }: UpstreamResponse.UpstreamResponse,
  output: InferenceResult["output"],
  usage: TokenUsage.TokenUsage | undefined,
): InferenceResult => ({
  output,
  status_code: response.status,
  ...(usage === undefined ? { length: text.length } : { usage }),
})
