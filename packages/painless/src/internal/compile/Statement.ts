/** Compiles statements to closures. */
import type { Code, Execute } from "./Code.ts"
import * as Condition from "./Condition.ts"
import { converted, type Context } from "./Context.ts"
import * as Conversion from "../run/Conversion.ts"
import { fault } from "../Fault.ts"
import * as Items from "../run/Items.ts"
import { Raised } from "../run/Interruption.ts"
import type { Run } from "../run/Run.ts"
import type { Scope } from "./Scope.ts"
import type * as Syntax from "../parse/Syntax.ts"
import * as Type from "../run/Type.ts"
import { Exception } from "../run/Exception.ts"
import { typeOf, type Value } from "../run/Value.ts"

type Of<K extends Syntax.Statement["kind"]> = Extract<Syntax.Statement, { kind: K }>

const through: Execute = () => 0

/** `last` marks the statement that ends the function; if it is an expression, its value is returned. */
const compile = (context: Context, scope: Scope, statement: Syntax.Statement, last: boolean): Execute => {
  switch (statement.kind) {
    case "Block":
      return block(context, scope.block(), statement, last)
    case "Evaluate":
      return evaluate(context, scope, statement, last)
    case "Declare":
      return declare(context, scope, statement)
    case "If":
      return conditional(context, scope, statement, last)
    case "While":
      checkLoop(statement.at, "while", statement.condition, statement.body)
      return loop(context, scope.loop(), statement.condition, undefined, statement.body, statement.at)
    case "DoWhile":
      return doWhile(context, scope.loop(), statement)
    case "For":
      return forLoop(context, scope.loop(), statement)
    case "ForEach":
      return forEach(context, scope.loop(), statement)
    case "Break":
      return scope.inLoop ? () => 1 : fault(statement.at, "[break] is outside of a loop")
    case "Continue":
      return scope.inLoop ? () => 2 : fault(statement.at, "[continue] is outside of a loop")
    case "Return":
      return returns(context, scope, statement)
    case "Throw":
      return throws(context, scope, statement)
    case "Try":
      return attempt(context, scope, statement, last)
  }
}

/** The statements of a block whose scope already exists. */
export const block = (context: Context, scope: Scope, { statements }: Syntax.Block, last: boolean): Execute => {
  const parts = statements.map((statement, index) => {
    const before = statements[index - 1]
    if (before !== undefined && leaves(before)) fault(statement.at, "this statement is unreachable")
    return compile(context, scope, statement, last && index === statements.length - 1)
  })
  const [only] = parts
  if (only === undefined) return through
  if (parts.length === 1) return only
  return (slots, run) => {
    for (const part of parts) {
      const signal = part(slots, run)
      if (signal !== 0) return signal
    }
    return 0
  }
}

/** Whether a statement never completes normally. */
const leaves = (statement: Syntax.Statement): boolean => {
  switch (statement.kind) {
    case "Return":
    case "Throw":
    case "Break":
    case "Continue":
      return true
    case "Block":
      return statement.statements.some(leaves)
    case "If":
      return statement.otherwise !== undefined && leaves(statement.whenTrue) && leaves(statement.otherwise)
    case "Try":
      return leaves(statement.body) && statement.catches.every(({ body }) => leaves(body))
    case "While":
      return isAlways(statement.condition) && !jumps(statement.body, "Break")
    case "For":
      return (statement.condition === undefined || isAlways(statement.condition)) && !jumps(statement.body, "Break")
    default:
      return false
  }
}

const isAlways = (condition: Syntax.Expression): boolean => condition.kind === "Constant" && condition.value === true

/** Whether the body contains a `break` or `continue` of the loop itself. */
const jumps = (statement: Syntax.Statement | undefined, kind: "Break" | "Continue"): boolean => {
  if (statement === undefined) return false
  switch (statement.kind) {
    case "Block":
      return statement.statements.some((inner) => jumps(inner, kind))
    case "If":
      return jumps(statement.whenTrue, kind) || jumps(statement.otherwise, kind)
    case "Try":
      return jumps(statement.body, kind) || statement.catches.some(({ body }) => jumps(body, kind))
    default:
      return statement.kind === kind
  }
}

const isEmpty = (statement: Syntax.Statement): boolean =>
  statement.kind === "Block" && statement.statements.every(isEmpty)

