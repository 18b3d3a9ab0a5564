/** Reads and writes elements and fields of values whose class is known only at run time. */
import * as Conversion from "../run/Conversion.ts"
import * as Equality from "../run/Equality.ts"
import { suggestion } from "../Fault.ts"
import * as Members from "../members/Members.ts"
import type { Run } from "../run/Run.ts"
import * as Type from "../run/Type.ts"
import { JavaArray, JavaMap, List, typeOf, type Value } from "../run/Value.ts"

/** The Java runtime's message for a dynamic call on null. */
export const ofNull = 'Cannot invoke "Object.getClass()" because "callArgs[0]" is null'

/** The position of `index`, which counts from the end if it is negative. */
const place = (items: ReadonlyArray<Value>, index: Value, run: Run, isArray = false): number => {
  if (typeof index !== "number")
    return index === null
      ? run.fail("NullPointerException", "an index is null")
      : run.fail("ClassCastException", `an index is an int, not [${typeOf(index)}]: cast it with (int)`)
  const at = index < 0 ? index + items.length : index
  return at >= 0 && at < items.length
    ? at
    : run.fail(
        `${isArray ? "Array" : ""}IndexOutOfBoundsException`,
        `index ${index} is outside of length ${items.length}`,
        `Index ${at} out of bounds for length ${items.length}`,
      )
}

const noElements = (value: Value, index: Value, run: Run): never =>
  value === null
    ? run.fail(
        "NullPointerException",
        `cannot read ${typeof index === "number" ? `element [${index}]` : "an element"} of null`,
        ofNull,
      )
    : run.fail("ClassCastException", `[${typeOf(value)}] has no elements`)

export const element = (value: Value, index: Value, run: Run): Value => {
  if (value instanceof List || value instanceof JavaArray)
    return value.items[place(value.items, index, run, value instanceof JavaArray)] ?? null
  return value instanceof JavaMap ? value.get(Equality.identityOf(index, run)) : noElements(value, index, run)
}

/**
 * Stores a value and returns the stored value; `narrow` casts to the component type of an array, as compound assignment
 * does.
 */
export const setElement = (value: Value, index: Value, item: Value, narrow: boolean, run: Run): Value => {
  if (value instanceof JavaMap) {
    run.change(value, "size")
    run.keep(item)
    value.set(Equality.identityOf(index, run), index, item)
    return item
  }
  if (value instanceof List) {
    run.change(value, "item")
    run.retain(item)
    return (value.items[place(value.items, index, run)] = item)
  }
  if (!(value instanceof JavaArray)) return noElements(value, index, run)
  run.retain(item)
  return (value.items[place(value.items, index, run, true)] = Conversion.to(value.component, narrow)(item, run))
}

const isPosition = (name: string): boolean => /^\d+$/.test(name)

export const field = (value: Value, name: string, run: Run): Value => {
  if (value instanceof JavaMap) return value.get(name)
  if (value === null) return run.fail("NullPointerException", `cannot read field [${name}] of null`, ofNull)
  if (value instanceof List || value instanceof JavaArray) {
    if (name === "length") return value.items.length
    if (isPosition(name)) return element(value, Number(name), run)
  }
  const type = typeOf(value)
  const getter = Members.getter(type, name)
  return getter === undefined ? noMember("getter", value, name, 0, run) : getter.invoke(run, value)
}

export const setField = (value: Value, name: string, item: Value, narrow: boolean, run: Run): Value => {
  if (value === null) return run.fail("NullPointerException", `cannot write field [${name}] of null`, ofNull)
  if (value instanceof JavaMap) return setElement(value, name, item, narrow, run)
  if ((value instanceof List || value instanceof JavaArray) && isPosition(name))
    return setElement(value, Number(name), item, narrow, run)
  const setter = Members.setter(typeOf(value), name)
  if (setter === undefined) return noMember("setter", value, name, 1, run)
  setter.invoke(run, value, item)
  return item
}

/** Finding similar names is expensive, and a script can catch the error and repeat it. */
const costOfSuggestion = 2000

/** Fails with the name of the missing member and similar names. */
export const noMember = (
  kind: "getter" | "setter" | "method",
  value: Value,
  name: string,
  arity: number,
  run: Run,
): never => {
  run.work(costOfSuggestion)
  const type = typeOf(value)
  const what = kind === "method" ? "method" : "field"
  const names = Members.namesOf(Members.of(type))
  const known = what === "field" && names.includes(name) ? `. Call [${name}()]` : suggestion(name, names)
  return run.fail(
    "IllegalArgumentException",
    `[${type}] has no ${what} [${name}]${known}`,
    `dynamic ${kind} [${Type.javaName(type)}, ${name}${kind === "method" ? `/${arity}` : ""}] not found`,
  )
}
