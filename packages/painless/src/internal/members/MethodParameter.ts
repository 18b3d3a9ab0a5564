/** A parameter of a method: the type that a script must pass, and how its value is read. */
import * as Arithmetic from "../run/Arithmetic.ts"
import * as Conversion from "../run/Conversion.ts"
import type { Run } from "../run/Run.ts"
import * as Items from "../run/Items.ts"
import * as Type from "../run/Type.ts"
import { Exception } from "../run/Exception.ts"
import {
  Char,
  Collector,
  Comparator,
  JavaArray,
  JavaMap,
  Lambda,
  List,
  Optional,
  Pattern,
  Stream,
  StringBuilder,
  Temporal,
  type TemporalType,
  typeOf,
  type Value,
} from "../run/Value.ts"

export interface Parameter<A> {
  readonly type: string
  readonly read: (value: Value, run: Run) => A
}

const mismatch = (value: Value, type: string, run: Run): never =>
  value === null
    ? run.fail("NullPointerException", `cannot use null as [${type}]`)
    : run.fail("ClassCastException", `cannot use [${typeOf(value)}] as [${type}]`)

export const any: Parameter<Value> = { type: Type.def, read: (value) => value }

const toInt = Conversion.to("int")
export const int: Parameter<number> = {
  type: "int",
  read: (value, run) => (typeof value === "number" ? value : Arithmetic.toInt(toInt(value, run))),
}

const toLong = Conversion.to("long")
export const long: Parameter<bigint> = { type: "long", read: (value, run) => Arithmetic.toLong(toLong(value, run)) }

const toDouble = Conversion.to("double")
export const double: Parameter<number> = {
  type: "double",
  read: (value, run) => Arithmetic.toDouble(toDouble(value, run)),
}

export const boolean: Parameter<boolean> = {
  type: "boolean",
  read: (value, run) => (typeof value === "boolean" ? value : mismatch(value, "boolean", run)),
}

const toChar = Conversion.to("char", true)
export const char: Parameter<Char> = {
  type: "char",
  read: (value, run) => {
    const char = toChar(value, run)
    return char instanceof Char ? char : mismatch(value, "char", run)
  },
}

export const string: Parameter<string> = {
  type: "String",
  read: (value, run) => (typeof value === "string" ? value : mismatch(value, "String", run)),
}

/** A `CharSequence`: a string, or the content of a builder. */
export const text: Parameter<string> = {
  type: "CharSequence",
  read: (value, run) => (value instanceof StringBuilder ? value.text : string.read(value, run)),
}

/** The items of anything that a `for` loop can iterate over. */
export const items: Parameter<ReadonlyArray<Value>> = {
  type: "Iterable",
  read: (value, run) => {
    const found = Items.of(value, run)
    return found ?? mismatch(value, "Iterable", run)
  },
}

export const list: Parameter<List> = {
  type: "List",
  read: (value, run) => (value instanceof List ? value : mismatch(value, "List", run)),
}

export const map: Parameter<JavaMap> = {
  type: "Map",
  read: (value, run) => (value instanceof JavaMap ? value : mismatch(value, "Map", run)),
}

/** A lambda with `arity` parameters. */
export const lambda = (arity: number): Parameter<Lambda> => ({
  type: "Function",
  read: (value, run) => {
    if (!(value instanceof Lambda)) return mismatch(value, "Function", run)
    if (value.arity === arity) return value
    return run.fail(
      "IllegalArgumentException",
      `a lambda with ${arity} parameters is required here, not with ${value.arity}`,
    )
  },
})

const toComparator = Conversion.to("Comparator")
/** A comparator or a lambda with two parameters; null is the natural order. */
export const comparator: Parameter<Comparator | null> = {
  type: "Comparator",
  read: (value, run) => {
    const converted = toComparator(value, run)
    return converted instanceof Comparator || converted === null ? converted : mismatch(value, "Comparator", run)
  },
}

export const pattern: Parameter<Pattern> = {
  type: "Pattern",
  read: (value, run) => (value instanceof Pattern ? value : mismatch(value, "Pattern", run)),
}

/** An array, whose items are read; Painless has no variadic calls, and lists do not convert to arrays. */
export const array: Parameter<ReadonlyArray<Value>> = {
  type: "def[]",
  read: (value, run) => {
    if (!(value instanceof JavaArray)) return mismatch(value, "def[]", run)
    run.work(value.items.length)
    return value.items
  },
}

/** A `java.time` value of one of these types. */
export const temporal = (...types: ReadonlyArray<TemporalType>): Parameter<Temporal> => ({
  type: types.length === 1 ? (types[0] ?? "Temporal") : Type.def,
  read: (value, run) =>
    value instanceof Temporal && types.includes(value.type) ? value : mismatch(value, types.join(" or "), run),
})

export const exception: Parameter<Exception> = {
  type: "Exception",
  read: (value, run) => (value instanceof Exception ? value : mismatch(value, "Exception", run)),
}

export const optional: Parameter<Optional> = {
  type: "Optional",
  read: (value, run) => (value instanceof Optional ? value : mismatch(value, "Optional", run)),
}

export const stream: Parameter<Stream> = {
  type: "Stream",
  read: (value, run) => (value instanceof Stream ? value : mismatch(value, "Stream", run)),
}

export const collection: Parameter<ReadonlyArray<Value>> = {
  type: "Collection",
  read: (value, run) => (value instanceof JavaArray ? mismatch(value, "Collection", run) : items.read(value, run)),
}

export const collector: Parameter<Collector> = {
  type: "Collector",
  read: (value, run) => (value instanceof Collector ? value : mismatch(value, "Collector", run)),
}
