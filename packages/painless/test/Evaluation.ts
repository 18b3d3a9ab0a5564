/** Compiles and runs a script for a test; returns its result as JSON text, or the message of its error. */
import { Result } from "effect"
import * as ScriptData from "../src/ScriptData.ts"
import type { PainlessError } from "../src/PainlessError.ts"
import * as Script from "../src/Script.ts"

export const attempt = (
  source: string,
  params: string = "{}",
  options: Script.Options = {},
): Result.Result<ScriptData.Json, PainlessError> =>
  Result.flatMap(Script.compile(source, options), (script) => Script.runJson(script, params, options))

export const evaluate = (source: string, params?: string, options?: Script.Options): ScriptData.Json =>
  Result.getOrThrow(attempt(source, params, options))

export const text = (source: string, params?: string, options?: Script.Options): string =>
  ScriptData.toText(evaluate(source, params, options))

export const failure = (source: string, params?: string, options?: Script.Options): PainlessError => {
  const result = attempt(source, params, options)
  if (Result.isFailure(result)) return result.failure
  throw new Error(`the script answered ${ScriptData.toText(result.success)} where an error was expected`)
}

/** A seeded random generator (mulberry32), so that a failure can be reproduced. */
export const random = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}
