/** Lists, maps, arrays and `new`. */
import * as MethodCall from "./MethodCall.ts"
import type { Code } from "./Code.ts"
import { converted, valueOf, values, type Context } from "./Context.ts"
import * as Conversion from "../run/Conversion.ts"
import * as Equality from "../run/Equality.ts"
import { fault } from "../Fault.ts"
import * as Constructors from "../members/Constructors.ts"
import type { Scope } from "./Scope.ts"
import type * as Syntax from "../parse/Syntax.ts"
import { JavaArray, JavaMap, List, type Value } from "../run/Value.ts"

type Of<K extends Syntax.Expression["kind"]> = Extract<Syntax.Expression, { kind: K }>

/** A lambda takes its type from its context, and an element has none. */
const element = (code: Code, at: number): Code =>
  code.isLambda === true ? fault(at, "a lambda cannot be an element: pass it to a method") : code

export const list = (context: Context, scope: Scope, expression: Of<"List">): Code => {
  const items = values(context, scope, expression.items).map((item) => element(item, expression.at).run)
  return {
    type: "ArrayList",
    run: (slots, run) => {
      const list: Array<Value> = []
      for (const item of items) {
        const value = item(slots, run)
        run.keep(value)
        list.push(value)
      }
      return new List(list)
    },
  }
}

export const map = (context: Context, scope: Scope, expression: Of<"Map">): Code => {
  const entries = expression.entries.map(
    ([key, value]) =>
      [
        element(valueOf(context, scope, key), key.at).run,
        element(valueOf(context, scope, value), value.at).run,
      ] as const,
  )
  return {
    type: "HashMap",
    run: (slots, run) => {
      const map = new JavaMap()
      for (const [key, value] of entries) {
        const at = key(slots, run)
        const item = value(slots, run)
        run.keep(item)
        map.set(Equality.identityOf(at, run), at, item)
      }
      return map
    },
  }
}

const instead = new Map([
  ["List", "ArrayList"],
  ["Map", "HashMap"],
  ["Set", "HashSet"],
])

export const creation = (context: Context, scope: Scope, { args, at, type }: Of<"New">): Code => {
  const table = Constructors.tables.get(type)
  const better = instead.get(type)
  if (table === undefined)
    return fault(at, `[${type}] cannot be created with new${better === undefined ? "" : `: use [${better}]`}`)
  return MethodCall.ofClass(table, type, "new", values(context, scope, args), at, context.line(at))
}

export const newArray = (context: Context, scope: Scope, { at, component, size }: Of<"NewArray">): Code => {
  const line = context.line(at)
  const { run: sizeOf } = converted(valueOf(context, scope, size), "int", size.at, line)
  const filler = Conversion.initial(component)
  return {
    type: `${component}[]`,
    run: (slots, run) => {
      const length = Number(sizeOf(slots, run))
      run.line = line
      if (length < 0) return run.fail("NegativeArraySizeException", `${length}`)
      run.hold(length)
      return new JavaArray(
        component,
        Array.from({ length }, () => filler),
      )
    },
  }
}

export const arrayOf = (context: Context, scope: Scope, { component, items }: Of<"ArrayOf">): Code => {
  const codes = items.map((item) => converted(valueOf(context, scope, item), component, item.at, context.line(item.at)))
  return {
    type: `${component}[]`,
    run: (slots, run) => {
      run.hold(codes.length)
      return new JavaArray(
        component,
        codes.map((code) => code.run(slots, run)),
      )
    },
  }
}
