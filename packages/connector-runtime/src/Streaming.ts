/** The way of a predict that answers piece by piece. What fails before the first piece fails as a plain predict does. */
import { json, type Supplied, textOf } from "@drawbar/template-renderer/Parameter"
import { performance } from "node:perf_hooks"
import { Clock, Effect, Result } from "effect"
import * as CompiledConnector from "./CompiledConnector.ts"
import { ConnectorError, invalidInput } from "./ConnectorError.ts"
import { EgressError } from "./EgressError.ts"
import * as Guardrails from "./Guardrails.ts"
import { Journey } from "./Journey.ts"
import * as LiveConnector from "./LiveConnector.ts"
import { actionOf, type PredictInput } from "./PredictInput.ts"
import type { StreamFrame } from "./PredictionStream.ts"
import * as PreProcess from "./PreProcess.ts"
import * as RemoteAnswer from "./RemoteAnswer.ts"
import * as RemoteRequest from "./RemoteRequest.ts"
import * as RemoteStream from "./RemoteStream.ts"
import * as StreamFormat from "./stream/StreamFormat.ts"

export const run = Effect.fnUntraced(function* (
  live: LiveConnector.LiveConnector,
  input: PredictInput,
  guardrails: Guardrails.Guardrails = {},
) {
  if (guardrails.output !== undefined)
    return yield* invalidInput("The output guardrail of this model looks at whole answers. Call it with _predict")
  const action = yield* Effect.fromResult(CompiledConnector.find(live.compiled, actionOf(input)))
  const supplied = yield* Effect.fromResult(onlyCall(action, input))
  const rendered = yield* Effect.fromResult(RemoteRequest.render(action, supplied, live.secret))
  const format = yield* Effect.fromResult(formatOf(action, supplied, rendered.url))
  const request = format.asked(rendered)
  yield* Guardrails.checkInput(guardrails, request.body ?? "", supplied)
  const response = yield* LiveConnector.stream(live, action, request)
  const { status, stream } = response
  const type = String(response.headers["content-type"] ?? "")
  if (stream === undefined || !format.contentType.test(type)) {
    const whole = stream === undefined ? response : { ...response, body: yield* collected(stream) }
    const answer = yield* Effect.fromResult(RemoteAnswer.read(whole, yield* Clock.currentTimeMillis, live.mask))
    return yield* RemoteAnswer.unusable(
      answer,
      `The platform answered with ${type || "no content-type"} and not with a stream`,
    )
  }
  return yield* begun(RemoteStream.frames({ format, status, bytes: stream, mask: live.mask }))
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
const begun = Effect.fnUntraced(function* (frames: AsyncGenerator<ReadonlyArray<StreamFrame>, void>) {
  const first = yield* Effect.tryPromise({ try: () => frames.next(), catch: asConnectorError })
  const journey = yield* Journey
  if (journey !== undefined) {
    journey.first = performance.now()
    journey.ended = undefined
  }
  async function* all() {
    try {
      for (let next = first; next.done !== true; next = await frames.next()) {
        if (journey !== undefined) journey.pieces += next.value.length
        yield next.value
      }
    } finally {
      if (journey !== undefined) journey.ended = performance.now()
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
