/**
 * Processor chains: steps that change a request's body or an answer, one after the other.
 * Source: https://docs.opensearch.org/latest/ml-commons-plugin/processor-chain/
 */
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"
import * as JsonSteps from "./JsonSteps.ts"
import * as NestedSteps from "./NestedSteps.ts"
import { WorkBudget, type Bounds, Exhausted, TooLarge } from "./WorkBudget.ts"
import { JsonSize } from "./JsonSize.ts"
import type { Compiled, Make, Making, Step } from "./Step.ts"
import * as TextSteps from "./TextSteps.ts"
import type { Share } from "@drawbar/egress/Share"
import * as TimeSlice from "@drawbar/egress/TimeSlice"

export interface ProcessorChain {
  /**
   * What it makes of a value: a step that cannot do its work leaves it as it was. Fails with a sentence where it takes, or produces,
   * too much. Where it continues, the last value and this one have together what one has.
   */
  readonly run: (value: Json.Json, continues?: boolean) => Result.Result<Json.Json, string>
  /** As `run`, with turns of the event loop between the steps; for one value at a time. */
  readonly runInTurns: (value: Json.Json, share?: Share) => Promise<Result.Result<Json.Json, string>>
}

const types: Readonly<Record<string, Make>> = {
  to_string: TextSteps.toString,
  regex_replace: TextSteps.regexReplace,
  regex_capture: TextSteps.regexCapture,
  extract_json: JsonSteps.extractJson,
  jsonpath_filter: JsonSteps.jsonPathFilter,
  remove_jsonpath: JsonSteps.removeJsonPath,
  set_field: JsonSteps.setField,
  conditional: NestedSteps.conditional,
  process_and_set: NestedSteps.processAndSet,
  for_each: NestedSteps.forEach,
}

/** Reads a chain from the JSON text of a list of steps; fails with a sentence. */
export const compile = (text: string, bounds?: Bounds): Result.Result<ProcessorChain, string> =>
  Result.gen(function* () {
    if (text.length > longest) return yield* Result.fail(`it is longer than ${longest} characters`)
    const given = yield* Result.mapError(
      Json.parse(text),
      ({ message, line, column }) => `${message} at line ${line}, column ${column}`,
    )
    const making = { allowance: new WorkBudget(bounds), sizes: new JsonSize() }
    const { allowance, sizes } = making
    allowance.begin()
    const steps = yield* Result.flatMap(
      within(() => stepsOf(given, making)),
      (read) => read,
    )
    const begin = (value: Json.Json, continues = false) => {
      if (!continues) allowance.begin()
      allowance.produceFrom(sizes.of(value), growth)
    }
    return {
      run: (value, continues) =>
        within(() => {
          begin(value, continues)
          return steps.reduce((last, step) => taken(step, last, making), value)
        }),
      runInTurns: async (value, share) => {
        let last = within(() => {
          begin(value)
          return value
        })
        for (const step of steps) {
          allowance.rest()
          // oxlint-disable-next-line no-await-in-loop -- a step needs the one before
          await TimeSlice.next(share)
          allowance.resume()
          last = Result.flatMap(last, (before) => within(() => taken(step, before, making)))
          if (Result.isFailure(last)) break
        }
        return last
      },
    }
  })

/** How many times its size a value may become. */
const growth = 4

/** A sentence where work takes too much, or produces too much. */
const within = <A>(work: () => A): Result.Result<A, string> =>
  Result.try({
    try: work,
    catch: (cause) => {
      // A stack that overflows, or a text longer than a text may be, is too much as well.
      if (cause instanceof Exhausted || cause instanceof TooLarge || cause instanceof RangeError)
        return "A chain of processors takes too much work"
      throw cause
    },
  })

const taken = (step: Step, last: Json.Json, { allowance, sizes }: Measures): Json.Json => {
  // A step may put a value into itself, so that each doubles it.
  allowance.spend(sizes.of(last) * 3 + 100)
  const next = NestedSteps.attempt(step, last)
  allowance.produce(sizes.of(next))
  return next
}

/** In characters: each of its patterns and paths is compiled. */
const longest = 50_000

/** In each other; a chain is a few steps, and not a way to exhaust the stack. */
const deepest = 16

type Measures = Pick<Making, "allowance" | "sizes">

const stepsOf = (
  given: Json.Json | undefined,
  measures: Measures,
  depth = 0,
): Result.Result<ReadonlyArray<Step>, string> => {
  if (depth > deepest) return Result.fail(`processors nest deeper than ${deepest} levels`)
  const list = Json.isObject(given) ? [given] : given
  if (!Array.isArray(list)) return Result.fail("a chain of processors is a list of objects with a 'type'")
  return Result.all(list.map((step) => stepOf(step, measures, depth)))
}

const chainOf = (given: Json.Json | undefined, measures: Measures, depth: number): Compiled =>
  Result.map(
    stepsOf(given, measures, depth),
    (steps) => (value) => steps.reduce((last, step) => taken(step, last, measures), value),
  )

const stepOf = (step: Json.Json, measures: Measures, depth: number): Compiled => {
  const type = Json.isObject(step) ? step["type"] : undefined
  const name = typeof type === "string" ? type.toLowerCase() : ""
  const make = Object.hasOwn(types, name) ? types[name] : undefined
  return make === undefined || !Json.isObject(step)
    ? Result.fail(
        `Invalid ML processor type: ${Json.toText(type ?? null)}. Use one of ${Object.keys(types).join(", ")}`,
      )
    : make(step, { chain: (inner) => chainOf(inner, measures, depth + 1), ...measures })
}
