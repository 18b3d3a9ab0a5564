/** Counts what calls have used and cost: for the limits, for an observer, and for the record of what was spent. */
import type { CompiledConnector } from "@drawbar/connector-runtime/call/CompiledConnector"
import type { PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import type { Prediction } from "@drawbar/connector-runtime/call/Prediction"
import * as TokenUsage from "@drawbar/connector-runtime/response/TokenUsage"
import type { Caller } from "@drawbar/registry/access/Caller"
import { Usage } from "@drawbar/registry/spend/Usage"
import { Effect } from "effect"
import type { CallContext } from "./CallContext.ts"
import * as CallerFilters from "./CallerFilters.ts"
import * as Pricing from "./Pricing.ts"
import type { Spending } from "./Spending.ts"
import type { TokenEstimate } from "./TokenEstimate.ts"

/** A call that has ended. */
export interface Accounted {
  readonly context: CallContext
  readonly spending: Spending
  readonly modelId: string
  readonly compiled: CompiledConnector
  readonly input: PredictInput
  readonly estimate: TokenEstimate
}

export interface Accounting {
  readonly priceOf: Pricing.Pricing["priceOf"]
  /** `answer` is estimated where its provider does not say what it took. */
  readonly used: (
    call: Accounted,
    usages: ReadonlyArray<TokenUsage.TokenUsage | undefined>,
    answer?: Prediction,
  ) => void
  /** Of a call that failed after its upstream may have worked on it: its prompt. Returns what it counts as. */
  readonly failed: (call: Omit<Accounted, "context" | "spending">, caller: Caller) => Spent
}

interface Spent {
  readonly tokens: number
  readonly nano_usd: number
}

export const make = Effect.gen(function* () {
  const usage = yield* Usage
  const { priceOf } = yield* Pricing.make

  const count = (
    { modelId, compiled, input }: Pick<Accounted, "modelId" | "compiled" | "input">,
    { principal }: Caller,
    taken: TokenUsage.TokenUsage,
  ): Spent => {
    const price = priceOf(modelId, compiled, input)
    const nanoUsd = price === undefined ? undefined : Pricing.cost(price, taken.input, taken.output)
    usage.record({
      key: principal?.kind === "api_key" ? principal.id : undefined,
      // A name without proof is anybody's.
      user: principal?.name,
      model: modelId,
      input: taken.input,
      output: taken.output,
      nanoUsd,
      estimated: taken.estimated === true,
    })
    return { tokens: taken.input + taken.output, nano_usd: nanoUsd ?? 0 }
  }

  const accounting: Accounting = {
    priceOf,
    used: (call, usages, answer) => {
      const { context, spending, input, estimate } = call
      const reported = TokenUsage.sum(usages)
      const estimated = usages.some((one) => one?.estimated === true)
      context.observer?.tokensUsed({ ...reported, estimated })
      const isSilent = answer !== undefined && usages.some((one) => one === undefined)
      const taken = isSilent
        ? { input: estimate.prompt(input), output: outputOf(answer, input), estimated: true }
        : { ...reported, estimated }
      spending.add(reported.input + reported.output, count(call, context.caller, taken))
    },
    failed: (call, caller) =>
      count(call, caller, { input: call.estimate.prompt(call.input), output: 0, estimated: true }),
  }
  return accounting
})

/** Of texts alone: vectors are not charged by their size. What the caller's own filter has left of an answer says nothing of it. */
const outputOf = ({ inference_results }: Prediction, input: PredictInput): number => {
  let bytes = 0
  const isFiltered = CallerFilters.find(input) !== undefined
  for (const { output, length = 0 } of inference_results)
    if (isFiltered) bytes += length
    else for (const { dataAsMap } of output) if (dataAsMap !== undefined) bytes += Buffer.byteLength(dataAsMap)
  return TokenUsage.estimate(0, bytes).output
}
