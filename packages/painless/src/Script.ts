/** The subset of Painless that process functions use: compiled once to closures, run many times. */
import { Result } from "effect"
import type { Json } from "./ScriptData.ts"
import * as ScriptLimits from "./ScriptLimits.ts"
import { InvalidJson, LimitExceeded, PainlessError, Runtime, Syntax, Thrown, type Reason } from "./PainlessError.ts"
import * as Binding from "./internal/run/Binding.ts"
import { slots as makeSlots } from "./internal/compile/Code.ts"
import { Fault, place } from "./internal/Fault.ts"
import { JsonReader, Malformed } from "./internal/run/JsonReader.ts"
import * as ScriptProgram from "./internal/compile/ScriptProgram.ts"
import { Exhausted, Raised } from "./internal/run/Interruption.ts"
import { Run } from "./internal/run/Run.ts"
import { JavaMap, type Value } from "./internal/run/Value.ts"
import * as World from "./World.ts"

/** A compiled script, created by `compile`; it contains no state of a run. */
export interface Script {
  readonly source: string
  readonly program: ScriptProgram.Program
  /** The names in `${parameters.name}`, which become variables. */
  readonly placeholders: ReadonlyArray<string>
  /** Those without a default: each run needs their texts. */
  readonly required: ReadonlyArray<string>
  /** Code that runs, but may not do what its author intended. */
  readonly warnings: ReadonlyArray<Warning>
}

export interface Warning {
  readonly line: number
  readonly column: number
  readonly message: string
}

export interface Options {
  /** The required result type; `String` is what process functions return, including null. */
  readonly returns?: "def" | "String"
  readonly limits?: Partial<ScriptLimits.Limits>
  /** What the numbers of the data are: all `Double`, or (the default) `Integer`, `Long`, `BigInteger` and `Double` as written. */
  readonly numbers?: Binding.Numbers
  /** Texts of `params` that are already valid inside a JSON string: `escape()` leaves them unchanged. */
  readonly escaped?: ReadonlySet<string>
  /** Time and randomness; `World.fixed()` if absent. */
  readonly world?: World.World
  /** The texts of `${parameters.name}`; a missing one takes the placeholder's default. */
  readonly parameters?: ReadonlyMap<string, string>
}

const none: ReadonlySet<string> = new Set()
const noParameters: ReadonlyMap<string, string> = new Map()

/**
 * Compiles `source`; the reason of a failure is `Syntax` or `LimitExceeded`.
 * Language: https://docs.opensearch.org/latest/api-reference/script-apis/exec-script/ and
 * https://www.elastic.co/docs/reference/scripting-languages/painless/painless-language-specification
 */
export const compile = (
  source: string,
  options: Pick<Options, "limits" | "returns"> = {},
): Result.Result<Script, PainlessError> => {
  const limits = { ...ScriptLimits.defaults, ...options.limits }
  if (source.length > limits.source) return failed(new LimitExceeded({ what: "source", limit: limits.source, line: 0 }))
  try {
    return Result.succeed(ofProgram(source, ScriptProgram.compile(source, limits.nesting, options.returns ?? "def")))
  } catch (error) {
    if (error instanceof Fault) return failed(new Syntax({ ...place(source, error.at), message: error.message }))
    return failed(exceeded(error, "nesting", limits, 0))
  }
}

const ofProgram = (source: string, program: ScriptProgram.Program): Script => ({
  source,
  program,
  placeholders: [...new Set(program.placeholders.map(({ name }) => name))],
  required: [...new Set(program.placeholders.flatMap(({ fallback, name }) => (fallback === undefined ? [name] : [])))],
  warnings: program.warnings.map(({ at, message }) => {
    const { column, line } = place(source, at)
    return { line, column, message }
  }),
})

/**
 * Runs a script on a copy of `params`, which is all that it can access. Returns its result, or null if it returns
 * nothing; a `StringBuilder` is returned as text. The reason of a failure is `Runtime`, `Thrown` or `LimitExceeded`.
 */
export const run = (
  script: Script,
  params: { readonly [key: string]: Json },
  options: Options = {},
): Result.Result<Json, PainlessError> =>
  execute(script, () => Binding.fromData(params, options.numbers ?? "java"), options)

/**
 * Like `run`, with `params` as the text of a JSON object, whose numbers keep their class as written; also fails with
 * `InvalidJson`.
 */
export const runJson = (script: Script, params: string, options: Options = {}): Result.Result<Json, PainlessError> =>
  execute(script, () => new JsonReader(params, options.numbers ?? "java").read(), options)

const execute = (script: Script, bind: () => Value, options: Options): Result.Result<Json, PainlessError> => {
  const run = new Run(
    { ...ScriptLimits.defaults, ...options.limits },
    options.escaped ?? none,
    options.world ?? World.fixed(),
    options.parameters ?? noParameters,
  )
  try {
    const missing = script.required.filter((name) => !run.parameters.has(name))
    if (missing.length > 0) return failed(unbound(script, missing))
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

const unbound = ({ program, source }: Script, missing: ReadonlyArray<string>): Runtime => {
  const at = program.placeholders.find(({ name }) => missing.includes(name))?.at ?? 0
  const names = missing.map((name) => `\${parameters.${name}}`).join(", ")
  return new Runtime({
    line: place(source, at).line,
    kind: "IllegalArgumentException",
    message: `no value for ${names}: send it, or set the parameter in the connector`,
  })
}

const failed = (reason: Reason): Result.Result<never, PainlessError> => Result.fail(new PainlessError({ reason }))

const reasonOf = (error: unknown, run: Run): Reason => {
  if (error instanceof Malformed) return new InvalidJson({ offset: error.offset, message: error.message })
  if (!(error instanceof Raised)) return exceeded(error, "calls", run.limits, run.line)
  const { exception, line } = error
  const message = exception.shown
  return exception.byScript
    ? new Thrown({ line, exception: exception.type, message })
    : new Runtime({ line, kind: exception.type, message })
}

/** A stack of the host that runs full is a limit met as well, as is a value too large for the host; anything else is a defect and goes on up. */
const exceeded = (
  error: unknown,
  what: "nesting" | "calls",
  limits: ScriptLimits.Limits,
  line: number,
): LimitExceeded => {
  if (error instanceof Exhausted) return new LimitExceeded({ what: error.what, limit: limits[error.what], line })
  if (error instanceof RangeError) return new LimitExceeded({ what, limit: limits[what], line })
  throw error
}
