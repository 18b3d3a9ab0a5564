/** A complete script, parsed and compiled. */
import { Callable, type Execute } from "./Code.ts"
import type { Context } from "./Context.ts"
import * as Expression from "./Expression.ts"
import { fault } from "../Fault.ts"
import * as Lexer from "../parse/Lexer.ts"
import { Parser } from "../parse/Parser.ts"
import { Frame, Scope } from "./Scope.ts"
import * as Statement from "./Statement.ts"
import type * as Syntax from "../parse/Syntax.ts"
import * as Type from "../run/Type.ts"

export interface Program {
  readonly run: Execute
  /** Number of slots that a run needs; the first is `params`. */
  readonly size: number
  readonly placeholders: ReadonlyArray<Syntax.Placeholder>
  readonly warnings: ReadonlyArray<{ readonly at: number; readonly message: string }>
}

/** Throws a `Fault` if the source is invalid, and `Exhausted` if it nests deeper than `nesting`. */
export const compile = (source: string, nesting: number, returns: string = Type.def): Program => {
  const program = new Parser(Lexer.tokens(source), nesting).program()
  const warnings: Array<{ readonly at: number; readonly message: string }> = []
  const functions = declared(program.functions)
  const context: Context = {
    functions,
    line: lines(source),
    expression: (scope, expression) => Expression.compile(context, scope, expression),
    body: (scope, block) => Statement.block(context, scope, block, true),
    warn: (at, message) => void warnings.push({ at, message }),
  }
  for (const definition of program.functions) define(context, definition)
  const frame = new Frame(returns)
  const scope = new Scope(frame)
  scope.declare("params", "Map", 0)
  const run = Statement.block(context, scope.block(), program.body, true)
  return { run, size: frame.size, placeholders: program.placeholders, warnings }
}

const declared = (functions: ReadonlyArray<Syntax.Function>): ReadonlyMap<string, Callable> => {
  const callables = new Map<string, Callable>()
  for (const { at, name, parameters, returns } of functions) {
    if (callables.has(name)) fault(at, `function [${name}] is already defined`)
    callables.set(
      name,
      new Callable(
        name,
        returns,
        parameters.map((parameter) => parameter.type),
      ),
    )
  }
  return callables
}

const define = (context: Context, { at, body, name, parameters, returns }: Syntax.Function): void => {
  const callable = context.functions.get(name)
  if (callable === undefined) return
  const frame = new Frame(returns)
  const scope = new Scope(frame)
  for (const parameter of parameters) scope.declare(parameter.name, parameter.type, parameter.at)
  callable.body = Statement.block(context, scope.block(), body, returns !== "void")
  callable.size = frame.size
  if (returns !== "void" && !Statement.answers(body)) fault(at, `not every path through [${name}] returns a value`)
}

/** The line of an offset, found in the list of line starts. */
const lines = (source: string): ((at: number) => number) => {
  const starts = [0]
  for (let at = source.indexOf("\n"); at >= 0; at = source.indexOf("\n", at + 1)) starts.push(at + 1)
  return (at) => {
    let low = 0
    let high = starts.length
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if ((starts[middle] ?? 0) <= at) low = middle
      else high = middle
    }
    return low + 1
  }
}
