/** The shared state of the compilers of expressions, assignments and statements, which avoids cyclic imports. */
import type { Callable, Code, Execute } from "./Code.ts"
import * as Conversion from "../run/Conversion.ts"
import { fault } from "../Fault.ts"
import type { Scope } from "./Scope.ts"
import type * as Syntax from "../parse/Syntax.ts"
import * as Type from "../run/Type.ts"

export interface Context {
  readonly functions: ReadonlyMap<string, Callable>
  /** The line of an offset, 1-based. */
  readonly line: (at: number) => number
  readonly expression: (scope: Scope, expression: Syntax.Expression) => Code
  /** Statements, the last of which returns its value if it has one. */
  readonly body: (scope: Scope, block: Syntax.Block) => Execute
  /** Code that runs, but may not do what its author intended. */
  readonly warn: (at: number, message: string) => void
}

/** The expression as a value of `type`. An impossible conversion is rejected here, an uncertain one at run time. */
export const converted = (code: Code, type: string, at: number, line: number, cast = false): Code => {
  if (code.isLambda === true && !Type.isFunctional(type))
    return fault(at, `a lambda cannot become [${type}]: pass it to a method, or declare its variable with [Function]`)
  const conversion = Type.conversion(code.type, type)
  if (conversion === "never") return fault(at, `cannot turn [${code.type}] into [${type}]`)
  if (conversion === "cast" && !cast && !fitsSmall(code, type))
    return fault(at, `[${code.type}] does not become [${type}] by itself: cast it with (${type})`)
  if (code.type === type || type === Type.def || type === "Object") return code.type === type ? code : { ...code, type }
  const convert = Conversion.to(type, cast || conversion === "cast")
  return {
    type,
    run: (slots, run) => {
      const value = code.run(slots, run)
      run.line = line
      return convert(value, run)
    },
  }
}

/** A constant int may be stored in a smaller type that can hold it. */
const fitsSmall = ({ constant }: Code, type: string): boolean => {
  if (typeof constant !== "number") return false
  if (type === "byte") return constant >= -128 && constant <= 127
  if (type === "short") return constant >= -32768 && constant <= 32767
  return type === "char" && constant >= 0 && constant <= 65535
}

/** An expression that must have a value. */
export const valueOf = (context: Context, scope: Scope, expression: Syntax.Expression): Code => {
  const code = context.expression(scope, expression)
  return code.type === "void" ? fault(expression.at, "this has no value: the method returns nothing") : code
}

export const values = (
  context: Context,
  scope: Scope,
  expressions: ReadonlyArray<Syntax.Expression>,
): ReadonlyArray<Code> => expressions.map((expression) => valueOf(context, scope, expression))
