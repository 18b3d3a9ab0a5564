/** The types in a script, as text: `int`, `List`, `Double[]`. */
import * as ExceptionType from "./ExceptionType.ts"

export const def = "def"

const primitives = new Map([
  ["byte", "Byte"],
  ["short", "Short"],
  ["char", "Character"],
  ["int", "Integer"],
  ["long", "Long"],
  ["float", "Float"],
  ["double", "Double"],
  ["boolean", "Boolean"],
])
const unboxed = new Map(primitives.entries().map(([primitive, boxed]) => [boxed, primitive]))

const parents: ReadonlyMap<string, ReadonlyArray<string>> = new Map<string, ReadonlyArray<string>>([
  ["Object", []],
  ["Number", ["Object"]],
  ["Boolean", ["Object", "Comparable"]],
  ["Character", ["Object", "Comparable"]],
  ...["Byte", "Short", "Integer", "Long", "Float", "Double", "BigDecimal", "BigInteger"].map(
    (name) => [name, ["Number", "Comparable"]] as const,
  ),
  ["CharSequence", ["Object"]],
  ["Comparable", ["Object"]],
  ["String", ["CharSequence", "Comparable"]],
  ["StringBuilder", ["CharSequence"]],
  ["Iterable", ["Object"]],
  ["Collection", ["Iterable"]],
  ["List", ["Collection"]],
  ["ArrayList", ["List"]],
  ["Set", ["Collection"]],
  ["HashSet", ["Set"]],
  ["Map", ["Object"]],
  ["HashMap", ["Map"]],
  ["Map.Entry", ["Object"]],
  ["Iterator", ["Object"]],
  ["Function", ["Comparator"]],
  ["Comparator", ["Object"]],
  ["BaseStream", ["Object"]],
  ...["Stream", "IntStream", "LongStream", "DoubleStream"].map((name) => [name, ["BaseStream"]] as const),
  ...["Optional", "OptionalInt", "OptionalLong", "OptionalDouble"].map((name) => [name, ["Object"]] as const),
  ...["Pattern", "Matcher", "System"].map((name) => [name, ["Object"]] as const),
  ["UUID", ["Object", "Comparable"]],
  ["Temporal", ["Object"]],
  ["ChronoZonedDateTime", ["Temporal"]],
  ["Instant", ["Temporal", "Comparable"]],
  ["ZonedDateTime", ["ChronoZonedDateTime", "Comparable"]],
  ["LocalDateTime", ["Temporal", "Comparable"]],
  ["LocalDate", ["Temporal", "Comparable"]],
  ["Duration", ["Object", "Comparable"]],
  ["ZoneId", ["Object"]],
  ["ZoneOffset", ["ZoneId"]],
  ["DateTimeFormatter", ["Object"]],
  ...["ChronoUnit", "ChronoField", "DayOfWeek", "Month"].map((name) => [name, ["Object", "Comparable"]] as const),
  ["Collector", ["Object"]],
  ...["Math", "Collections", "Arrays", "Collectors", "Objects"].map((name) => [name, ["Object"]] as const),
  ...ExceptionType.names.map((name) => [name, [ExceptionType.parentOf(name) ?? "Object"]] as const),
])

/** Classes whose difference a script cannot observe: maps and sets keep their order, every lambda is a function. */
const aliases: ReadonlyMap<string, string> = new Map([
  ["LinkedHashMap", "HashMap"],
  ["LinkedHashSet", "HashSet"],
  ["LinkedList", "ArrayList"],
  ["StringBuffer", "StringBuilder"],
  ["Entry", "Map.Entry"],
  ...[
    "BiFunction",
    "Predicate",
    "BiPredicate",
    "Consumer",
    "BiConsumer",
    "Supplier",
    "UnaryOperator",
    "BinaryOperator",
  ].map((name) => [name, "Function"] as const),
])

export const names: ReadonlyArray<string> = [def, ...primitives.keys(), ...parents.keys(), ...aliases.keys()]

/** The type of a written name; undefined if it is unknown. */
export const named = (written: string): string | undefined => {
  if (written.endsWith("[]")) {
    const component = named(written.slice(0, -2))
    return component === undefined ? undefined : `${component}[]`
  }
  const short = written.replace(
    /^java\.(?:lang|math|time(?:\.(?:format|temporal|chrono))?|util(?:\.function|\.stream|\.regex)?)\./,
    "",
  )
  if (short === def || short === "void" || primitives.has(short) || parents.has(short)) return short
  return aliases.get(short)
}

