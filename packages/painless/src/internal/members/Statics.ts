/** The static functions and constants of classes. */
import * as Arithmetic from "../run/Arithmetic.ts"
import * as Equality from "../run/Equality.ts"
import * as JavaText from "../run/JavaText.ts"
import type { Run } from "../run/Run.ts"
import {
  Char,
  Comparator,
  Decimal,
  Double,
  Entry,
  Float,
  JavaMap,
  JavaSet,
  List,
  Uuid,
  type Value,
} from "../run/Value.ts"
import { join } from "./CollectionMembers.ts"
import * as Format from "./Format.ts"
import * as Method from "./Method.ts"
import * as NumberText from "./NumberText.ts"
import * as OptionalMembers from "./OptionalMembers.ts"
import * as Order from "./Order.ts"
import * as MethodParameter from "./MethodParameter.ts"
import * as RegexMembers from "./RegexMembers.ts"
import * as ComparatorMembers from "./ComparatorMembers.ts"
import * as StreamMembers from "./StreamMembers.ts"
import * as TimeStatics from "./TimeStatics.ts"

const { m0, m1, m2, m3 } = Method.on(() => null)
const { any, boolean, char, double, int, long, string, text } = MethodParameter

const math1 = (name: string, calculate: (value: number) => number) =>
  m1(name, "double", double, (_, value) => new Double(calculate(value)))

const math2 = (name: string, calculate: (left: number, right: number) => number) =>
  m2(name, "double", [double, double], (_, left, right) => new Double(calculate(left, right)))

/** Half to even. */
const rint = (value: number): number => {
  const floor = Math.floor(value)
  if (value - floor !== 0.5) return Math.round(value)
  return floor % 2 === 0 ? floor : floor + 1
}

/** Painless has only the forms for `double`: `Math.max(1, 2)` is 2.0. */
const math = Method.table([
  math1("abs", Math.abs),
  ...(
    ["acos", "asin", "atan", "cbrt", "ceil", "cos", "cosh", "exp", "expm1", "floor", "log", "log10", "log1p"] as const
  ).map((name) => math1(name, Math[name])),
  ...(["sin", "sinh", "sqrt", "tan", "tanh"] as const).map((name) => math1(name, Math[name])),
  math1("signum", Math.sign),
  math1("rint", rint),
  math1("toDegrees", (value) => (value * 180) / Math.PI),
  math1("toRadians", (value) => (value / 180) * Math.PI),
  math2("atan2", Math.atan2),
  math2("hypot", Math.hypot),
  math2("max", Math.max),
  math2("min", Math.min),
  math2("pow", (base, exponent) => base ** exponent),
  m0("random", "double", (_, run) => new Double(run.world.random())),
  m1("round", "long", double, (_, value) => Arithmetic.toLong(new Double(Math.round(value)))),
])

const parseInt = (value: string, radix: number, run: Run): number => NumberText.int(value, radix, run)
const parseLong = (value: string, radix: number, run: Run): bigint => NumberText.long(value, radix, run)

const unsigned = (name: string, radix: number) => m1(name, "String", int, (_, value) => (value >>> 0).toString(radix))

const integer = Method.table([
  m1("parseInt", "int", string, (_, value, run) => parseInt(value, 10, run)),
  m2("parseInt", "int", [string, int], (_, value, radix, run) => parseInt(value, radix, run)),
  m1("valueOf", "Integer", int, (_, value) => value),
  m2("valueOf", "Integer", [string, int], (_, value, radix, run) => parseInt(value, radix, run)),
  m1("toString", "String", int, (_, value) => `${value}`),
  m2("toString", "String", [int, int], (_, value, radix) => value.toString(radix < 2 || radix > 36 ? 10 : radix)),
  m2("compare", "int", [int, int], (_, left, right) => Math.sign(left - right)),
  m2("max", "int", [int, int], (_, left, right) => Math.max(left, right)),
  m2("min", "int", [int, int], (_, left, right) => Math.min(left, right)),
  m1("signum", "int", int, (_, value) => Math.sign(value)),
  unsigned("toHexString", 16),
  unsigned("toBinaryString", 2),
  unsigned("toOctalString", 8),
])

