/** Operators: signs, sums, comparisons, logic and `?:`. */
import * as Arithmetic from "../run/Arithmetic.ts"
import type { Code, Evaluate } from "./Code.ts"
import * as Condition from "./Condition.ts"
import { converted, valueOf, type Context } from "./Context.ts"
import * as Equality from "../run/Equality.ts"
import { fault } from "../Fault.ts"
import * as MethodParameter from "../members/MethodParameter.ts"
import * as RegexMembers from "../members/RegexMembers.ts"
import type { Run } from "../run/Run.ts"
import type { Scope } from "./Scope.ts"
import type * as Syntax from "../parse/Syntax.ts"
import * as Type from "../run/Type.ts"
import { typeOf, type Value } from "../run/Value.ts"

type Of<K extends Syntax.Expression["kind"]> = Extract<Syntax.Expression, { kind: K }>

export const sign = (context: Context, scope: Scope, { at, operator, value }: Of<"Sign">): Code => {
  const line = context.line(at)
  const code = valueOf(context, scope, value)
  if (operator === "!") {
    const test = Condition.test(code, at, line)
    return { type: "boolean", run: (slots, run) => !test(slots, run) }
  }
  const type = Type.promoted(code.type, "int")
  if (type === undefined) return fault(at, `cannot apply [${operator}] to [${code.type}]`)
  const apply =
    operator === "-"
      ? Arithmetic.negate
      : operator === "~"
        ? Arithmetic.invert
        : (value: Value, run: Run) => Arithmetic.apply("*", value, 1, run)
  return {
    type,
    run: (slots, run) => {
      const operand = code.run(slots, run)
      run.line = line
      return apply(operand, run)
    },
  }
}

export const operation = (context: Context, scope: Scope, expression: Of<"Operation">): Code => {
  const { at, operator } = expression
  const left = valueOf(context, scope, expression.left)
  const right = valueOf(context, scope, expression.right)
  const type = operationType(operator, left.type, right.type, at)
  return { type, isMade: true, run: operationRun(operator, type, left.run, right.run, context.line(at)) }
}

const operationType = (operator: Arithmetic.Operator, left: string, right: string, at: number): string => {
  if (operator === "+" && (left === "String" || right === "String")) return "String"
  if (Type.unbox(left) === "boolean" && Type.unbox(right) === "boolean" && "&|^".includes(operator)) return "boolean"
  const type = Type.promoted(left, operator.length > 1 && !Type.isOpen(right) ? "int" : right)
  const fraction = type !== undefined && Type.widthOf(type) > Type.widthOf("long")
  if (type === undefined || (fraction && !"+-*/%".includes(operator)))
    return fault(at, `cannot apply [${operator}] to [${left}] and [${right}]`)
  return type
}

/** Sums and differences of ints, and concatenations, are the most frequent operations and have special closures. */
const operationRun = (
  operator: Arithmetic.Operator,
  type: string,
  left: Evaluate,
  right: Evaluate,
  line: number,
): Evaluate => {
  if (type === "String")
    return (slots, run) => {
      const first = left(slots, run)
      return Arithmetic.concat(first, right(slots, run), run)
    }
  if (operator === "+" || operator === "-") {
    const sign = operator === "+" ? 1 : -1
    return (slots, run) => {
      const first = left(slots, run)
      const second = right(slots, run)
      if (typeof first === "number" && typeof second === "number") return (first + sign * second) | 0
      run.line = line
      return Arithmetic.apply(operator, first, second, run)
    }
  }
  return (slots, run) => {
    const first = left(slots, run)
    const second = right(slots, run)
    run.line = line
    return Arithmetic.apply(operator, first, second, run)
  }
}

/** `text =~ /…/` if the pattern occurs in the text, `text ==~ /…/` if the whole text matches. */
export const matching = (context: Context, scope: Scope, expression: Of<"Matching">): Code => {
  const { at, operator } = expression
  const line = context.line(at)
  const left = converted(valueOf(context, scope, expression.left), "CharSequence", expression.left.at, line)
  const right = converted(valueOf(context, scope, expression.right), "Pattern", expression.right.at, line)
  return {
    type: "boolean",
    run: (slots, run) => {
      const text = left.run(slots, run)
      const pattern = right.run(slots, run)
      run.line = line
      return RegexMembers.matches(
        MethodParameter.pattern.read(pattern, run),
        MethodParameter.text.read(text, run),
        operator,
        run,
      )
    },
  }
}

