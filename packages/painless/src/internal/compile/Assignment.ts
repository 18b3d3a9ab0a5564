/** `=`, compound assignment, `++` and `--`, on variables, fields and elements. */
import * as Access from "./Access.ts"
import * as Arithmetic from "../run/Arithmetic.ts"
import type { Code, Evaluate } from "./Code.ts"
import { converted, type Context } from "./Context.ts"
import * as Conversion from "../run/Conversion.ts"
import { fault } from "../Fault.ts"
import type { Run } from "../run/Run.ts"
import type { Scope, Variable } from "./Scope.ts"
import type * as Syntax from "../parse/Syntax.ts"
import * as Type from "../run/Type.ts"
import { Char, typeOf, type Value } from "../run/Value.ts"

type Of<K extends Syntax.Expression["kind"]> = Extract<Syntax.Expression, { kind: K }>

/** The new value of a compound assignment. */
type Combine = (old: Value, operand: Value, run: Run) => Value

export const assign = (context: Context, scope: Scope, expression: Of<"Assign">): Code => {
  const { at, operator, target } = expression
  const line = context.line(at)
  const value = context.expression(scope, expression.value)
  if (value.type === "void") return fault(at, "cannot assign the result: the method returns nothing")
  if (target.kind === "Name") {
    const variable = writable(scope, target)
    if (operator === undefined) {
      variable.isWhole = variable.isWhole === true && Type.isWhole(value.type)
      return store(variable, converted(value, variable.type, expression.value.at, line))
    }
    checkOperator(operator, variable.type, value.type, at)
    if (variable.isWhole === true && "+-*/%".includes(operator) && mayHaveFraction(expression.value, value.type))
      context.warn(
        at,
        `[${variable.name}] holds an integer, so [${operator}=] truncates its result: declare it as [double ${variable.name} = 0]`,
      )
    return update(variable, value.run, combination(operator, variable.type, value.type), line, false)
  }
  const place = placeOf(context, scope, target)
  if (operator !== undefined) {
    checkOperator(operator, place.type, value.type, at)
    return replace(place, value.run, combination(operator, place.type, value.type), line, false)
  }
  const stored = converted(value, place.type, expression.value.at, line)
  return {
    type: stored.type,
    run: (slots, run) => {
      const owner = place.owner(slots, run)
      const key = place.key(slots, run)
      const item = stored.run(slots, run)
      run.line = line
      return place.set(owner, key, item, false, run)
    },
  }
}

/** The result of the operator, cast to the class of the target's value if the target has no static type. */
const combination = (operator: Arithmetic.Operator, target: string, operand: string): Combine =>
  !Type.isOpen(target) || (operator === "+" && operand === "String")
    ? (old, right, run) => Arithmetic.apply(operator, old, right, run)
    : (old, right, run) => asHeld(old, Arithmetic.apply(operator, old, right, run), run)

/** Casts `value` to the class of `held`: `def sum = 0; sum += 2.5` results in 2. Only numbers are cast this way. */
const asHeld = (held: Value, value: Value, run: Run): Value => {
  if (held === null || value === null || (typeof held === typeof value && typeof held !== "object")) return value
  const [from, type] = [typeOf(value), typeOf(held)]
  if (from === type) return value
  return Type.widthOf(type) >= 0 && (Arithmetic.isNumber(value) || value instanceof Char)
    ? Conversion.to(type, true)(value, run)
    : run.fail(
        "ClassCastException",
        `cannot turn [${from}] back into [${type}], which the target of the assignment holds`,
      )
}

const one: Evaluate = () => 1

export const step = (context: Context, scope: Scope, expression: Of<"Step">): Code => {
  const { at, prefix, target } = expression
  const line = context.line(at)
  const operator = expression.by === 1 ? "+" : "-"
  if (target.kind !== "Name") {
    const place = placeOf(context, scope, target)
    return replace(place, one, combination(operator, place.type, "int"), line, !prefix)
  }
  const variable = writable(scope, target)
  const combine = combination(operator, variable.type, "int")
  if (variable.type === "int") return count(variable.slot, expression.by, prefix)
  checkOperator("-", variable.type, "int", at)
  return update(variable, one, combine, line, !prefix)
}

