/** The way of a predict that answers piece by piece. What fails before the first piece fails as a plain predict does. */
import { json, type Supplied, textOf } from "@drawbar/template-renderer/Parameter"
import { Clock, Effect, Result } from "effect"
import type { CallObserver } from "../call/CallObserver.ts"
import * as CompiledConnector from "../call/CompiledConnector.ts"
import { ConnectorError, invalidInput } from "../ConnectorError.ts"
import { EgressError } from "@drawbar/egress/EgressError"
import * as Guardrails from "../call/Guardrails.ts"
import * as CallOptions from "../call/CallOptions.ts"
import * as LiveConnector from "../call/LiveConnector.ts"
import { actionOf, type PredictInput } from "../call/PredictInput.ts"
import type { StreamFrame } from "./PredictionStream.ts"
import * as PreProcess from "../processors/PreProcess.ts"
import * as UpstreamResponse from "../response/UpstreamResponse.ts"
import * as UpstreamRequest from "../call/UpstreamRequest.ts"
import * as UpstreamStream from "./UpstreamStream.ts"
import * as StreamFormat from "./StreamFormat.ts"

export const run = Effect.fnUntraced(function* (
  live: LiveConnector.LiveConnector,
  input: PredictInput,
  guardrails: Guardrails.Guardrails = {},
  options: CallOptions.CallOptions = CallOptions.none,
) {
  if (guardrails.output !== undefined)
    return yield* invalidInput("The output guardrail of this model looks at whole answers. Call it with _predict")
  const action = yield* Effect.fromResult(CompiledConnector.find(live.compiled, actionOf(input)))
  const supplied = yield* Effect.fromResult(onlyCall(action, input))
  const rendered = yield* Effect.fromResult(UpstreamRequest.render(action, supplied, live.secret))
  const format = yield* Effect.fromResult(formatOf(action, supplied, rendered.url))
  const request = format.asked(rendered)
  yield* Guardrails.checkInput(guardrails, request.body ?? "", supplied)
  const response = yield* LiveConnector.stream(live, action, request, options)
  const { status, stream } = response
  const type = String(response.headers["content-type"] ?? "")
  if (stream === undefined || !format.contentType.test(type)) {
    const whole = stream === undefined ? response : { ...response, body: yield* collected(stream) }
    const answer = yield* Effect.fromResult(UpstreamResponse.read(whole, yield* Clock.currentTimeMillis, live.mask))
    return yield* UpstreamResponse.unusable(
      answer,
      `The platform answered with ${type || "no content-type"} and not with a stream`,
    )
  }
  return yield* begun(UpstreamStream.frames({ format, status, bytes: stream, mask: live.mask }), options.observer)
})

/** A stream is one call; the word `stream` is set by the way it is asked, not by a parameter. */
const onlyCall = (
  action: CompiledConnector.CompiledAction,
  input: PredictInput,
): Result.Result<Supplied, ConnectorError> =>
  Result.flatMap(PreProcess.run(action.preProcess, input), (calls) => {
    const [only] = calls
    if (only === undefined || calls.length > 1)
      return Result.fail(
        invalidInput("A stream is one call of the platform, and this input needs several. Use _predict"),
      )
    const caller = new Map(only.caller)
    caller.delete("stream")
    return Result.succeed({ caller, runtime: new Map([...only.runtime, ["stream", json("true")]]) })
  })

const formatOf = ({ author }: CompiledConnector.CompiledAction, { caller }: Supplied, url: string) => {
  const parameter = (name: string) => {
    const given = caller.get(name)
    return given === undefined ? (Object.hasOwn(author, name) ? author[name] : undefined) : textOf(given)
  }
  const asked = { name: parameter("_llm_interface"), deltaPath: parameter("stream_delta_path"), url }
  return Result.mapError(StreamFormat.find(asked), invalidInput)
}

/** Enough of an answer that is no stream to say what it is. */
const enough = 65_536

const collected = (stream: AsyncIterable<Uint8Array>) =>
  Effect.tryPromise({
    try: async () => {
      const chunks: Array<Uint8Array> = []
      let size = 0
      for await (const chunk of stream) {
        chunks.push(chunk)
        size += chunk.length
        if (size > enough) break
      }
      return Buffer.concat(chunks)
    },
    catch: asConnectorError,
  })

/** The frames, once the first has come. */
const begun = Effect.fnUntraced(function* (
  frames: AsyncGenerator<ReadonlyArray<StreamFrame>, void>,
  observer: CallObserver | undefined,
) {
  const first = yield* Effect.tryPromise({ try: () => frames.next(), catch: asConnectorError })
  observer?.streamBegan()
  async function* all() {
    try {
      for (let next = first; next.done !== true; next = await frames.next()) {
        observer?.piecesCame(next.value.length)
        yield next.value
      }
    } finally {
      observer?.streamEnded()
      await frames.return()
    }
  }
  const stream: AsyncIterable<ReadonlyArray<StreamFrame>> = all()
  return stream
})

const asConnectorError = (cause: unknown): ConnectorError => {
  if (cause instanceof ConnectorError) return cause
  if (cause instanceof EgressError) return LiveConnector.ofEgress(cause)
  throw cause
}