export const relation = (context: Context, scope: Scope, expression: Of<"Relation">): Code => {
  const { at, operator } = expression
  const left = valueOf(context, scope, expression.left)
  const right = valueOf(context, scope, expression.right)
  const line = context.line(at)
  switch (operator) {
    case "==":
    case "!=":
      return { type: "boolean", run: equation(left, right, operator === "==") }
    case "===":
    case "!==":
      return { type: "boolean", run: identity(left, right, operator === "===") }
  }
  if (Type.promoted(left.type, right.type) === undefined)
    return fault(at, `cannot apply [${operator}] to [${left.type}] and [${right.type}]`)
  return { type: "boolean", run: comparison(operator, left.run, right.run, line) }
}

const equation = (left: Code, right: Code, wanted: boolean): Evaluate => {
  if (right.constant === null) return (slots, run) => (left.run(slots, run) === null) === wanted
  return (slots, run) => {
    const first = left.run(slots, run)
    return Equality.loose(first, right.run(slots, run), run) === wanted
  }
}

/**
 * Identity. Numbers have no identity here and are compared by value. Strings are one object if they are read from one
 * variable, or from variables initialised with literals; two literals in one expression are two objects, and so is each
 * result of a method.
 */
const identity = (left: Code, right: Code, wanted: boolean): Evaluate => {
  const { run: first } = left
  const { run: second } = right
  const mayBeOne = left.variable !== undefined || right.variable !== undefined
  const hasLiteral = left.constant !== undefined || right.constant !== undefined
  const areTwo = hasLiteral ? !mayBeOne : (left.isMade ?? false) || (right.isMade ?? false)
  return (slots, run) => {
    const one = first(slots, run)
    const other = second(slots, run)
    if (areTwo && typeof one === "string" && typeof other === "string") return !wanted
    return (one === other || (Arithmetic.same(one, other) ?? false)) === wanted
  }
}

const comparison = (operator: Arithmetic.Relation, left: Evaluate, right: Evaluate, line: number): Evaluate => {
  if (operator === "<")
    return (slots, run) => {
      const first = left(slots, run)
      const second = right(slots, run)
      if (typeof first === "number" && typeof second === "number") return first < second
      run.line = line
      return Arithmetic.compare(operator, first, second, run)
    }
  return (slots, run) => {
    const first = left(slots, run)
    const second = right(slots, run)
    run.line = line
    return Arithmetic.compare(operator, first, second, run)
  }
}

export const logic = (context: Context, scope: Scope, expression: Of<"Logic">): Code => {
  const line = context.line(expression.at)
  const left = Condition.test(valueOf(context, scope, expression.left), expression.left.at, line)
  const right = Condition.test(valueOf(context, scope, expression.right), expression.right.at, line)
  return {
    type: "boolean",
    run:
      expression.operator === "&&"
        ? (slots, run) => left(slots, run) && right(slots, run)
        : (slots, run) => left(slots, run) || right(slots, run),
  }
}

export const elvis = (context: Context, scope: Scope, expression: Of<"Logic">): Code => {
  const left = valueOf(context, scope, expression.left)
  const right = valueOf(context, scope, expression.right)
  return {
    type: left.type === right.type ? left.type : Type.def,
    run: (slots, run) => left.run(slots, run) ?? right.run(slots, run),
  }
}

export const conditional = (context: Context, scope: Scope, expression: Of<"Conditional">): Code => {
  const line = context.line(expression.at)
  const condition = Condition.test(valueOf(context, scope, expression.condition), expression.condition.at, line)
  const then = valueOf(context, scope, expression.whenTrue)
  const otherwise = valueOf(context, scope, expression.otherwise)
  const type = commonType(then.type, otherwise.type)
  const [yes, no] = Type.isPrimitive(type)
    ? [converted(then, type, expression.whenTrue.at, line), converted(otherwise, type, expression.otherwise.at, line)]
    : [then, otherwise]
  return { type, run: (slots, run) => (condition(slots, run) ? yes.run(slots, run) : no.run(slots, run)) }
}

/** Two primitive numbers are compared in the wider type (JLS 15.25), other differing types in `def`. */
const commonType = (left: string, right: string): string => {
  if (left === right) return left
  const numbers = Type.isPrimitive(left) && Type.isPrimitive(right) ? Type.promoted(left, right) : undefined
  return numbers ?? Type.def
}

export const instanceOf = ({ run: evaluate }: Code, type: string): Code => ({
  type: "boolean",
  run: (slots, run) => {
    const value = evaluate(slots, run)
    return value !== null && Type.isA(typeOf(value), Type.box(type))
  },
})
