/** Converts a value to the type of a declaration, a parameter or a cast. */
import * as Arithmetic from "./Arithmetic.ts"
import type { Run } from "./Run.ts"
import * as Type from "./Type.ts"
import { Char, Double, Float, JavaArray, Lambda, Comparator, Small, typeOf, type Value } from "./Value.ts"

export type Convert = (value: Value, run: Run) => Value

const number = (type: string, value: Value): Value => {
  switch (type) {
    case "int":
      return Arithmetic.toInt(value)
    case "long":
      return Arithmetic.toLong(value)
    case "double":
      return new Double(Arithmetic.toDouble(value))
    case "float":
      return new Float(Arithmetic.toDouble(value))
    case "char":
      return new Char(Arithmetic.toInt(value))
    default:
      return new Small(type === "byte" ? "byte" : "short", Arithmetic.toInt(value))
  }
}

const refuse = (value: Value, type: string, run: Run, cast = false): never => {
  if (value === null) return run.fail("NullPointerException", `cannot turn null into [${type}]`)
  const from = Type.javaName(typeOf(value))
  const target = Type.javaName(type)
  return run.fail(
    "ClassCastException",
    `cannot turn [${typeOf(value)}] into [${type}]`,
    cast && !Type.isPrimitive(type)
      ? `class ${from} cannot be cast to class ${target} (${from} and ${target} are in module java.base of loader 'bootstrap')`
      : `cannot ${cast ? "ex" : "im"}plicitly cast def [${from}] to ${target}`,
  )
}

const toNumber =
  (type: string, cast: boolean): Convert =>
  (value, run) => {
    if (value === null && !Type.isPrimitive(type)) return null
    const primitive = Type.unbox(type)
    if (primitive === "int" && typeof value === "number") return value
    if (primitive === "double" && value instanceof Double) return value
    const from = typeOf(value)
    if (cast && primitive === "char" && typeof value === "string" && value.length === 1)
      return new Char(value.charCodeAt(0))
    const open = cast ? Type.widthOf(from) >= 0 : Type.conversion(from, primitive) === "implicit"
    return open && Type.widthOf(from) >= 0 ? number(primitive, value) : refuse(value, type, run, cast)
  }

const toBoolean =
  (type: string): Convert =>
  (value, run) =>
    typeof value === "boolean" || (value === null && type === "Boolean") ? value : refuse(value, type, run)

const toReference =
  (type: string, cast: boolean): Convert =>
  (value, run) => {
    if (value === null) return null
    if (type === "Comparator" && value instanceof Lambda) return comparator(value)
    if (Type.isA(typeOf(value), type)) return value
    if (cast && type === "String" && value instanceof Char) return String.fromCharCode(value.code)
    return value instanceof JavaArray && type === "def[]" ? value : refuse(value, type, run, cast)
  }

/** A two-argument lambda in the position of a comparator. */
const comparator = (lambda: Lambda): Comparator =>
  new Comparator((left, right, run) => Arithmetic.toInt(lambda.call([left, right], run)))

/** The conversion to `type`; with `cast`, numbers are narrowed as in Java. */
export const to = (type: string, cast = false): Convert => {
  if (type === Type.def || type === "Object") return (value) => value
  if (Type.widthOf(type) >= 0) return toNumber(type, cast)
  return Type.unbox(type) === "boolean" ? toBoolean(type) : toReference(type, cast)
}

/** The initial value of a variable or an array element of `type`. */
export const initial = (type: string): Value => {
  if (type === "boolean") return false
  return Type.isPrimitive(type) ? number(type, 0) : null
}
