/** `x -> …` and `Type::name`. */
import type { Code } from "./Code.ts"
import type { Context } from "./Context.ts"
import * as Conversion from "../run/Conversion.ts"
import { fault, suggestion } from "../Fault.ts"
import * as Constructors from "../members/Constructors.ts"
import * as Members from "../members/Members.ts"
import { key, type Method } from "../members/Method.ts"
import * as Statics from "../members/Statics.ts"
import type { Run } from "../run/Run.ts"
import type { Scope } from "./Scope.ts"
import type * as Syntax from "../parse/Syntax.ts"
import { Lambda, type Value } from "../run/Value.ts"

/** A lambda has a copy of the enclosing function's frame, made when it is evaluated; each call has its own frame. */
export const lambda = (context: Context, scope: Scope, expression: Syntax.Lambda): Code => {
  const inner = scope.lambda()
  const parameters = expression.parameters.map(({ at, name, type }) => ({
    slot: inner.declare(name, type, at).slot,
    convert: Conversion.to(type),
  }))
  const body = context.body(inner, expression.body)
  return {
    type: "Function",
    isLambda: true,
    run: (slots) => {
      const captured = [...slots]
      return new Lambda(parameters.length, (args, run) => {
        run.enter()
        run.work(captured.length >> 4)
        const frame = [...captured]
        for (const [index, { convert, slot }] of parameters.entries()) frame[slot] = convert(args[index] ?? null, run)
        run.result = null
        body(frame, run)
        run.depth--
        const result = run.result
        run.result = null
        return result
      })
    },
  }
}

const called = (arity: number, method: Method, self: boolean): Code => ({
  type: "Function",
  isLambda: true,
  run: () =>
    new Lambda(arity, (args, run) => {
      const [first = null, second = null] = args
      run.work(1)
      if (!self) return method.invoke(run, null, first, second)
      return first === null ? noSelf(method.name, run) : method.invoke(run, first, second)
    }),
})

const noSelf = (name: string, run: Run): Value =>
  run.fail("NullPointerException", `cannot call method [${name}] of null`)

/** A function of the class, or a method of the first argument. */
export const reference = ({ at, name, owner }: Extract<Syntax.Expression, { kind: "Reference" }>): Code => {
  const table = (name === "new" ? Constructors : Statics).tables.get(owner)
  const members = Members.of(owner)
  for (const arity of name === "new" ? [0, 1] : [1, 2]) {
    const method = table?.get(key(name, arity))
    if (method !== undefined) return called(arity, method, false)
    const own = members.get(key(name, arity - 1))
    if (own !== undefined) return called(arity, own, true)
  }
  return fault(at, `[${owner}] has no method [${name}]${suggestion(name, Members.namesOf(members))}`)
}