const longs = Method.table([
  m1("parseLong", "long", string, (_, value, run) => parseLong(value, 10, run)),
  m2("parseLong", "long", [string, int], (_, value, radix, run) => parseLong(value, radix, run)),
  m1("valueOf", "Long", long, (_, value) => value),
  m1("toString", "String", long, (_, value) => `${value}`),
  m2("compare", "int", [long, long], (_, left, right) => (left < right ? -1 : left > right ? 1 : 0)),
  m2("max", "long", [long, long], (_, left, right) => (left > right ? left : right)),
  m2("min", "long", [long, long], (_, left, right) => (left < right ? left : right)),
  m2("sum", "long", [long, long], (_, left, right) => BigInt.asIntN(64, left + right)),
  m1("signum", "int", long, (_, value) => (value < 0n ? -1 : value > 0n ? 1 : 0)),
])

const floating = (type: "Double" | "Float", make: (value: number) => Value) => {
  const primitive = type === "Double" ? "double" : "float"
  return Method.table([
    m1(`parse${type}`, primitive, string, (_, value, run) => make(NumberText.double(value, run))),
    m1("valueOf", type, double, (_, value) => make(value)),
    m1("toString", "String", any, (_, value, run) => JavaText.of(make(double.read(value, run)), run)),
    m2("compare", "int", [double, double], (_, left, right) => Order.doubles(left, right)),
    m1("isNaN", "boolean", double, (_, value) => Number.isNaN(value)),
    m1("isInfinite", "boolean", double, (_, value) => Math.abs(value) === Infinity),
    m1("isFinite", "boolean", double, (_, value) => Number.isFinite(value)),
    m2("max", primitive, [double, double], (_, left, right) => make(Math.max(left, right))),
    m2("min", primitive, [double, double], (_, left, right) => make(Math.min(left, right))),
    m2("sum", primitive, [double, double], (_, left, right) => make(left + right)),
  ])
}

const isTrue = (value: string): boolean => value.toLowerCase() === "true"

const booleans = Method.table([
  m1("parseBoolean", "boolean", string, (_, value) => isTrue(value)),
  m1("valueOf", "Boolean", boolean, (_, value) => value),
  m1("toString", "String", boolean, (_, value) => `${value}`),
  m2("compare", "int", [boolean, boolean], (_, left, right) => Number(left) - Number(right)),
])

const is = (name: string, pattern: RegExp) =>
  m1(name, "boolean", int, (_, value) => value >= 0 && value <= 0x10ffff && pattern.test(String.fromCodePoint(value)))

/** Java excludes the no-break spaces and includes the separators U+001C to U+001F. */
const isWhitespace = (value: number): boolean =>
  (value >= 28 && value <= 31) ||
  (value > 0 && value <= 0x10ffff && /^(?![\u00a0\u2007\u202f\ufeff])\s$/u.test(String.fromCodePoint(value)))

const toCase = (name: string, change: (text: string) => string) =>
  m1(name, "char", char, (_, value) => {
    const changed = change(String.fromCharCode(value.code))
    return changed.length === 1 ? new Char(changed.charCodeAt(0)) : value
  })

const characters = Method.table([
  is("isDigit", /^\p{Nd}$/u),
  is("isLetter", /^\p{L}$/u),
  is("isLetterOrDigit", /^[\p{L}\p{Nd}]$/u),
  is("isUpperCase", /^\p{Uppercase}$/u),
  is("isLowerCase", /^\p{Lowercase}$/u),
  is("isAlphabetic", /^\p{Alphabetic}$/u),
  m1("isWhitespace", "boolean", int, (_, value) => isWhitespace(value)),
  is("isISOControl", /^\p{Cc}$/u),
  toCase("toLowerCase", (value) => value.toLowerCase()),
  toCase("toUpperCase", (value) => value.toUpperCase()),
  m1("getNumericValue", "int", int, (_, value) => {
    const digit = Number.parseInt(String.fromCodePoint(Math.min(Math.max(value, 0), 0x10ffff)), 36)
    return Number.isNaN(digit) ? -1 : digit
  }),
  m1("toString", "String", char, (_, value) => String.fromCharCode(value.code)),
  m1("valueOf", "Character", char, (_, value) => value),
])

const strings = Method.table([
  m1("valueOf", "String", any, (_, value, run) => JavaText.of(value, run)),
  m2("join", "String", [text, MethodParameter.items], (_, separator, items, run) => join(separator, items, run)),
  // Painless has no variadic calls: the arguments are in an array.
  m2("format", "String", [string, MethodParameter.array], (_, pattern, given, run) =>
    Format.apply(pattern, given, run),
  ),
  m1("copyValueOf", "String", MethodParameter.array, (_, chars, run) => {
    run.made(chars.length)
    return chars.map((char) => JavaText.of(char, run)).join("")
  }),
])

