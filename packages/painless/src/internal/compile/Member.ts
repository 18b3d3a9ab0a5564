/** Access through a dot, an index or a name with arguments. */
import * as Access from "./Access.ts"
import * as MethodCall from "./MethodCall.ts"
import type { Code } from "./Code.ts"
import { converted, valueOf, values, type Context } from "./Context.ts"
import * as Escape from "./Escape.ts"
import { fault, suggestion } from "../Fault.ts"
import * as Members from "../members/Members.ts"
import * as Statics from "../members/Statics.ts"
import type { Scope } from "./Scope.ts"
import type * as Syntax from "../parse/Syntax.ts"
import * as Type from "../run/Type.ts"
import { JavaMap } from "../run/Value.ts"

type Of<K extends Syntax.Expression["kind"]> = Extract<Syntax.Expression, { kind: K }>

/** The class that `expression` names, such as `Math` or `Map.Entry`, unless a variable hides it. */
const classOf = (scope: Scope, expression: Syntax.Expression): string | undefined => {
  const path = pathOf(expression)
  const [root = ""] = path?.split(".") ?? []
  return path === undefined || scope.find(root) !== undefined ? undefined : Type.named(path)
}

const pathOf = (expression: Syntax.Expression): string | undefined => {
  if (expression.kind === "Name") return expression.name
  if (expression.kind !== "Field" || expression.safe) return undefined
  const owner = pathOf(expression.value)
  return owner === undefined ? undefined : `${owner}.${expression.name}`
}

/** `?.` on null is null; its left side is evaluated once. */
const guarded = (scope: Scope, value: Code, then: (value: Code) => Code): Code => {
  const slot = scope.frame.size++
  const inner = then({ type: value.type, run: (slots) => slots[slot] ?? null })
  return {
    type: Type.isPrimitive(inner.type) ? Type.box(inner.type) : inner.type,
    run: (slots, run) => {
      const found = value.run(slots, run)
      if (found === null) return null
      slots[slot] = found
      return inner.run(slots, run)
    },
  }
}

export const field = (context: Context, scope: Scope, expression: Of<"Field">): Code => {
  const { at, name, safe } = expression
  const owner = classOf(scope, expression.value)
  if (owner !== undefined) return constantOf(owner, name, at)
  const line = context.line(at)
  const read = (value: Code): Code => readField(value, name, at, line)
  const value = valueOf(context, scope, expression.value)
  return safe ? guarded(scope, value, read) : read(value)
}

const constantOf = (owner: string, name: string, at: number): Code => {
  const found = Statics.constants.get(`${owner}.${name}`)
  const names = Statics.constants
    .keys()
    .filter((path) => path.startsWith(`${owner}.`))
    .map((path) => path.slice(owner.length + 1))
  if (found === undefined) return fault(at, `[${owner}] has no field [${name}]${suggestion(name, names)}`)
  return { type: found[0], run: () => found[1], constant: found[1] }
}

const readField = (value: Code, name: string, at: number, line: number): Code => ({
  type: fieldType(value.type, name, at),
  run: (slots, run) => {
    const owner = value.run(slots, run)
    if (owner instanceof JavaMap) return owner.get(name)
    run.line = line
    return Access.field(owner, name, run)
  },
})

const fieldType = (owner: string, name: string, at: number): string => {
  if (Type.isOpen(owner) || Type.isA(owner, "Map")) return Type.def
  if (name === "length" && (Type.isArray(owner) || Type.isA(owner, "List"))) return "int"
  if (/^\d/.test(name) && Type.isA(owner, "List")) return Type.def
  const getter = Members.getter(owner, name)
  if (getter !== undefined) return getter.returns
  const names = Members.namesOf(Members.of(owner))
  return fault(
    at,
    `[${owner}] has no field [${name}]${names.includes(name) ? `. Call [${name}()]` : suggestion(name, names)}`,
  )
}

export const index = (context: Context, scope: Scope, expression: Of<"Index">): Code => {
  const { at } = expression
  const line = context.line(at)
  const owner = valueOf(context, scope, expression.value)
  const key = valueOf(context, scope, expression.index)
  const isSequence = Type.isArray(owner.type) || Type.isA(owner.type, "List")
  if (!isSequence && !Type.isOpen(owner.type) && !Type.isA(owner.type, "Map"))
    return fault(at, `[${owner.type}] has no elements${owner.type === "String" ? ": use charAt" : ""}`)
  const { run: keyOf } = isSequence ? converted(key, "int", expression.index.at, line) : key
  return {
    type: Type.isArray(owner.type) ? Type.componentOf(owner.type) : Type.def,
    run: (slots, run) => {
      const value = owner.run(slots, run)
      const key = keyOf(slots, run)
      run.line = line
      return Access.element(value, key, run)
    },
  }
}

export const methodCall = (context: Context, scope: Scope, expression: Of<"MethodCall">): Code => {
  const { at, name, safe } = expression
  const line = context.line(at)
  const args = values(context, scope, expression.args)
  const owner = classOf(scope, expression.value)
  if (owner !== undefined)
    return MethodCall.ofClass(Statics.tables.get(owner) ?? new Map(), owner, name, args, at, line)
  const call = (self: Code): Code =>
    Type.isOpen(self.type) ? MethodCall.open(self, name, args, at, line) : MethodCall.known(self, name, args, at, line)
  const self = valueOf(context, scope, expression.value)
  return safe ? guarded(scope, self, call) : call(self)
}

export const functionCall = (context: Context, scope: Scope, { args, at, name }: Of<"FunctionCall">): Code => {
  const callable = context.functions.get(name)
  const given = values(context, scope, args)
  if (callable !== undefined) return MethodCall.ofScript(callable, given, at, context.line(at))
  const [argument, ...more] = given
  if (name === "escape" && argument !== undefined && more.length === 0) return Escape.call(argument, context.line(at))
  if (name === "escape") return fault(at, `[escape] takes 1 argument, not ${args.length}`)
  return fault(at, `unknown function [${name}]${suggestion(name, [...context.functions.keys(), "escape"])}`)
}
