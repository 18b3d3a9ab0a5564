/** The way of a predict that answers piece by piece. What fails before the first piece fails as a plain predict does. */
import { json, type Supplied, textOf } from "@drawbar/template-renderer/Parameter"
import { Effect, Result } from "effect"
import type { CallObserver } from "../call/CallObserver.ts"
import * as CompiledConnector from "../call/CompiledConnector.ts"
import { type ConnectorError, invalidInput } from "../ConnectorError.ts"
import * as Guardrails from "../call/Guardrails.ts"
import * as CallOptions from "../call/CallOptions.ts"
import * as LiveConnector from "../call/LiveConnector.ts"
import type { ScriptWorld } from "../processors/ScriptWorld.ts"
import { actionOf, type PredictInput } from "../call/PredictInput.ts"
import type { StreamFrame } from "./PredictionStream.ts"
import * as PreProcess from "../processors/PreProcess.ts"
import * as UpstreamResponse from "../response/UpstreamResponse.ts"
import * as UpstreamRequest from "../call/UpstreamRequest.ts"
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
  if (guardrails.output !== undefined)
    return yield* invalidInput("The output guardrail of this model looks at whole answers. Call it with _predict")
  const action = yield* Effect.fromResult(CompiledConnector.find(live.compiled, actionOf(input)))
  const { request, supplied, format } = yield* Effect.fromResult(prepared(action, input, live.secret, live.world))
  yield* Guardrails.checkInput(guardrails, request.body ?? "", supplied)
  const { mask } = live
  const { origin } = action.url
  const opened = yield* LiveConnector.stream(live, action, request, options, (response) =>
    Effect.clockWith((clock) =>
      Effect.promise(() =>
        StreamOpening.open({ response, format, mask, origin, now: clock.currentTimeMillisUnsafe() }),
      ),
    ),
  )
  if ("failure" in opened.outcome) return yield* UpstreamResponse.patient(opened.outcome.failure)
  const meter = StreamMeter.make(request.body ?? "", report)
  yield* Effect.addFinalizer(() => Effect.sync(meter.close))
  return begun(opened.outcome, meter, options.observer)
})

/** The request of a stream, and how its answer is read. */
export const prepared = (
  action: CompiledConnector.CompiledAction,
  input: PredictInput,
  secret: (name: string) => string,
  world: ScriptWorld,
): Result.Result<Prepared, ConnectorError> =>
  Result.gen(function* () {
    const supplied = yield* onlyCall(action, input, world)
    const rendered = yield* UpstreamRequest.render(action, supplied, secret)
    const parameter = parameterOf(action, supplied)
    const format = yield* Result.mapError(
      StreamFormat.find({
        name: parameter("_llm_interface"),
        deltaPath: parameter("stream_delta_path"),
        url: rendered.url,
      }),
      invalidInput,
    )
    const usage = parameter("stream_usage") !== "false"
    return { request: format.asked(rendered, { usage }), supplied, format }
  })

interface Prepared {
  readonly request: UpstreamRequest.UpstreamRequest
  readonly supplied: Supplied
  readonly format: StreamFormat.StreamFormat
}

/** A stream is one call; the word `stream` is set by the way it is asked, not by a parameter. */
const onlyCall = (
  action: CompiledConnector.CompiledAction,
  input: PredictInput,
  world: LiveConnector.LiveConnector["world"],
): Result.Result<Supplied, ConnectorError> =>
  Result.flatMap(PreProcess.run(action.preProcess, input, world), (calls) => {
    const [only] = calls
    if (only === undefined || calls.length > 1)
      return Result.fail(
        invalidInput("A stream is one call of the platform, and this input needs several. Use _predict"),
      )
    const caller = new Map(only.caller)
    caller.delete("stream")
    return Result.succeed({ caller, runtime: new Map([...only.runtime, ["stream", json("true")]]) })
  })

const parameterOf =
  ({ author }: CompiledConnector.CompiledAction, { caller }: Supplied) =>
  (name: string): string | undefined => {
    const given = caller.get(name)
    return given === undefined ? (Object.hasOwn(author, name) ? author[name] : undefined) : textOf(given)
  }

/** The frames, of which the first have come. */
const begun = (
  { first, frames }: StreamOpening.Begun,
  meter: StreamMeter.StreamMeter,
  observer: CallObserver | undefined,
): AsyncIterable<ReadonlyArray<StreamFrame>> => {
  observer?.streamBegan()
  async function* all() {
    try {
      for (let next = first; next.done !== true; next = await frames.next()) {
        observer?.piecesCame(next.value.length)
        yield meter.count(next.value)
      }
    } finally {
      observer?.streamEnded()
      meter.close()
      await frames.return()
    }
  }
  return all()
}