const extreme = (items: ReadonlyArray<Value>, by: Comparator["compare"], sign: number, run: Run): Value => {
  if (items.length === 0) run.fail("NoSuchElementException", "the collection is empty", null)
  return items.reduce((best, item) => (by(item, best, run) * sign > 0 ? item : best))
}

const collections = Method.table([
  m0("emptyList", "List", () => new List([], "read")),
  m0("emptyMap", "Map", () => new JavaMap(undefined, "read")),
  m0("emptySet", "Set", () => new JavaSet("read")),
  m1("singletonList", "List", any, (_, value, run) => {
    run.keep(value)
    return new List([value], "read")
  }),
  m2("singletonMap", "Map", [any, any], (_, key, value, run) => {
    run.keep(value)
    return new JavaMap(new Map([[Equality.identityOf(key, run), new Entry(key, value)]]), "read")
  }),
  m2("nCopies", "List", [int, any], (_, times, value, run) => {
    if (times < 0) run.fail("IllegalArgumentException", `List length = ${times}`)
    run.hold(times)
    return new List(
      Array.from({ length: times }, () => value),
      "read",
    )
  }),
  // Each is a view that reflects changes of the underlying list.
  m1("unmodifiableList", "List", MethodParameter.list, (_, list) => new List(list.items, "read")),
  m1("unmodifiableMap", "Map", MethodParameter.map, (_, map) => new JavaMap(map.entries, "read")),
  m1("max", "def", MethodParameter.collection, (_, items, run) => extreme(items, Order.natural, 1, run)),
  m1("min", "def", MethodParameter.collection, (_, items, run) => extreme(items, Order.natural, -1, run)),
  m2("max", "def", [MethodParameter.collection, MethodParameter.comparator], (_, items, by, run) =>
    extreme(items, by?.compare ?? Order.natural, 1, run),
  ),
  m2("min", "def", [MethodParameter.collection, MethodParameter.comparator], (_, items, by, run) =>
    extreme(items, by?.compare ?? Order.natural, -1, run),
  ),
  m0("reverseOrder", "Comparator", () => ComparatorMembers.reverseOrder),
  m1("sort", "void", MethodParameter.list, (_, list, run) => {
    run.change(list, "item")
    Order.sort(list.items, null, run)
    return null
  }),
  m2("sort", "void", [MethodParameter.list, MethodParameter.comparator], (_, list, by, run) => {
    run.change(list, "item")
    Order.sort(list.items, by, run)
    return null
  }),
  m1("reverse", "void", MethodParameter.list, (_, list, run) => {
    run.change(list, "item")
    run.work(list.items.length)
    list.items.reverse()
    return null
  }),
  m2(
    "frequency",
    "int",
    [MethodParameter.collection, any],
    (_, items, value, run) => items.filter((item) => Equality.equals(item, value, run)).length,
  ),
])

const arrays = Method.table([
  m1("asList", "List", MethodParameter.array, (_, items, run) => {
    run.hold(items.length)
    return new List([...items], "fixed")
  }),
  m1("deepToString", "String", MethodParameter.array, (_, items, run) => JavaText.of(new List([...items]), run)),
])

const objects = Method.table([
  m2("equals", "boolean", [any, any], (_, left, right, run) => Equality.equals(left, right, run)),
  m1("isNull", "boolean", any, (_, value) => value === null),
  m1("nonNull", "boolean", any, (_, value) => value !== null),
  m1("toString", "String", any, (_, value, run) => JavaText.of(value, run)),
  m2("toString", "String", [any, string], (_, value, otherwise, run) =>
    value === null ? otherwise : JavaText.of(value, run),
  ),
  m1("hashCode", "int", any, (_, value, run) => Equality.hashOf(value, run)),
  m1("hash", "int", MethodParameter.array, (_, values, run) =>
    values.reduce((hash: number, value) => (Math.imul(hash, 31) + Equality.hashOf(value, run)) | 0, 1),
  ),
  m2("deepEquals", "boolean", [any, any], (_, left, right, run) => Equality.equals(left, right, run)),
  m1("requireNonNull", "def", any, (_, value, run) =>
    value === null ? run.fail("NullPointerException", "requireNonNull received null", null) : value,
  ),
  m2("requireNonNull", "def", [any, string], (_, value, message, run) =>
    value === null ? run.fail("NullPointerException", "requireNonNull received null", message) : value,
  ),
  m3("compare", "int", [any, any, MethodParameter.comparator], (_, left, right, by, run) =>
    left === right ? 0 : (by?.compare ?? Order.natural)(left, right, run),
  ),
])