export const isPrimitive = (type: string): boolean => primitives.has(type)

export const isArray = (type: string): boolean => type.endsWith("[]")

export const componentOf = (type: string): string => type.slice(0, -2)

/** `Integer` for `int`; other types are unchanged. */
export const box = (type: string): string => primitives.get(type) ?? type

/** `int` for `Integer`; other types are unchanged. */
export const unbox = (type: string): string => unboxed.get(type) ?? type

const widths = ["byte", "short", "int", "long", "float", "double"]

/** The order of widening, from `byte` 0 to `double` 5; -1 for other types. `char` ranks with `short`. */
export const widthOf = (type: string): number => (unbox(type) === "char" ? 1 : widths.indexOf(unbox(type)))

/** The result type of arithmetic on two types: `def` if either is unknown, undefined if it is not possible. */
export const promoted = (left: string, right: string): string | undefined => {
  const width = Math.max(widthOf(left), widthOf(right))
  if (widthOf(left) >= 0 && widthOf(right) >= 0) return widths[Math.max(2, width)]
  return isOpen(left) || isOpen(right) ? def : undefined
}

/** Only an argument or a variable of such a type can hold a lambda, which has no type of its own. */
export const isFunctional = (type: string): boolean => type === "Function" || type === "Comparator"

/** Java's name, with its package. */
export const javaName = (type: string): string => {
  if (isArray(type)) return `${javaName(componentOf(type))}[]`
  if (primitives.has(type)) return type
  if (type === def) return "java.lang.Object"
  if (type.startsWith("Big")) return `java.math.${type}`
  if (ofUtil.has(type)) return `java.util.${type.replace(".", "$")}`
  if (type.endsWith("Stream") || type.startsWith("Collector")) return `java.util.stream.${type}`
  if (type === "Pattern" || type === "Matcher") return `java.util.regex.${type}`
  if (type === "DateTimeFormatter") return `java.time.format.${type}`
  if (type.startsWith("Chrono")) return `java.time.temporal.${type}`
  return `${ofTime.has(type) ? "java.time" : "java.lang"}.${type}`
}

const ofUtil = new Set(
  "Collection List ArrayList Set HashSet Map HashMap Map.Entry Iterator Comparator Collections Arrays Objects UUID Optional OptionalInt OptionalLong OptionalDouble NoSuchElementException ConcurrentModificationException".split(
    " ",
  ),
)
const ofTime = new Set(
  "Instant ZonedDateTime LocalDateTime LocalDate Duration ZoneId ZoneOffset DayOfWeek Month".split(" "),
)

/** Whether a type holds only integers. */
export const isWhole = (type: string): boolean => widthOf(type) >= 0 && widthOf(type) <= 3

/** Whether the class of a value of this type is known only at run time. */
export const isOpen = (type: string): boolean => type === def || type === "Object" || type === "Number"

export const parentsOf = (type: string): ReadonlyArray<string> => parents.get(box(type)) ?? ["Object"]

/** Whether a value of class `type` is allowed in the position of `expected`. */
export const isA = (type: string, expected: string): boolean => {
  if (type === expected || expected === "Object" || expected === def) return true
  if (isArray(type))
    return expected === "Iterable" || (isArray(expected) && isA(componentOf(type), componentOf(expected)))
  return (parents.get(type) ?? []).some((parent) => isA(parent, expected))
}

/** Whether `from` converts to `to`: implicitly, by a cast only, or never; `def` is decided at run time. */
export const conversion = (from: string, to: string): "implicit" | "cast" | "never" => {
  if (from === "void") return "never"
  if (from === to || from === def || to === def || to === "Object") return "implicit"
  if (from === "null") return isPrimitive(to) ? "never" : "implicit"
  const source = widthOf(from)
  const target = widthOf(to)
  if (source >= 0 && target >= 0) return widens(unbox(from), unbox(to)) ? "implicit" : "cast"
  if (unbox(from) === unbox(to)) return "implicit"
  if (unbox(from) === "char" && to === "String") return "cast"
  if (from === "String" && unbox(to) === "char") return "cast"
  if (isA(box(from), to)) return "implicit"
  return isA(box(to), from) ? "cast" : "never"
}

const widens = (from: string, to: string): boolean =>
  from === to || (to !== "char" && widthOf(from) < widthOf(to) && !(from === "char" && to === "short"))