/** `i++` on an int, the most frequent case. */
const count = (slot: number, by: number, prefix: boolean): Code => ({
  type: "int",
  run: (slots) => {
    const old = slots[slot]
    const next = ((typeof old === "number" ? old : 0) + by) | 0
    slots[slot] = next
    return prefix ? next : (old ?? null)
  },
})

const checkOperator = (operator: Arithmetic.Operator, left: string, right: string, at: number): void => {
  const text = operator === "+" && (left === "String" || left === "CharSequence")
  const truth = "&|^".includes(operator) && Type.unbox(left) === "boolean"
  if (!text && !truth && Type.promoted(left, right) === undefined && !(left === Type.def || right === "String"))
    fault(at, `cannot apply [${operator}] to [${left}] and [${right}]`)
}

/**
 * Whether a number may have a fraction, according to the source: the result of an unknown method is assumed to be a
 * count.
 */
const mayHaveFraction = (expression: Syntax.Expression, type: string): boolean => {
  if (type === "String") return false
  if (Type.widthOf(type) >= 0) return !Type.isWhole(type)
  switch (expression.kind) {
    case "Name":
    case "Field":
    case "Index":
      return true
    case "Operation":
      return [expression.left, expression.right].some((side) =>
        mayHaveFraction(side, side.kind === "Constant" ? side.type : Type.def),
      )
    case "Conditional":
      return [expression.whenTrue, expression.otherwise].some((side) =>
        mayHaveFraction(side, side.kind === "Constant" ? side.type : Type.def),
      )
    case "Cast":
      return !Type.isWhole(expression.type)
    case "Sign":
      return mayHaveFraction(expression.value, Type.def)
    default:
      return false
  }
}

const writable = (scope: Scope, target: Of<"Name">): Variable => {
  if (target.name === "params") return fault(target.at, "[params] cannot be assigned")
  if (scope.find(target.name) !== undefined && scope.captures(target.name))
    return fault(
      target.at,
      `variable [${target.name}] is read-only in a lambda: add to a List or a StringBuilder, or write a loop`,
    )
  return scope.get(target.name, target.at)
}

const store = ({ slot, type }: Variable, value: Code): Code => ({
  type,
  run: (slots, run) => (slots[slot] = value.run(slots, run)),
})

/** Sets a variable to the result of `combine`, cast to its type as in Java (JLS 15.26.2). */
const update = ({ slot, type }: Variable, operand: Evaluate, combine: Combine, line: number, old: boolean): Code => {
  const cast = Conversion.to(type, true)
  return {
    type,
    run: (slots, run) => {
      const before = slots[slot] ?? null
      const right = operand(slots, run)
      run.line = line
      const after = cast(combine(before, right, run), run)
      slots[slot] = after
      return old ? before : after
    },
  }
}

/** A field or an element: its owner and key are evaluated once, then it is read and written. */
interface Place {
  readonly type: string
  readonly owner: Evaluate
  readonly key: Evaluate
  readonly get: (owner: Value, key: Value, run: Run) => Value
  readonly set: (owner: Value, key: Value, value: Value, narrow: boolean, run: Run) => Value
}

const placeOf = (context: Context, scope: Scope, target: Of<"Field" | "Index">): Place => {
  const owner = context.expression(scope, target.value)
  if (target.kind === "Field") {
    const { name } = target
    return {
      type: Type.def,
      owner: owner.run,
      key: () => name,
      get: (value, _, run) => Access.field(value, name, run),
      set: (value, _, item, narrow, run) => Access.setField(value, name, item, narrow, run),
    }
  }
  return {
    type: Type.isArray(owner.type) ? Type.componentOf(owner.type) : Type.def,
    owner: owner.run,
    key: context.expression(scope, target.index).run,
    get: Access.element,
    set: Access.setElement,
  }
}

const replace = (place: Place, operand: Evaluate, combine: Combine, line: number, old: boolean): Code => ({
  type: place.type,
  run: (slots, run) => {
    const owner = place.owner(slots, run)
    const key = place.key(slots, run)
    const before = place.get(owner, key, run)
    const right = operand(slots, run)
    run.line = line
    const after = place.set(owner, key, combine(before, right, run), true, run)
    return old ? before : after
  },
})
