/**
 * The values of a script. An `int` is a JavaScript number, a `long` a bigint, a `String` a string; other values have
 * classes of their own here, so that no object of the host is reachable through a value.
 */
import type { CollectionAccess } from "./CollectionAccess.ts"
import type { Exception } from "./Exception.ts"
import type { Execution } from "./Execution.ts"
import type { Regex, Spans } from "./Regex.ts"

export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Double
  | Float
  | Small
  | Char
  | Decimal
  | List
  | JavaMap
  | JavaSet
  | JavaArray
  | Entry
  | Cursor
  | StringBuilder
  | Exception
  | Lambda
  | Comparator
  | Stream
  | Collector
  | Pattern
  | Matcher
  | Optional
  | Uuid
  | Temporal

export class Double {
  readonly value: number
  constructor(value: number) {
    this.value = value
  }
}

export class Float {
  readonly value: number
  constructor(value: number) {
    this.value = Math.fround(value)
  }
}

/** A `byte` or a `short`; both become `int` in arithmetic. */
export class Small {
  readonly type: "byte" | "short"
  readonly value: number
  constructor(type: "byte" | "short", value: number) {
    this.type = type
    this.value = type === "byte" ? (value << 24) >> 24 : (value << 16) >> 16
  }
}

export class Char {
  readonly code: number
  constructor(code: number) {
    this.code = code & 0xffff
  }
}

/** `unscaled * 10 ** -scale`; a `BigInteger` has scale 0. */
export class Decimal {
  readonly type: "BigDecimal" | "BigInteger"
  readonly unscaled: bigint
  readonly scale: number
  constructor(type: "BigDecimal" | "BigInteger", unscaled: bigint, scale: number) {
    this.type = type
    this.unscaled = unscaled
    this.scale = scale
  }
}

export class List {
  readonly items: Array<Value>
  readonly access: CollectionAccess
  constructor(items: Array<Value>, access: CollectionAccess = "free") {
    this.items = items
    this.access = access
  }
}

/** An array of fixed length; each store is checked against `component`. */
export class JavaArray {
  readonly component: string
  readonly type: string
  readonly items: Array<Value>
  constructor(component: string, items: Array<Value>) {
    this.component = component
    this.type = `${component}[]`
    this.items = items
  }
}

export class Entry {
  readonly key: Value
  value: Value
  constructor(key: Value, value: Value) {
    this.key = key
    this.value = value
  }
}

/** Equal keys have the same identity; a string that looks like the identity of an object is marked. */
export type Identity = string | number | bigint | boolean | null

/** A `HashMap` in insertion order; Java guarantees no order. */
export class JavaMap {
  readonly entries: Map<Identity, Entry>
  readonly access: CollectionAccess
  constructor(entries = new Map<Identity, Entry>(), access: CollectionAccess = "free") {
    this.entries = entries
    this.access = access
  }

  get(identity: Identity): Value {
    const entry = this.entries.get(identity)
    return entry === undefined ? null : entry.value
  }

  set(identity: Identity, key: Value, value: Value): Value {
    const entry = this.entries.get(identity)
    if (entry === undefined) {
      this.entries.set(identity, new Entry(key, value))
      return null
    }
    const old = entry.value
    entry.value = value
    return old
  }
}

export class JavaSet {
  readonly items = new Map<Identity, Value>()
  readonly access: CollectionAccess
  constructor(access: CollectionAccess = "free") {
    this.access = access
  }
}

export class Cursor {
  readonly items: ReadonlyArray<Value>
  next = 0
  constructor(items: ReadonlyArray<Value>) {
    this.items = items
  }
}

export class StringBuilder {
  private content: string
  /** Whether the appended text has been read, and is therefore contiguous. */
  isSettled = false
  constructor(text: string) {
    this.content = text
  }

  get text(): string {
    return this.content
  }

  set text(text: string) {
    this.content = text
    this.isSettled = false
  }
}