/** Rejects loops that never iterate or never end, as Painless does. */
const checkLoop = (
  at: number,
  name: string,
  condition: Syntax.Expression | undefined,
  body: Syntax.Statement,
): void => {
  if (condition?.kind === "Constant" && condition.value === false)
    fault(at, `extraneous ${name} loop: its condition is always false`)
  if ((condition === undefined || isAlways(condition)) && isEmpty(body)) fault(at, `no paths escape from ${name} loop`)
  if (leaves(body) && !jumps(body, "Continue"))
    fault(at, `extraneous ${name} loop: its body always leaves it in the first iteration`)
}

/** Whether every path through a function ends in a value, an exception or an endless loop. */
export const answers = (statement: Syntax.Statement | undefined): boolean => {
  if (statement === undefined) return false
  switch (statement.kind) {
    case "Block":
      return answers(statement.statements.at(-1))
    case "If":
      return answers(statement.whenTrue) && answers(statement.otherwise)
    case "Try":
      return answers(statement.body) && statement.catches.every(({ body }) => answers(body))
    case "While":
      return statement.condition.kind === "Constant" && statement.condition.value === true
    case "For":
      return statement.condition === undefined
    default:
      return statement.kind === "Return" || statement.kind === "Throw" || statement.kind === "Evaluate"
  }
}

const acts = new Set<Syntax.Expression["kind"]>(["Assign", "Step", "MethodCall", "FunctionCall", "New"])

const evaluate = (context: Context, scope: Scope, { at, value }: Of<"Evaluate">, last: boolean): Execute => {
  const code = context.expression(scope, value)
  const line = context.line(at)
  if (last && code.type !== "void" && scope.returns !== "void")
    return result(converted(code, scope.returns, at, line), line)
  if (!last && !acts.has(value.kind)) return fault(value.at, "this value is computed and then not used")
  return (slots, run) => {
    run.line = line
    code.run(slots, run)
    return 0
  }
}

const result =
  (code: Code, line: number): Execute =>
  (slots, run) => {
    run.line = line
    run.result = code.run(slots, run)
    return 3
  }

const returns = (context: Context, scope: Scope, { at, value }: Of<"Return">): Execute => {
  if (value === undefined) {
    if (Type.isPrimitive(scope.returns)) return fault(at, `[return] requires a value of [${scope.returns}]`)
    return (_, run) => {
      run.result = null
      return 3
    }
  }
  if (scope.returns === "void") return fault(at, "a void function returns no value")
  const code = context.expression(scope, value)
  return result(converted(code, scope.returns, value.at, context.line(at)), context.line(at))
}

const throws = (context: Context, scope: Scope, { at, value }: Of<"Throw">): Execute => {
  const line = context.line(at)
  const exception = converted(context.expression(scope, value), "Exception", value.at, line)
  return (slots, run) => {
    const thrown = exception.run(slots, run)
    run.line = line
    return thrown instanceof Exception ? run.raise(thrown) : run.fail("NullPointerException", "cannot throw null")
  }
}

/** Each iteration initialises a variable, so a declaration always stores something. */
const declare = (context: Context, scope: Scope, { at, type, variables }: Of<"Declare">): Execute => {
  const line = context.line(at)
  const stores = variables.map(({ at, name, value }): Execute => {
    const given = value === undefined ? undefined : context.expression(scope, value)
    const code: Code | undefined =
      given === undefined || value === undefined ? undefined : converted(given, type, value.at, line)
    const variable = scope.declare(name, type, at)
    variable.isWhole = type === Type.def && given?.constant !== undefined && Type.isWhole(given.type)
    const { slot } = variable
    const filler = Conversion.initial(type)
    return (slots, run) => {
      run.line = line
      slots[slot] = code === undefined ? filler : code.run(slots, run)
      return 0
    }
  })
  const [only] = stores
  if (only !== undefined && stores.length === 1) return only
  return (slots, run) => {
    for (const store of stores) store(slots, run)
    return 0
  }
}

const conditional = (context: Context, scope: Scope, statement: Of<"If">, last: boolean): Execute => {
  const { at, condition } = statement
  const line = context.line(at)
  const test = Condition.test(context.expression(scope, condition), condition.at, line)
  const then = compile(context, scope.block(), statement.whenTrue, last)
  const otherwise =
    statement.otherwise === undefined ? through : compile(context, scope.block(), statement.otherwise, last)
  return (slots, run) => {
    run.line = line
    return test(slots, run) ? then(slots, run) : otherwise(slots, run)
  }
}

