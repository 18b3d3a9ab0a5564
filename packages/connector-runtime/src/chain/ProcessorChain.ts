/**
 * Processor chains: steps that change a request's body or an answer, one after the other.
 * Source: https://docs.opensearch.org/latest/ml-commons-plugin/processor-chain/
 */
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"
import * as JsonSteps from "./JsonSteps.ts"
import * as NestedSteps from "./NestedSteps.ts"
import { WorkBudget, Exhausted } from "./WorkBudget.ts"
import { type Compiled, type Make, textOf } from "./Step.ts"
import * as TextSteps from "./TextSteps.ts"

export interface ProcessorChain {
  /** What it makes of a value: a step that cannot do its work leaves it as it was. Fails with a sentence where it takes too much. */
  readonly run: (value: Json.Json) => Result.Result<Json.Json, string>
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
export const compile = (text: string): Result.Result<ProcessorChain, string> =>
  Result.gen(function* () {
    if (text.length > longest) return yield* Result.fail(`it is longer than ${longest} characters`)
    const steps = yield* Result.mapError(
      Json.parse(text),
      ({ message, line, column }) => `${message} at line ${line}, column ${column}`,
    )
    const allowance = new WorkBudget()
    const chain = yield* chainOf(steps, allowance)
    return {
      run: (value) =>
        Result.try({
          try: () => {
            allowance.begin()
            return chain(value)
          },
          catch: (cause) => {
            if (cause instanceof Exhausted) return "A chain of processors takes too much work"
            throw cause
          },
        }),
    }
  })

/** In characters: each of its patterns and paths is compiled. */
const longest = 50_000

/** In each other; a chain is a few steps, and not a way to exhaust the stack. */
const deepest = 16

const chainOf = (steps: Json.Json | undefined, allowance: WorkBudget, depth = 0): Compiled => {
  if (depth > deepest) return Result.fail(`processors nest deeper than ${deepest} levels`)
  const list = Json.isObject(steps) ? [steps] : steps
  if (!Array.isArray(list)) return Result.fail("a chain of processors is a list of objects with a 'type'")
  return Result.map(
    Result.all(list.map((step) => stepOf(step, allowance, depth))),
    (compiled) => (value) =>
      compiled.reduce((last, step) => {
        // A step may put a value into itself, so that each doubles it.
        allowance.spend(textOf(last).length * 3 + 100)
        return NestedSteps.attempt(step, last)
      }, value),
  )
}

const stepOf = (step: Json.Json, allowance: WorkBudget, depth: number): Compiled => {
  const type = Json.isObject(step) ? step["type"] : undefined
  const name = typeof type === "string" ? type.toLowerCase() : ""
  const make = Object.hasOwn(types, name) ? types[name] : undefined
  return make === undefined || !Json.isObject(step)
    ? Result.fail(
        `Invalid ML processor type: ${Json.toText(type ?? null)}. Use one of ${Object.keys(types).join(", ")}`,
      )
    : make(step, { chain: (inner) => chainOf(inner, allowance, depth + 1), allowance })
}
