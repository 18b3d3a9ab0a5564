/** The functions and constants that belong to a class rather than to a value. */
import * as Arithmetic from "../Arithmetic.ts"
import * as Equality from "../Equality.ts"
import * as Items from "../Items.ts"
import * as JavaText from "../JavaText.ts"
import type { Run } from "../Run.ts"
import { Char, Comparator, Decimal, Double, Float, JavaMap, JavaSet, List, type Value } from "../Value.ts"
import { join } from "./CollectionMembers.ts"
import * as Format from "./Format.ts"
import * as Method from "./Method.ts"
import * as NumberText from "./NumberText.ts"
import * as Order from "./Order.ts"
import * as Parameter from "./Parameter.ts"
import * as StreamMembers from "./StreamMembers.ts"

const { m0, m1, m2, m3 } = Method.on(() => null)
const { any, boolean, char, double, int, long, string, text } = Parameter

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

/** Painless knows only the forms for `double`: `Math.max(1, 2)` is 2.0. */
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
  m1("round", "long", double, (_, value) => Arithmetic.toLong(new Double(Math.round(value)))),
])

const parseInt = (value: string, radix: number, run: Run): number => NumberText.int(value, radix, run)
const parseLong = (value: string, radix: number, run: Run): bigint => NumberText.long(value, radix, run)

const unsigned = (name: string, radix: number) => m1(name, "String", int, (_, value) => (value >>> 0).toString(radix))

const integer = Method.table([
  m1("parseInt", "int", string, (_, value, run) => parseInt(value, 10, run)),
  m2("parseInt", "int", [string, int], (_, value, radix, run) => parseInt(value, radix, run)),
  m1("valueOf", "Integer", any, (_, value, run) =>
    typeof value === "string" ? parseInt(value, 10, run) : int.read(value, run),
  ),
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
  m1("valueOf", "Long", any, (_, value, run) =>
    typeof value === "string" ? parseLong(value, 10, run) : long.read(value, run),
  ),
  m1("toString", "String", long, (_, value) => `${value}`),
  m2("compare", "int", [long, long], (_, left, right) => (left < right ? -1 : left > right ? 1 : 0)),
  m2("max", "long", [long, long], (_, left, right) => (left > right ? left : right)),
  m2("min", "long", [long, long], (_, left, right) => (left < right ? left : right)),
  m2("sum", "long", [long, long], (_, left, right) => BigInt.asIntN(64, left + right)),
  m1("signum", "int", long, (_, value) => (value < 0n ? -1 : value > 0n ? 1 : 0)),
])

const floating = (type: "Double" | "Float", make: (value: number) => Value) => {
  const primitive = type === "Double" ? "double" : "float"
  const read = (value: Value, run: Run): number =>
    typeof value === "string" ? NumberText.double(value, run) : double.read(value, run)
  return Method.table([
    m1(`parse${type}`, primitive, string, (_, value, run) => make(NumberText.double(value, run))),
    m1("valueOf", type, any, (_, value, run) => make(read(value, run))),
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
  m1("valueOf", "Boolean", any, (_, value, run) =>
    typeof value === "string" ? isTrue(value) : boolean.read(value, run),
  ),
  m1("toString", "String", boolean, (_, value) => `${value}`),
  m2("compare", "int", [boolean, boolean], (_, left, right) => Number(left) - Number(right)),
])

const is = (name: string, pattern: RegExp) =>
  m1(name, "boolean", int, (_, value) => value >= 0 && value <= 0x10ffff && pattern.test(String.fromCodePoint(value)))

/** Java leaves the no-break spaces out and takes the separators U+001C to U+001F in. */
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
  m2("join", "String", [text, Parameter.items], (_, separator, items, run) => join(separator, items, run)),
  m2("format", "String", [string, any], (_, pattern, argument, run) =>
    Format.apply(pattern, Items.of(argument, run) ?? [argument], run),
  ),
  m3("format", "String", [string, any, any], (_, pattern, first, second, run) =>
    Format.apply(pattern, [first, second], run),
  ),
])

const extreme = (items: ReadonlyArray<Value>, by: Comparator["compare"], sign: number, run: Run): Value => {
  if (items.length === 0) run.fail("NoSuchElementException", "the collection is empty")
  return items.reduce((best, item) => (by(item, best, run) * sign > 0 ? item : best))
}

const collections = Method.table([
  m0("emptyList", "List", () => new List([])),
  m0("emptyMap", "Map", () => new JavaMap()),
  m0("emptySet", "Set", () => new JavaSet()),
  m1("singletonList", "List", any, (_, value) => new List([value])),
  m1("unmodifiableList", "List", Parameter.list, (_, list) => list),
  m1("unmodifiableMap", "Map", Parameter.map, (_, map) => map),
  m1("max", "def", Parameter.items, (_, items, run) => extreme(items, Order.natural, 1, run)),
  m1("min", "def", Parameter.items, (_, items, run) => extreme(items, Order.natural, -1, run)),
  m1("sort", "void", Parameter.list, (_, list, run) => {
    Order.sort(list.items, null, run)
    return null
  }),
  m2("sort", "void", [Parameter.list, Parameter.comparator], (_, list, by, run) => {
    Order.sort(list.items, by, run)
    return null
  }),
  m1("reverse", "void", Parameter.list, (_, list, run) => {
    run.work(list.items.length)
    list.items.reverse()
    return null
  }),
  m2(
    "frequency",
    "int",
    [Parameter.items, any],
    (_, items, value, run) => items.filter((item) => Equality.equals(item, value, run)).length,
  ),
])

const arrays = Method.table([
  m1("asList", "List", Parameter.items, (_, items) => new List([...items])),
  m1("toString", "String", Parameter.items, (_, items, run) => JavaText.of(new List([...items]), run)),
])

const objects = Method.table([
  m2("equals", "boolean", [any, any], (_, left, right, run) => Equality.equals(left, right, run)),
  m1("isNull", "boolean", any, (_, value) => value === null),
  m1("nonNull", "boolean", any, (_, value) => value !== null),
  m1("toString", "String", any, (_, value, run) => JavaText.of(value, run)),
])

const decimals = Method.table([
  m1("valueOf", "BigDecimal", any, (_, value, run) =>
    typeof value === "bigint" || typeof value === "number"
      ? new Decimal("BigDecimal", BigInt(value), 0)
      : NumberText.decimal(JavaText.ofDouble(double.read(value, run)), run),
  ),
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
  ["Comparator", StreamMembers.comparators],
  ["Map.Entry", StreamMembers.entries],
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
])
