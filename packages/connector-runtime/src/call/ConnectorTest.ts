/** One live call of a connector, reported stage by stage: how far it comes, and what stops it. */
import type { Credential } from "@drawbar/blueprint-schema/Credential"
import type { ConnectionEvent } from "@drawbar/egress/ConnectionEvent"
import type { Egress } from "@drawbar/egress/Egress"
import { Clock, Effect, Result } from "effect"
import { type ConnectorError, invalidInput, type Reason } from "../ConnectorError.ts"
import * as ScriptWorld from "../processors/ScriptWorld.ts"
import type { Tensor } from "../response/Tensor.ts"
import type { ConnectorRef } from "../response/UpstreamFailure.ts"
import * as TokenUsage from "../response/TokenUsage.ts"
import * as Call from "./Call.ts"
import type { CallOptions } from "./CallOptions.ts"
import * as CompiledConnector from "./CompiledConnector.ts"
import type { StageName } from "./ConnectorTestStage.ts"
import * as LiveConnector from "./LiveConnector.ts"
import type { PredictInput } from "./PredictInput.ts"
import * as SampleInput from "./SampleInput.ts"
import * as UpstreamRequest from "./UpstreamRequest.ts"

/** What was found at a stage. */
export type Found =
  | { readonly stage: "rendered"; readonly request: UpstreamRequest.UpstreamRequest }
  | ConnectionEvent
  | { readonly stage: "answered"; readonly status: number; readonly bytes: number }
  | { readonly stage: "processed"; readonly output: ReadonlyArray<Tensor> }

export type Stage =
  /** `millis` are counted from the beginning of the test. */
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
  ref: ConnectorRef = {},
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
    Effect.scoped(observed(egress, compiled, credential, input, { found, took, options, ref })),
  )
  if (Result.isFailure(result)) {
    const { reason, message } = result.failure
    stages.push({ stage: ends[reason._tag], ok: false, millis: elapsed(), error: message })
  }
  return { ok: Result.isSuccess(result), sampled: input === undefined, stages, usage }
})

interface Watched {
  readonly options: CallOptions
  readonly ref: ConnectorRef
  readonly found: (one: Found) => void
  readonly took: (tokens: ConnectorTest["usage"]) => void
}

/** The stages of `Call.complete`, each reported, without guardrails and without a retry. */
const observed = Effect.fnUntraced(function* (
  egress: Egress["Service"],
  compiled: CompiledConnector.CompiledConnector,
  credential: Credential,
  input: PredictInput | undefined,
  { found, took, options, ref }: Watched,
) {
  const world = yield* ScriptWorld.current
  const sampled = Result.map(CompiledConnector.find(compiled, "PREDICT"), SampleInput.of)
  const given = input ?? (yield* Effect.fromResult(sampled))
  const [call] = yield* Effect.fromResult(Call.prepare(compiled, given, world))
  if (call === undefined) return yield* invalidInput("The input makes no call")
  found({ stage: "rendered", request: yield* Effect.fromResult(Call.render(call, () => UpstreamRequest.mask)) })
  const config = { ...LiveConnector.configOf(compiled), max_retry_times: 0 }
  const live = yield* LiveConnector.open(egress, compiled, credential, { config, observe: found, ref })
  const request = yield* Effect.fromResult(Call.render(call, live.secret))
  const explained = Effect.mapError((error: ConnectorError) => LiveConnector.explained(live, call.action, error))
  const answer = yield* explained(Call.exchange(live, call, request, options))
  const { response } = answer
  took(TokenUsage.ofResponse(response, answer.text))
  found({ stage: "answered", status: response.status, bytes: response.body.length })
  found({ stage: "processed", output: yield* explained(Call.shape(live, call, answer, options)) })
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
  NoRoom: "answered",
  ResponseTooLarge: "answered",
  UnsupportedContentEncoding: "answered",
  ProtocolError: "answered",
  UpstreamError: "answered",
  InvalidUpstreamResponse: "processed",
  GuardrailTriggered: "processed",
}
