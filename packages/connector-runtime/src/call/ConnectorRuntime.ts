/** Runs a connector's actions against its platform. `execute` and `call` are the way of one predict, stage by stage. */
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import { Context, Effect, Layer, Result, type Scope } from "effect"
import * as CallOptions from "./CallOptions.ts"
import * as CompiledConnector from "./CompiledConnector.ts"
import type { ConnectorError } from "../ConnectorError.ts"
import type { DocumentBatches } from "../processors/DocumentBatches.ts"
import { Egress } from "@drawbar/egress/Egress"
import * as Guardrails from "./Guardrails.ts"
import * as LiveConnector from "./LiveConnector.ts"
import * as PostProcess from "../processors/PostProcess.ts"
import { actionOf, type PredictInput } from "./PredictInput.ts"
import type { InferenceResult, Prediction } from "./Prediction.ts"
import * as PreProcess from "../processors/PreProcess.ts"
import * as UpstreamResponse from "../response/UpstreamResponse.ts"
import * as UpstreamRequest from "./UpstreamRequest.ts"
import type { StreamFrame } from "../stream/PredictionStream.ts"
import * as ResultFilter from "../response/ResultFilter.ts"
import type * as StreamMeter from "../stream/StreamMeter.ts"
import * as Streaming from "../stream/Streaming.ts"
import * as TokenUsage from "../response/TokenUsage.ts"
import * as ConnectorTest from "./ConnectorTest.ts"

/** How many calls of one predict are under way at once, when its input is split into several. */
const fanOut = 8

export class ConnectorRuntime extends Context.Service<
  ConnectorRuntime,
  {
    /** Opens a connector's connections; they close with the scope, after what is under way has ended. */
    readonly open: (
      compiled: CompiledConnector.CompiledConnector,
      credential: Credential,
      options?: Pick<LiveConnector.Options, "budget">,
    ) => Effect.Effect<LiveConnector.LiveConnector, ConnectorError, Scope.Scope>
    /** Makes one predict: as many calls of the platform as its input needs, answered in the order of the input, all or none. */
    readonly execute: (
      live: LiveConnector.LiveConnector,
      input: PredictInput,
      guardrails?: Guardrails.Guardrails,
      options?: CallOptions.CallOptions,
      /** How the model splits its documents; absent: as the connector does. */
      batches?: DocumentBatches,
    ) => Effect.Effect<Prediction, ConnectorError>
    /** Makes one call whose answer comes piece by piece, those that came together in one list; the first is there when the effect ends. It fails as the iteration throws. */
    readonly stream: (
      live: LiveConnector.LiveConnector,
      input: PredictInput,
      guardrails?: Guardrails.Guardrails,
      options?: CallOptions.CallOptions,
      /** Called once a stream that has begun is over, however it ends. */
      report?: StreamMeter.Report,
    ) => Effect.Effect<AsyncIterable<ReadonlyArray<StreamFrame>>, ConnectorError, Scope.Scope>
    /** Makes one call on a connection of its own and tells how far it came; with a made-up input where none is given. */
    readonly attempt: (
      compiled: CompiledConnector.CompiledConnector,
      credential: Credential,
      input?: PredictInput,
      options?: CallOptions.CallOptions,
    ) => Effect.Effect<ConnectorTest.ConnectorTest>
  }
>()("@drawbar/connector-runtime/ConnectorRuntime") {
  static readonly layer = Layer.effect(
    ConnectorRuntime,
    Effect.map(Egress, (egress) => ({
      open: (compiled, credential, options) => LiveConnector.open(egress, compiled, credential, options),

      execute: (live, input, guardrails = {}, options = CallOptions.none, batches) => {
        const action = CompiledConnector.find(live.compiled, actionOf(input))
        if (Result.isFailure(action)) return Effect.fail(action.failure)
        const calls = PreProcess.run(action.success.preProcess, input, live.world, batches)
        if (Result.isFailure(calls)) return Effect.fail(calls.failure)
        return Effect.map(
          each(calls.success, (supplied) => call(live, action.success, supplied, guardrails, options)),
          (results) => ({ inference_results: filtered(input, joined(action.success.preProcess, results)) }),
        )
      },

      stream: Streaming.run,

      attempt: (compiled, credential, input, options = CallOptions.none) =>
        ConnectorTest.run(egress, compiled, credential, input, options),
    })),
  )
}

/** Side by side; a single one, as most are, in the fiber that asks. */
const each = <A, B, E>(items: ReadonlyArray<A>, run: (item: A) => Effect.Effect<B, E>) => {
  const [only] = items
  return items.length === 1 && only !== undefined
    ? Effect.map(run(only), (result) => [result])
    : Effect.forEach(items, run, { concurrency: fanOut })
}

/** One call of the platform. */
const call = (
  live: LiveConnector.LiveConnector,
  action: CompiledConnector.CompiledAction,
  supplied: PreProcess.Call,
  guardrails: Guardrails.Guardrails,
  options: CallOptions.CallOptions,
): Effect.Effect<InferenceResult, ConnectorError> =>
  Effect.fromResult(UpstreamRequest.render(action, supplied, live.secret)).pipe(
    Effect.tap((request) => Guardrails.checkInput(guardrails, request.body ?? "", supplied)),
    Effect.flatMap((request) => LiveConnector.send(live, action, request, options)),
    Effect.flatMap((response) =>
      Effect.clockWith((clock) => UpstreamResponse.readInTurns(response, clock.currentTimeMillisUnsafe(), live.mask)),
    ),
    Effect.tap((answer) => Guardrails.checkOutput(guardrails, answer.text)),
    Effect.flatMap((answer) =>
      Effect.map(PostProcess.runInTurns(action.postProcess, supplied, answer, live.world), (output) =>
        resultOf(answer, output),
      ),
    ),
  )

const resultOf = (
  { response, text }: UpstreamResponse.UpstreamResponse,
  output: InferenceResult["output"],
): InferenceResult => {
  const usage = TokenUsage.ofResponse(response, text)
  return { output, status_code: response.status, ...(usage === undefined ? {} : { usage }) }
}

/** The results of all calls as one, where the function says so. */
const joined = (
  { processor }: PreProcess.PreProcess,
  results: ReadonlyArray<InferenceResult>,
): ReadonlyArray<InferenceResult> => {
  const [first] = results
  if (first === undefined || results.length === 1 || processor?.joinsResults !== true) return results
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
