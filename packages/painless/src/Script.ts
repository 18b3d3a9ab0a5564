/** The subset of Painless that process functions are written in: compiled once to closures, run many times. */
import { Result } from "effect"
import type { Json } from "./Json.ts"
import * as Limits from "./Limits.ts"
import { InvalidJson, LimitExceeded, PainlessError, Runtime, Syntax, Thrown, type Reason } from "./PainlessError.ts"
import * as Binding from "./internal/Binding.ts"
import { slots as makeSlots } from "./internal/Code.ts"
import { Fault, place } from "./internal/Fault.ts"
import { JsonReader, Malformed } from "./internal/JsonReader.ts"
import * as Program from "./internal/Program.ts"
import { Exhausted, Raised, Run } from "./internal/Run.ts"
import { JavaMap, type Value } from "./internal/Value.ts"

/** A compiled script, made by `compile`; it holds no state of any run. */
export interface Script {
  readonly source: string
  readonly program: Program.Program
}

export interface Options {
  readonly limits?: Partial<Limits.Limits>
  /** What the numbers of the data are: all `Double`, or (the default) `Integer`, `Long`, `BigInteger` and `Double` as written. */
  readonly numbers?: Binding.Numbers
  /** Texts of `params` that are fit for a JSON string as they are: `escape()` leaves them alone. */
  readonly escaped?: ReadonlySet<string>
}

const none: ReadonlySet<string> = new Set()

/**
 * Compiles `source`; the reason of a failure is `Syntax` or `LimitExceeded`.
 * Language: https://docs.opensearch.org/latest/api-reference/script-apis/exec-script/ and
 * https://www.elastic.co/docs/reference/scripting-languages/painless/painless-language-specification
 */
export const compile = (
  source: string,
  options: Pick<Options, "limits"> = {},
): Result.Result<Script, PainlessError> => {
  const limits = { ...Limits.defaults, ...options.limits }
  if (source.length > limits.source) return failed(new LimitExceeded({ what: "source", limit: limits.source, line: 0 }))
  try {
    return Result.succeed({ source, program: Program.compile(source, limits.nesting) })
  } catch (error) {
    if (error instanceof Fault) return failed(new Syntax({ ...place(source, error.at), message: error.message }))
    return failed(exceeded(error, "nesting", limits, 0))
  }
}

/**
 * Runs a script on a copy of `params`, the only thing it can see. Answers what it returns, null where it returns nothing;
 * a `StringBuilder` is its text. The reason of a failure is `Runtime`, `Thrown` or `LimitExceeded`.
 */
export const run = (
  script: Script,
  params: { readonly [key: string]: Json },
  options: Options = {},
): Result.Result<Json, PainlessError> =>
  execute(script, () => Binding.fromData(params, options.numbers ?? "java"), options)

/** As `run`, with `params` as the text of a JSON object, whose numbers keep the class they are written in; also fails with `InvalidJson`. */
export const runJson = (script: Script, params: string, options: Options = {}): Result.Result<Json, PainlessError> =>
  execute(script, () => new JsonReader(params, options.numbers ?? "java").read(), options)

const execute = (script: Script, bind: () => Value, options: Options): Result.Result<Json, PainlessError> => {
  const run = new Run({ ...Limits.defaults, ...options.limits }, options.escaped ?? none)
  try {
    const params = bind()
    if (!(params instanceof JavaMap)) throw new Malformed(0, "params must be a JSON object")
    const slots = makeSlots(script.program.size)
    slots[0] = params
    script.program.run(slots, run)
    return Result.succeed(Binding.toData(run.result, run))
  } catch (error) {
    return failed(reasonOf(error, run))
  }
}

const failed = (reason: Reason): Result.Result<never, PainlessError> => Result.fail(new PainlessError({ reason }))

const reasonOf = (error: unknown, run: Run): Reason => {
  if (error instanceof Malformed) return new InvalidJson({ offset: error.offset, message: error.message })
  if (!(error instanceof Raised)) return exceeded(error, "calls", run.limits, run.line)
  const { exception, line } = error
  const message = exception.message ?? ""
  return exception.byScript
    ? new Thrown({ line, exception: exception.type, message })
    : new Runtime({ line, kind: exception.type, message })
}

/** A stack of the host that runs full is a limit met as well; anything else is a defect and goes on up. */
const exceeded = (error: unknown, what: "nesting" | "calls", limits: Limits.Limits, line: number): LimitExceeded => {
  if (error instanceof Exhausted) return new LimitExceeded({ what: error.what, limit: limits[error.what], line })
  if (error instanceof RangeError) return new LimitExceeded({ what, limit: limits[what], line })
  throw error
}