/** `while` and `for`: condition, body, `after`; without a condition it runs until it is left. */
const loop = (
  context: Context,
  scope: Scope,
  condition: Syntax.Expression | undefined,
  after: Syntax.Expression | undefined,
  body: Syntax.Statement,
  at: number,
): Execute => {
  const line = context.line(at)
  const test =
    condition === undefined ? () => true : Condition.test(context.expression(scope, condition), condition.at, line)
  const turn = compile(context, scope.block(), body, false)
  const step = after === undefined ? undefined : context.expression(scope, after).run
  return (slots, run) => {
    run.line = line
    while (test(slots, run)) {
      run.work(1)
      const signal = turn(slots, run)
      if (signal === 1) break
      if (signal === 3) return 3
      run.line = line
      step?.(slots, run)
    }
    return 0
  }
}

const forLoop = (context: Context, scope: Scope, statement: Of<"For">): Execute => {
  checkLoop(statement.at, "for", statement.condition, statement.body)
  const start = statement.start === undefined ? through : compile(context, scope, statement.start, false)
  const turns = loop(context, scope, statement.condition, statement.after, statement.body, statement.at)
  return (slots, run) => {
    start(slots, run)
    return turns(slots, run)
  }
}

const doWhile = (context: Context, scope: Scope, { at, body, condition }: Of<"DoWhile">): Execute => {
  checkLoop(at, "do while", condition, body)
  if (isEmpty(body)) fault(at, "extraneous do while loop: its body is empty")
  const line = context.line(at)
  const turn = compile(context, scope.block(), body, false)
  const test = Condition.test(context.expression(scope, condition), condition.at, line)
  return (slots, run) => {
    do {
      run.work(1)
      const signal = turn(slots, run)
      if (signal === 1) break
      if (signal === 3) return 3
      run.line = line
    } while (test(slots, run))
    return 0
  }
}

const itemsOf = (value: Value, run: Run): ReadonlyArray<Value> => {
  const items = Items.of(value, run)
  if (items !== undefined) return items
  return value === null
    ? run.fail("NullPointerException", "cannot iterate over null")
    : run.fail("ClassCastException", `cannot iterate over [${typeOf(value)}]${hint(typeOf(value))}`)
}

const hint = (type: string): string => (Type.isA(type, "Map") ? ": use entrySet(), keySet() or values()" : "")

/** A list whose size changes during the loop stops it, as Java's iterators do. */
const forEach = (context: Context, scope: Scope, { at, body, items, variable }: Of<"ForEach">): Execute => {
  if (leaves(body) && !jumps(body, "Continue"))
    fault(at, "extraneous for each loop: its body always leaves it in the first iteration")
  const line = context.line(at)
  const code = context.expression(scope, items)
  if (!Type.isOpen(code.type) && !Type.isA(code.type, "Iterable"))
    return fault(items.at, `cannot iterate over [${code.type}]${hint(code.type)}`)
  const { slot } = scope.declare(variable.name, variable.type, variable.at)
  const convert = Conversion.to(variable.type)
  const turn = compile(context, scope.block(), body, false)
  return (slots, run) => {
    run.line = line
    const all = itemsOf(code.run(slots, run), run)
    const { length } = all
    for (let index = 0; index < length; index++) {
      slots[slot] = convert(all[index] ?? null, run)
      const signal = turn(slots, run)
      if (signal === 1) break
      if (signal === 3) return 3
      run.line = line
      if (all.length !== length) run.fail("ConcurrentModificationException", "the list changed during a loop over it")
    }
    return 0
  }
}

const attempt = (context: Context, scope: Scope, statement: Of<"Try">, last: boolean): Execute => {
  const body = compile(context, scope, statement.body, last)
  const catches = statement.catches.map(({ body, variable }) => {
    if (!Type.isA(variable.type, "Exception")) fault(variable.at, `[${variable.type}] is not an exception`)
    const inner = scope.block()
    const { slot } = inner.declare(variable.name, variable.type, variable.at)
    return { type: variable.type, slot, run: compile(context, inner, body, last) }
  })
  return (slots, run) => {
    const { depth } = run
    try {
      return body(slots, run)
    } catch (error) {
      if (!(error instanceof Raised)) throw error
      const { exception } = error
      const handler = catches.find(({ type }) => Type.isA(exception.type, type))
      if (handler === undefined) throw error
      run.depth = depth
      slots[handler.slot] = exception
      return handler.run(slots, run)
    }
  }
}
