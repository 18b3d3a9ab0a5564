/** Runs a connector's actions against its upstream: four compositions of the stages in `Call`. */
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import { Egress } from "@drawbar/egress/Egress"
import { Context, Effect, Layer, Result, type Scope } from "effect"
import type { ConnectorError } from "../ConnectorError.ts"
import type { DocumentBatches } from "../processors/DocumentBatches.ts"
import type { StreamFrame } from "../stream/PredictionStream.ts"
import type * as StreamMeter from "../stream/StreamMeter.ts"
import * as Streaming from "../stream/Streaming.ts"
import * as Call from "./Call.ts"
import * as CallOptions from "./CallOptions.ts"
import type { CompiledConnector } from "./CompiledConnector.ts"
import * as ConnectorTest from "./ConnectorTest.ts"
import * as DryRun from "./DryRun.ts"
import type { Guardrails } from "./Guardrails.ts"
import * as InferenceResults from "./InferenceResults.ts"
import * as LiveConnector from "./LiveConnector.ts"
import type { PredictInput } from "./PredictInput.ts"
import type { InferenceResult, Prediction } from "./Prediction.ts"
import type { ConnectorRef } from "../response/UpstreamFailure.ts"
import type { UpstreamRequest } from "./UpstreamRequest.ts"

/** How many calls of one predict are under way at once, when its input is split into several. */
const fanOut = 8

export class ConnectorRuntime extends Context.Service<
  ConnectorRuntime,
  {
    /** Opens a connector's connections; they close with the scope, after what is under way has ended. */
    readonly open: (
      compiled: CompiledConnector,
      credential: Credential,
      options?: Pick<LiveConnector.Options, "budget" | "ref">,
    ) => Effect.Effect<LiveConnector.LiveConnector, ConnectorError, Scope.Scope>
    /** Makes one predict: as many calls as its input needs, with results in the order of the input, all or none. */
    readonly execute: (
      live: LiveConnector.LiveConnector,
      input: PredictInput,
      guardrails?: Guardrails,
      options?: CallOptions.CallOptions,
      /** How the model splits its documents; absent: as the connector does. */
      batches?: DocumentBatches,
    ) => Effect.Effect<Prediction, ConnectorError>
    /**
     * Makes one call whose response comes in pieces, those that came together in one list. The first is there when the effect ends;
     * later failures are thrown by the iteration, as `ConnectorError`.
     */
    readonly stream: (
      live: LiveConnector.LiveConnector,
      input: PredictInput,
      guardrails?: Guardrails,
      options?: CallOptions.CallOptions,
      /** Called once a stream that has begun is over, however it ends. */
      report?: StreamMeter.Report,
    ) => Effect.Effect<AsyncIterable<ReadonlyArray<StreamFrame>>, ConnectorError, Scope.Scope>
    /** Makes one call on a connection of its own and reports how far it came; with a sample input where none is given. */
    readonly test: (
      compiled: CompiledConnector,
      credential: Credential,
      input?: PredictInput,
      options?: CallOptions.CallOptions,
      ref?: ConnectorRef,
    ) => Effect.Effect<ConnectorTest.ConnectorTest>
    /** The requests that a predict or a stream would send, in their order, with every secret masked; nothing is sent. */
    readonly dryRun: (
      compiled: CompiledConnector,
      input: PredictInput,
      options?: DryRun.Options,
    ) => Effect.Effect<readonly [UpstreamRequest, ...ReadonlyArray<UpstreamRequest>], ConnectorError>
  }
>()("@drawbar/connector-runtime/ConnectorRuntime") {
  static readonly layer = Layer.effect(
    ConnectorRuntime,
    Effect.map(Egress, (egress) => ({
      open: (compiled, credential, options) => LiveConnector.open(egress, compiled, credential, options),
      execute,
      stream: Streaming.run,
      test: (compiled, credential, input, options, ref) =>
        ConnectorTest.run(egress, compiled, credential, input, options ?? CallOptions.none, ref),
      dryRun: DryRun.run,
    })),
  )
}

const execute: ConnectorRuntime["Service"]["execute"] = (
  live,
  input,
  guardrails = {},
  options = CallOptions.none,
  batches,
) => {
  const calls = Call.prepare(live.compiled, input, live.world, batches)
  if (Result.isFailure(calls)) return Effect.fail(calls.failure)
  const predicted = (results: ReadonlyArray<InferenceResult>) =>
    Effect.fromResult(
      Result.map(InferenceResults.of(input, calls.success, results), (inference_results) => ({ inference_results })),
    )
  const complete = (call: Call.Call) => Call.complete(live, call, guardrails, options)
  const [only] = calls.success
  // A single one, as most are, in the calling fiber.
  return calls.success.length === 1 && only !== undefined
    ? Effect.flatMap(complete(only), (result) => predicted([result]))
    : Effect.flatMap(Effect.forEach(calls.success, complete, { concurrency: fanOut }), predicted)
}
