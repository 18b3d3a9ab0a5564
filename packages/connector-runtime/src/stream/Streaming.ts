/** A predict whose response comes in pieces. What fails before the first piece fails as a plain predict does. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import * as OpenAiFrames from "../dialect/OpenAiFrames.ts"
import { json, type Supplied, textOf } from "@drawbar/template-renderer/Parameter"
import { Effect, Result } from "effect"
import * as Call from "../call/Call.ts"
import type { CallObserver } from "../call/CallObserver.ts"
import * as CallOptions from "../call/CallOptions.ts"
import type { CompiledAction, CompiledConnector } from "../call/CompiledConnector.ts"
import * as Guardrails from "../call/Guardrails.ts"
import * as LiveConnector from "../call/LiveConnector.ts"
import type { PredictInput } from "../call/PredictInput.ts"
import type { UpstreamRequest } from "../call/UpstreamRequest.ts"
import { ConnectorError, invalidInput } from "../ConnectorError.ts"
import type { ScriptWorld } from "../processors/ScriptWorld.ts"
import * as UpstreamResponse from "../response/UpstreamResponse.ts"
import type { StreamFrame } from "./PredictionStream.ts"
import * as StreamFormat from "./StreamFormat.ts"
import * as StreamMeter from "./StreamMeter.ts"
import * as StreamOpening from "./StreamOpening.ts"

export const run = Effect.fnUntraced(function* (
  live: LiveConnector.LiveConnector,
  input: PredictInput,
  guardrails: Guardrails.Guardrails = {},
  options: CallOptions.CallOptions = CallOptions.none,
  report: StreamMeter.Report = () => {},
) {
  const call = yield* Effect.fromResult(prepare(live.compiled, input, live.world, guardrails))
  const { request, format } = yield* Effect.fromResult(render(call, live.secret))
  yield* Guardrails.checkInput(guardrails, request.body ?? "", call.supplied)
  const { mask } = live
  const { origin } = call.action.url
  const opened = yield* LiveConnector.stream(live, call.action, request, options, (response) =>
    Effect.clockWith((clock) =>
      Effect.promise(() =>
        StreamOpening.open({ response, format, mask, origin, now: clock.currentTimeMillisUnsafe() }),
      ),
    ),
  )
  const explained = (error: ConnectorError) => LiveConnector.explained(live, call.action, error)
  if ("failure" in opened.outcome) return yield* explained(UpstreamResponse.patient(opened.outcome.failure))
  const meter = StreamMeter.make(request.body ?? "", report)
  yield* Effect.addFinalizer(() => Effect.sync(meter.close))
  const translate = call.openai?.operation !== "chat" ? undefined : OpenAiFrames.make(call.action.dialect, call.openai)
  return begun(opened.outcome, meter, explained, options.observer, translate)
})

/** The one call of a stream. The parameter `stream` is set by the path of the request, not by the caller's value. */
export const prepare = (
  compiled: CompiledConnector,
  input: PredictInput,
  world: ScriptWorld,
  { output }: Guardrails.Guardrails,
): Result.Result<Call.Call, ConnectorError> =>
  Result.flatMap(output === undefined ? Call.prepare(compiled, input, world) : wholeResponsesOnly, (calls) => {
    const [only] = calls
    if (only === undefined || calls.length > 1)
      return Result.fail(
        invalidInput("A stream is one call of the provider, and this input needs several. Use _predict"),
      )
    const { action, supplied, openai } = only
    const caller = new Map(supplied.caller)
    caller.delete("stream")
    return Result.succeed({
      action,
      openai,
      supplied: { ...supplied, caller, runtime: new Map([...supplied.runtime, ["stream", json("true")]]) },
    })
  })

const wholeResponsesOnly = Result.fail(
  invalidInput("The output guardrail of this model looks at whole answers. Call it with _predict"),
)

/** The request of a stream, and how its response is read. */
export const render = (
  call: Call.Call,
  secret: (name: string) => string,
): Result.Result<StreamRequest, ConnectorError> =>
  Result.gen(function* () {
    const rendered = yield* Call.render(call, secret)
    const parameter = parameterOf(call.action, call.supplied)
    const format = yield* Result.mapError(
      StreamFormat.find({
        name: parameter(Reserved.llmInterface),
        otherwise: call.openai === undefined ? undefined : call.action.dialect.dialect?.names[0],
        deltaPath: parameter(Reserved.streamDeltaPath),
        url: rendered.url,
      }),
      invalidInput,
    )
    const usage = parameter(Reserved.streamUsage) !== "false"
    return {
      request: format.asked(rendered, { usage }),
      format: call.openai?.operation === "responses" ? StreamFormat.passedOn(format) : format,
    }
  })

interface StreamRequest {
  readonly request: UpstreamRequest
  readonly format: StreamFormat.StreamFormat
}

const parameterOf =
  ({ author }: CompiledAction, { caller }: Supplied) =>
  (name: string): string | undefined => {
    const given = caller.get(name)
    return given === undefined ? (Object.hasOwn(author, name) ? author[name] : undefined) : textOf(given)
  }

/** The frames, of which the first have come. */
const begun = (
  { first, frames }: StreamOpening.Begun,
  meter: StreamMeter.StreamMeter,
  explained: (error: ConnectorError) => ConnectorError,
  observer: CallObserver | undefined,
  translate: ((frame: StreamFrame) => StreamFrame) | undefined,
): AsyncIterable<ReadonlyArray<StreamFrame>> => {
  observer?.streamBegan()
  async function* all() {
    try {
      for (let next = first; next.done !== true; next = await frames.next()) {
        observer?.piecesCame(next.value.length)
        const counted = meter.count(next.value)
        yield translate === undefined ? counted : counted.map(translate)
      }
    } catch (cause) {
      throw cause instanceof ConnectorError ? explained(cause) : cause
    } finally {
      observer?.streamEnded()
      meter.close()
      await frames.return()
    }
  }
  return all()
}
