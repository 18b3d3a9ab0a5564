/** `=`, `+=` and its kin, `++` and `--`, on variables, fields and elements. */
import * as Access from "./Access.ts"
import * as Arithmetic from "./Arithmetic.ts"
import type { Code, Evaluate } from "./Code.ts"
import { converted, type Context } from "./Context.ts"
import * as Conversion from "./Conversion.ts"
import { fault } from "./Fault.ts"
import type { Run } from "./Run.ts"
import type { Scope, Variable } from "./Scope.ts"
import type * as Syntax from "./Syntax.ts"
import * as Type from "./Type.ts"
import type { Value } from "./Value.ts"

type Of<K extends Syntax.Expression["kind"]> = Extract<Syntax.Expression, { kind: K }>

/** What a compound assignment makes of the value that is there. */
type Combine = (old: Value, operand: Value, run: Run) => Value

export const assign = (context: Context, scope: Scope, expression: Of<"Assign">): Code => {
  const { at, operator, target } = expression
  const line = context.line(at)
  const value = context.expression(scope, expression.value)
  if (value.type === "void") return fault(at, "there is no value to assign: the method answers nothing")
  if (target.kind === "Name") {
    const variable = writable(scope, target)
    if (operator === undefined) return store(variable, converted(value, variable.type, expression.value.at, line))
    checkOperator(operator, variable.type, value.type, at)
    return update(
      variable,
      value.run,
      (old, operand, run) => Arithmetic.apply(operator, old, operand, run),
      line,
      false,
    )
  }
  const place = placeOf(context, scope, target)
  if (operator !== undefined) {
    checkOperator(operator, place.type, value.type, at)
    return replace(place, value.run, (old, operand, run) => Arithmetic.apply(operator, old, operand, run), line, false)
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

const one: Evaluate = () => 1

export const step = (context: Context, scope: Scope, expression: Of<"Step">): Code => {
  const { at, prefix, target } = expression
  const line = context.line(at)
  const operator = expression.by === 1 ? "+" : "-"
  const combine: Combine = (old, _, run) => Arithmetic.apply(operator, old, 1, run)
  if (target.kind !== "Name") return replace(placeOf(context, scope, target), one, combine, line, !prefix)
  const variable = writable(scope, target)
  if (variable.type === "int") return count(variable.slot, expression.by, prefix)
  checkOperator("-", variable.type, "int", at)
  return update(variable, one, combine, line, !prefix)
}

/** `i++` on an int, the commonest of all. */
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

const writable = (scope: Scope, target: Of<"Name">): Variable => {
  if (target.name === "params") return fault(target.at, "[params] cannot be assigned")
  return scope.get(target.name, target.at)
}

const store = ({ slot, type }: Variable, value: Code): Code => ({
  type,
  run: (slots, run) => (slots[slot] = value.run(slots, run)),
})

/** A variable becomes what `combine` makes of it, cast back to its type as Java does (JLS 15.26.2). */
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

/** A field or an element: its owner and key are evaluated once, then read and written. */
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
