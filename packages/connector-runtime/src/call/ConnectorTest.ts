/** One live call of a connector, told stage by stage: how far it comes, and what stops it. */
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import { Clock, Effect, Result } from "effect"
import type { CallOptions } from "./CallOptions.ts"
import * as CompiledConnector from "./CompiledConnector.ts"
import type { Reason } from "../ConnectorError.ts"
import type { Egress } from "@drawbar/egress/Egress"
import type { ConnectionEvent } from "@drawbar/egress/ConnectionEvent"
import * as LiveConnector from "./LiveConnector.ts"
import * as PostProcess from "../processors/PostProcess.ts"
import { actionOf, type PredictInput } from "./PredictInput.ts"
import * as PreProcess from "../processors/PreProcess.ts"
import * as UpstreamResponse from "../response/UpstreamResponse.ts"
import * as UpstreamRequest from "./UpstreamRequest.ts"
import * as SampleInput from "./SampleInput.ts"
import * as ScriptWorld from "../processors/ScriptWorld.ts"
import type { Tensor } from "../response/Tensor.ts"
import * as TokenUsage from "../response/TokenUsage.ts"
import type { StageName } from "./ConnectorTestStage.ts"

/** What was found at a stage. */
export type Found =
  | { readonly stage: "rendered"; readonly request: UpstreamRequest.UpstreamRequest }
  | ConnectionEvent
  | { readonly stage: "answered"; readonly status: number; readonly bytes: number }
  | { readonly stage: "processed"; readonly output: ReadonlyArray<Tensor> }

export type Stage =
  /** `millis` are counted from the beginning of the trial. */
  | (Found & { readonly ok: true; readonly millis: number })
  | { readonly stage: StageName; readonly ok: false; readonly millis: number; readonly error: string }

export interface ConnectorTest {
  readonly ok: boolean
  /** Whether the input was made up, because none was given. */
  readonly sampled: boolean
  readonly stages: ReadonlyArray<Stage>
  /** The tokens that it took, as the platform counts them. */
  readonly usage?: TokenUsage.TokenUsage | undefined
}

/** Makes the call. It is a real one: the platform may charge for it. */
export const run = Effect.fnUntraced(function* (
  egress: Egress["Service"],
  compiled: CompiledConnector.CompiledConnector,
  credential: Credential,
  input: PredictInput | undefined,
  options: CallOptions,
): Effect.fn.Return<ConnectorTest> {
  const clock = yield* Clock.Clock
  const begun = clock.currentTimeMillisUnsafe()
  const stages: Array<Stage> = []
  const elapsed = () => clock.currentTimeMillisUnsafe() - begun
  const found = (one: Found) => void stages.push({ ...one, ok: true, millis: elapsed() })
  let usage: TokenUsage.TokenUsage | undefined
  const took = (tokens: TokenUsage.TokenUsage | undefined) => {
    usage = tokens
  }
  const result = yield* Effect.result(
    Effect.scoped(call(egress, compiled, credential, input, { found, took, options })),
  )
  if (Result.isFailure(result)) {
    const { reason, message } = result.failure
    stages.push({ stage: ends[reason._tag], ok: false, millis: elapsed(), error: message })
  }
  return { ok: Result.isSuccess(result), sampled: input === undefined, stages, usage }
})

interface Watched {
  readonly options: CallOptions
  readonly found: (one: Found) => void
  readonly took: (tokens: ConnectorTest["usage"]) => void
}

const call = Effect.fnUntraced(function* (
  egress: Egress["Service"],
  compiled: CompiledConnector.CompiledConnector,
  credential: Credential,
  input: PredictInput | undefined,
  { found, took, options }: Watched,
) {
  const action = yield* Effect.fromResult(
    CompiledConnector.find(compiled, input === undefined ? "PREDICT" : actionOf(input)),
  )
  const world = yield* ScriptWorld.current
  const calls = yield* Effect.fromResult(PreProcess.run(action.preProcess, input ?? SampleInput.of(action), world))
  const supplied = calls[0] ?? { caller: new Map(), runtime: new Map() }
  const shown = yield* Effect.fromResult(UpstreamRequest.render(action, supplied, () => UpstreamRequest.mask))
  found({ stage: "rendered", request: shown })
  const config = { ...LiveConnector.configOf(compiled), max_retry_times: 0 }
  const live = yield* LiveConnector.open(egress, compiled, credential, { config, observe: found })
  const request = yield* Effect.fromResult(UpstreamRequest.render(action, supplied, live.secret))
  const response = yield* LiveConnector.send(live, action, request, options)
  const answer = yield* UpstreamResponse.readInTurns(response, yield* Clock.currentTimeMillis, live.mask)
  took(TokenUsage.ofResponse(response, answer.text))
  found({ stage: "answered", status: response.status, bytes: response.body.length })
  found({ stage: "processed", output: yield* PostProcess.runInTurns(action.postProcess, supplied, answer, world) })
})

/** The stage at which a call ends for a reason. */

const ends: Readonly<Record<Reason["_tag"], StageName>> = {
  InvalidConnector: "rendered",
  InvalidInput: "rendered",
  MissingParameters: "rendered",
  NotRendered: "rendered",
  RequestSigningFailed: "authorised",
  InvalidOutboundRequest: "trusted",
  UnsupportedScheme: "trusted",
  BlockedPort: "trusted",
  UserInfoInUrl: "trusted",
  NotTrusted: "trusted",
  OriginMismatch: "trusted",
  DnsLookupFailed: "resolved",
  PrivateAddress: "resolved",
  RestrictedAddress: "resolved",
  ConnectFailed: "connected",
  ProxyRefused: "connected",
  ConnectTimeout: "connected",
  PoolExhausted: "connected",
  CircuitOpen: "connected",
  PoolClosed: "connected",
  TlsFailed: "secured",
  VerificationRequired: "secured",
  ConnectionReset: "answered",
  HeadersTimeout: "answered",
  IdleTimeout: "answered",
  DeadlineExceeded: "answered",
  BodyIncomplete: "answered",
  ResponseTooLarge: "answered",
  UnsupportedContentEncoding: "answered",
  ProtocolError: "answered",
  UpstreamError: "answered",
  InvalidUpstreamResponse: "processed",
  GuardrailTriggered: "processed",
}