export class Lambda {
  readonly arity: number
  readonly call: (args: ReadonlyArray<Value>, run: Execution<Value>) => Value
  constructor(arity: number, call: (args: ReadonlyArray<Value>, run: Execution<Value>) => Value) {
    this.arity = arity
    this.call = call
  }
}

export class Comparator {
  readonly compare: (left: Value, right: Value, run: Execution<Value>) => number
  constructor(compare: (left: Value, right: Value, run: Execution<Value>) => number) {
    this.compare = compare
  }
}

export type StreamType = "Stream" | "IntStream" | "LongStream" | "DoubleStream"

/** An evaluated stream: each stage processes all items at once. */
export class Stream {
  readonly type: StreamType
  readonly items: ReadonlyArray<Value>
  constructor(items: ReadonlyArray<Value>, type: StreamType = "Stream") {
    this.items = items
    this.type = type
  }
}

/** A compiled regular expression, `/…/`. */
export class Pattern {
  readonly regex: Regex
  constructor(regex: Regex) {
    this.regex = regex
  }
}

export class Matcher {
  pattern: Pattern
  readonly text: string
  /** The last match. */
  spans: Spans | undefined
  /** Where the next search begins; beyond the text after the last match. */
  next = 0
  constructor(pattern: Pattern, text: string) {
    this.pattern = pattern
    this.text = text
  }
}

/** An `Optional`, `OptionalInt`, `OptionalLong` or `OptionalDouble`; null is empty. */
export class Optional {
  readonly type: string
  readonly value: Value
  constructor(value: Value, type = "Optional") {
    this.value = value
    this.type = type
  }
}

/** 32 hexadecimal digits in five groups. */
export class Uuid {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

export type TemporalType =
  | "Instant"
  | "ZonedDateTime"
  | "LocalDateTime"
  | "LocalDate"
  | "Duration"
  | "ZoneId"
  | "DateTimeFormatter"
  | "ChronoUnit"
  | "ChronoField"
  | "DayOfWeek"
  | "Month"

/**
 * A `java.time` value. `at` counts nanoseconds: since 1970 UTC for an `Instant` and a `ZonedDateTime`, of the local
 * time for the other two, the length of a `Duration`. `name` is the zone, the pattern of a formatter, or the name of a
 * constant.
 */
export class Temporal {
  readonly type: TemporalType
  readonly at: bigint
  readonly name: string
  /** The zone in which a formatter prints; empty for the value's own. */
  readonly zone: string
  constructor(type: TemporalType, at: bigint, name = "", zone = "") {
    this.type = type
    this.at = at
    this.name = name
    this.zone = zone
  }
}

export class Collector {
  readonly collect: (items: ReadonlyArray<Value>, run: Execution<Value>) => Value
  constructor(collect: (items: ReadonlyArray<Value>, run: Execution<Value>) => Value) {
    this.collect = collect
  }
}

/** The Java class of a value, by the name that a script would use. */
export const typeOf = (value: Value): string => {
  switch (typeof value) {
    case "string":
      return "String"
    case "number":
      return "Integer"
    case "bigint":
      return "Long"
    case "boolean":
      return "Boolean"
  }
  if (value === null) return "null"
  if (value instanceof Double) return "Double"
  if (value instanceof JavaMap) return "HashMap"
  if (value instanceof List) return "ArrayList"
  if (value instanceof StringBuilder) return "StringBuilder"
  if (value instanceof Float) return "Float"
  if (value instanceof Small) return value.type === "byte" ? "Byte" : "Short"
  if (value instanceof Char) return "Character"
  if (value instanceof JavaSet) return "HashSet"
  if (value instanceof Entry) return "Map.Entry"
  if (value instanceof Cursor) return "Iterator"
  if (value instanceof Lambda) return "Function"
  if (value instanceof Comparator) return "Comparator"
  if (value instanceof Collector) return "Collector"
  if (value instanceof Pattern) return "Pattern"
  if (value instanceof Matcher) return "Matcher"
  if (value instanceof Uuid) return "UUID"
  return value.type
}