const system = Method.table([
  m0("currentTimeMillis", "long", (_, run) => BigInt(Math.trunc(run.world.now()))),
  m0("nanoTime", "long", (_, run) => BigInt(Math.trunc(run.world.now() * 1_000_000))),
])

/** 16 random bytes with the bits of version 4 (RFC 9562, 5.4). */
const randomUuid = (run: Run): Uuid => {
  run.work(200)
  const bytes = Array.from({ length: 16 }, () => Math.floor(run.world.random() * 256))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("")
  return new Uuid(hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-"))
}

const uuids = Method.table([
  m0("randomUUID", "UUID", (_, run) => randomUuid(run)),
  m1("fromString", "UUID", string, (_, value, run) =>
    /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/.test(value)
      ? new Uuid(value.toLowerCase())
      : run.fail("IllegalArgumentException", "the text is not a UUID", `Invalid UUID string: ${value}`),
  ),
])

const decimals = Method.table([
  m1("valueOf", "BigDecimal", double, (_, value, run) => NumberText.decimal(JavaText.ofDouble(value), run)),
])

const integers = Method.table([m1("valueOf", "BigInteger", long, (_, value) => new Decimal("BigInteger", value, 0))])

export const tables: ReadonlyMap<string, Method.Table> = new Map([
  ["Math", math],
  ["Integer", integer],
  ["Long", longs],
  ["Double", floating("Double", (value) => new Double(value))],
  ["Float", floating("Float", (value) => new Float(value))],
  ["Boolean", booleans],
  ["Character", characters],
  ["String", strings],
  ["BigDecimal", decimals],
  ["BigInteger", integers],
  ["Collections", collections],
  ["Arrays", arrays],
  ["Objects", objects],
  ["Collectors", StreamMembers.collectors],
  ["Comparator", ComparatorMembers.functions],
  ["Map.Entry", ComparatorMembers.entryFunctions],
  ["Stream", StreamMembers.streams],
  ["IntStream", StreamMembers.intStreams],
  ["Optional", OptionalMembers.optionals],
  ["Pattern", RegexMembers.patterns],
  ["Matcher", RegexMembers.matchers],
  ["System", system],
  ["UUID", uuids],
  ...TimeStatics.functions,
])

/** Constants by `Class.NAME`, each with its type. */
export const constants: ReadonlyMap<string, readonly [type: string, value: Value]> = new Map<
  string,
  readonly [string, Value]
>([
  ["Math.PI", ["double", new Double(Math.PI)]],
  ["Math.E", ["double", new Double(Math.E)]],
  ["Integer.MAX_VALUE", ["int", 2147483647]],
  ["Integer.MIN_VALUE", ["int", -2147483648]],
  ["Long.MAX_VALUE", ["long", Arithmetic.maxLong]],
  ["Long.MIN_VALUE", ["long", Arithmetic.minLong]],
  ["Double.MAX_VALUE", ["double", new Double(Number.MAX_VALUE)]],
  ["Double.MIN_VALUE", ["double", new Double(Number.MIN_VALUE)]],
  ["Double.NaN", ["double", new Double(Number.NaN)]],
  ["Double.POSITIVE_INFINITY", ["double", new Double(Infinity)]],
  ["Double.NEGATIVE_INFINITY", ["double", new Double(-Infinity)]],
  ["Float.MAX_VALUE", ["float", new Float(3.4028234663852886e38)]],
  ["Float.MIN_VALUE", ["float", new Float(1.401298464324817e-45)]],
  ["Boolean.TRUE", ["Boolean", true]],
  ["Boolean.FALSE", ["Boolean", false]],
  ["BigDecimal.ZERO", ["BigDecimal", new Decimal("BigDecimal", 0n, 0)]],
  ["BigDecimal.ONE", ["BigDecimal", new Decimal("BigDecimal", 1n, 0)]],
  ...TimeStatics.constants,
])
