/** The classes that `new` can create. */
import * as ExceptionType from "../run/ExceptionType.ts"
import * as JavaText from "../run/JavaText.ts"
import { Exception } from "../run/Exception.ts"
import { Decimal, JavaMap, JavaSet, List, StringBuilder } from "../run/Value.ts"
import { add } from "./CollectionMembers.ts"
import { putAll } from "./MapMembers.ts"
import * as Method from "./Method.ts"
import * as NumberText from "./NumberText.ts"
import * as MethodParameter from "./MethodParameter.ts"

const { m0, m1 } = Method.on(() => null)

/** `new ArrayList(10)` sets a capacity, `new ArrayList(list)` copies. */
const lists = Method.table([
  m0("new", "ArrayList", () => new List([])),
  m1("new", "ArrayList", MethodParameter.any, (_, from, run) => {
    if (typeof from === "number") return new List([])
    const items = MethodParameter.items.read(from, run)
    run.hold(items.length)
    return new List([...items])
  }),
])

const maps = Method.table([
  m0("new", "HashMap", () => new JavaMap()),
  m1("new", "HashMap", MethodParameter.any, (_, from, run) => {
    const map = new JavaMap()
    if (typeof from !== "number") putAll(map, MethodParameter.map.read(from, run), run)
    return map
  }),
])

const sets = Method.table([
  m0("new", "HashSet", () => new JavaSet()),
  m1("new", "HashSet", MethodParameter.any, (_, from, run) => {
    const set = new JavaSet()
    if (typeof from !== "number") for (const item of MethodParameter.items.read(from, run)) add(set, item, run)
    return set
  }),
])

const builders = Method.table([
  m0("new", "StringBuilder", () => new StringBuilder("")),
  m1(
    "new",
    "StringBuilder",
    MethodParameter.any,
    (_, from, run) => new StringBuilder(typeof from === "number" ? "" : MethodParameter.text.read(from, run)),
  ),
])

const decimals = Method.table([
  m1("new", "BigDecimal", MethodParameter.string, (_, from, run) => NumberText.decimal(from, run)),
])

const integers = Method.table([
  m1("new", "BigInteger", MethodParameter.string, (_, from, run) => {
    const { scale, unscaled } = NumberText.decimal(from, run)
    return scale === 0
      ? new Decimal("BigInteger", unscaled, 0)
      : run.fail("NumberFormatException", "the text is not a number of type [BigInteger]")
  }),
])

const exceptions = (type: string): Method.Table =>
  Method.table([
    m0("new", type, () => new Exception(type, null, true)),
    m1(
      "new",
      type,
      MethodParameter.any,
      (_, message, run) => new Exception(type, message === null ? null : JavaText.of(message, run), true),
    ),
  ])

export const tables: ReadonlyMap<string, Method.Table> = new Map([
  ["ArrayList", lists],
  ["HashMap", maps],
  ["HashSet", sets],
  ["StringBuilder", builders],
  ["BigDecimal", decimals],
  ["BigInteger", integers],
  ["String", Method.table([m0("new", "String", () => "")])],
  ...ExceptionType.names.map((type) => [type, exceptions(type)] as const),
])
