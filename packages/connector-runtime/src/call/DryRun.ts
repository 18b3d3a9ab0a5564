/** What a predict or a stream would send: the stages of a call up to its request, and what would refuse it before it is sent. */
import { type Credential, names } from "@drawbar/blueprint-schema/Credential"
import { Effect, Redacted, Result } from "effect"
import { type ConnectorError, invalidInput } from "../ConnectorError.ts"
import type { DocumentBatches } from "../processors/DocumentBatches.ts"
import * as ScriptWorld from "../processors/ScriptWorld.ts"
import * as Streaming from "../stream/Streaming.ts"
import * as Call from "./Call.ts"
import type { CompiledConnector } from "./CompiledConnector.ts"
import * as Guardrails from "./Guardrails.ts"
import type { PredictInput } from "./PredictInput.ts"
import * as AuthorizationPreview from "../auth/AuthorizationPreview.ts"
import * as LiveConnector from "./LiveConnector.ts"
import { mask, type UpstreamRequest } from "./UpstreamRequest.ts"

export interface Options {
  /** Whether it is the request of a stream. */
  readonly stream?: boolean | undefined
  readonly batches?: DocumentBatches | undefined
  /** Whose values are masked; an empty one is shown as it is, because it hides a fault and no secret. */
  readonly credential?: Credential
  /** Those that call no other model. */
  readonly guardrails?: Guardrails.Guardrails | undefined
}

export const run = Effect.fnUntraced(function* (
  compiled: CompiledConnector,
  input: PredictInput,
  { stream = false, batches, guardrails = {}, credential = {} }: Options = {},
): Effect.fn.Return<readonly [UpstreamRequest, ...ReadonlyArray<UpstreamRequest>], ConnectorError> {
  const world = yield* ScriptWorld.current
  const masked = (name: string) =>
    credential[name] !== undefined && Redacted.value(credential[name]) === "" ? "" : mask
  const calls = stream
    ? Result.map(Streaming.prepare(compiled, input, world, guardrails), (call) => [call])
    : Call.prepare(compiled, input, world, batches)
  const [first, ...others] = yield* Effect.forEach(
    yield* Effect.fromResult(calls),
    Effect.fnUntraced(function* (call) {
      const rendered = stream
        ? Result.map(Streaming.render(call, masked), ({ request }) => request)
        : Call.render(call, masked)
      const request = yield* Effect.fromResult(rendered)
      yield* Guardrails.checkInput(guardrails, request.body ?? "", call.supplied)
      return yield* AuthorizationPreview.shown(
        compiled.connector,
        names(credential),
        LiveConnector.withUserAgent(request),
      )
    }),
  )
  return first === undefined ? yield* invalidInput("The input makes no call") : [first, ...others]
})
