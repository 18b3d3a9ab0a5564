/** `Stream` and `Collector`: enough of them to map, filter, sort and gather. */
import * as Arithmetic from "../run/Arithmetic.ts"
import * as Equality from "../run/Equality.ts"
import * as JavaText from "../run/JavaText.ts"
import type { Run } from "../run/Run.ts"
import {
  Collector,
  Comparator,
  Cursor,
  Double,
  JavaArray,
  JavaMap,
  JavaSet,
  Lambda,
  List,
  Optional,
  Stream,
  type Identity,
  type StreamType,
  type Value,
} from "../run/Value.ts"
import * as CollectionMembers from "./CollectionMembers.ts"
import * as ComparatorMembers from "./ComparatorMembers.ts"
import * as MapMembers from "./MapMembers.ts"
import * as Method from "./Method.ts"
import * as Order from "./Order.ts"
import * as MethodParameter from "./MethodParameter.ts"

const { m0, m1, m2 } = Method.on(Method.receiver((value) => value instanceof Stream))
const statics = Method.on(() => null)

const stage = (
  self: Stream,
  items: (each: ReadonlyArray<Value>) => Iterable<Value>,
  run: Run,
  type: StreamType = self.type,
): Stream => {
  run.work(self.items.length)
  const next = [...items(self.items)]
  run.hold(next.length)
  return new Stream(next, type)
}

const test = (lambda: Lambda, item: Value, run: Run): boolean =>
  MethodParameter.boolean.read(lambda.call([item], run), run)

/** The item type of a numeric stream. */
const reads: Readonly<Record<StreamType, (value: Value, run: Run) => Value>> = {
  Stream: (value) => value,
  IntStream: (value, run) => MethodParameter.int.read(value, run),
  LongStream: (value, run) => MethodParameter.long.read(value, run),
  DoubleStream: (value, run) => new Double(MethodParameter.double.read(value, run)),
}

const to =
  (type: StreamType) =>
  (self: Stream, lambda: Lambda, run: Run): Stream =>
    stage(self, (items) => items.map((item) => reads[type](lambda.call([item], run), run)), run, type)

const as = (self: Stream, type: StreamType, run: Run): Stream =>
  stage(self, (items) => items.map((item) => reads[type](item, run)), run, type)

const distinct = (items: ReadonlyArray<Value>, run: Run): Iterable<Value> => {
  const seen = new Map<Identity, Value>()
  for (const item of items) {
    const identity = Equality.identityOf(item, run)
    if (!seen.has(identity)) seen.set(identity, item)
  }
  return seen.values()
}

const sorted = (self: Stream, by: Comparator | null, run: Run): Stream => {
  run.work(self.items.length)
  const items = [...self.items]
  Order.sort(items, by, run)
  return new Stream(items, self.type)
}

const total = (self: Stream, run: Run): Value => {
  run.work(self.items.length)
  return self.items.reduce((sum, item) => Arithmetic.apply("+", sum, item, run), reads[self.type](0, run))
}

const optionalOf = (self: Stream, value: Value | undefined): Optional =>
  new Optional(value ?? null, self.type === "Stream" ? "Optional" : `Optional${self.type.replace("Stream", "")}`)

/** `findFirst` of a null also fails in Java. */
const first = (self: Stream, run: Run): Optional => {
  const [item] = self.items
  if (item === null) run.fail("NullPointerException", "an Optional cannot hold null", null)
  return optionalOf(self, item)
}

const extreme = (self: Stream, by: Comparator["compare"], sign: number, run: Run): Optional => {
  run.work(self.items.length)
  if (self.items.length === 0) return optionalOf(self, undefined)
  return optionalOf(
    self,
    self.items.reduce((best, item) => (by(item, best, run) * sign > 0 ? item : best)),
  )
}

const reduced = (
  items: ReadonlyArray<Value>,
  start: Value | undefined,
  lambda: Lambda,
  run: Run,
): Value | undefined => {
  run.work(items.length)
  let result = start
  for (const item of items) result = result === undefined ? item : lambda.call([result, item], run)
  return result
}

const flat =
  (type: StreamType) =>
  (self: Stream, lambda: Lambda, run: Run): Stream => {
    const all: Array<Value> = []
    for (const item of self.items) {
      const inner = lambda.call([item], run)
      if (inner === null) continue
      const { items } = MethodParameter.stream.read(inner, run)
      run.work(items.length)
      for (const one of items) all.push(one)
      run.hold(items.length)
    }
    return new Stream(all, type)
  }

const average = (self: Stream, run: Run): Optional => {
  run.work(self.items.length)
  const sum = self.items.reduce((all: number, item) => all + Arithmetic.toDouble(item), 0)
  return new Optional(self.items.length === 0 ? null : new Double(sum / self.items.length), "OptionalDouble")
}

const array = (self: Stream, run: Run): JavaArray => {
  run.hold(self.items.length)
  const component = { Stream: "def", IntStream: "int", LongStream: "long", DoubleStream: "double" }[self.type]
  return new JavaArray(component, [...self.items])
}

const each = (self: Stream, lambda: Lambda, run: Run): null => {
  for (const item of self.items) lambda.call([item], run)
  return null
}

/** The methods of each kind of stream; `own` is its type, `optional` the type of its `find` results. */
const common = (own: StreamType, optional: string) => [
  m1("filter", own, MethodParameter.lambda(1), (self, lambda, run) =>
    stage(self, (items) => items.filter((item) => test(lambda, item, run)), run),
  ),
  m1("map", own, MethodParameter.lambda(1), to(own)),
  m1("peek", own, MethodParameter.lambda(1), (self, lambda, run): Value => {
    each(self, lambda, run)
    return self
  }),
  m1("flatMap", own, MethodParameter.lambda(1), flat(own)),
  m0("distinct", own, (self, run) => stage(self, (items) => distinct(items, run), run)),
  m0("sorted", own, (self, run) => sorted(self, null, run)),
  m1("limit", own, MethodParameter.long, (self, count, run) =>
    stage(self, (items) => items.slice(0, Number(count)), run),
  ),
  m1("skip", own, MethodParameter.long, (self, count, run) => stage(self, (items) => items.slice(Number(count)), run)),
  m1("forEach", "void", MethodParameter.lambda(1), each),
  m1("forEachOrdered", "void", MethodParameter.lambda(1), each),
  m1("anyMatch", "boolean", MethodParameter.lambda(1), (self, lambda, run) =>
    self.items.some((item) => test(lambda, item, run)),
  ),
  m1("allMatch", "boolean", MethodParameter.lambda(1), (self, lambda, run) =>
    self.items.every((item) => test(lambda, item, run)),
  ),
  m1(
    "noneMatch",
    "boolean",
    MethodParameter.lambda(1),
    (self, lambda, run) => !self.items.some((item) => test(lambda, item, run)),
  ),
  m0("count", "long", (self) => BigInt(self.items.length)),
  m0("findFirst", optional, first),
  m0("findAny", optional, first),
  m1("reduce", optional, MethodParameter.lambda(2), (self, lambda, run) =>
    optionalOf(self, reduced(self.items, undefined, lambda, run)),
  ),
  m0("toArray", "def[]", array),
  m0("iterator", "Iterator", (self) => new Cursor(self.items)),
]

export const table = Method.table([
  ...common("Stream", "Optional"),
  m1("mapToInt", "IntStream", MethodParameter.lambda(1), to("IntStream")),
  m1("mapToLong", "LongStream", MethodParameter.lambda(1), to("LongStream")),
  m1("mapToDouble", "DoubleStream", MethodParameter.lambda(1), to("DoubleStream")),
  m1("flatMapToInt", "IntStream", MethodParameter.lambda(1), flat("IntStream")),
  m1("flatMapToDouble", "DoubleStream", MethodParameter.lambda(1), flat("DoubleStream")),
  m1("sorted", "Stream", MethodParameter.comparator, sorted),
  m1("max", "Optional", MethodParameter.comparator, (self, by, run) =>
    extreme(self, (by ?? ComparatorMembers.natural).compare, 1, run),
  ),
  m1("min", "Optional", MethodParameter.comparator, (self, by, run) =>
    extreme(self, (by ?? ComparatorMembers.natural).compare, -1, run),
  ),
  m2(
    "reduce",
    "def",
    [MethodParameter.any, MethodParameter.lambda(2)],
    (self, start, lambda, run) => reduced(self.items, start, lambda, run) ?? null,
  ),
  m1("collect", "def", MethodParameter.collector, (self, collector, run) => collector.collect(self.items, run)),
])

/** The additional methods of numeric streams; `primitive` is the type of an item. */
const numbers = (own: StreamType, primitive: string, optional: string) => [
  ...common(own, optional),
  m1("mapToObj", "Stream", MethodParameter.lambda(1), to("Stream")),
  m0("boxed", "Stream", (self) => new Stream(self.items)),
  m0("sum", primitive, total),
  m0("average", "OptionalDouble", average),
  m0("max", optional, (self, run) => extreme(self, Order.natural, 1, run)),
  m0("min", optional, (self, run) => extreme(self, Order.natural, -1, run)),
  m2("reduce", primitive, [MethodParameter.any, MethodParameter.lambda(2)], (self, start, lambda, run) =>
    reads[own](reduced(self.items, start, lambda, run) ?? start, run),
  ),
]

export const intTable = Method.table([
  ...numbers("IntStream", "int", "OptionalInt"),
  m1("mapToLong", "LongStream", MethodParameter.lambda(1), to("LongStream")),
  m1("mapToDouble", "DoubleStream", MethodParameter.lambda(1), to("DoubleStream")),
  m0("asLongStream", "LongStream", (self, run) => as(self, "LongStream", run)),
  m0("asDoubleStream", "DoubleStream", (self, run) => as(self, "DoubleStream", run)),
])

export const longTable = Method.table([
  ...numbers("LongStream", "long", "OptionalLong"),
  m1("mapToInt", "IntStream", MethodParameter.lambda(1), to("IntStream")),
  m1("mapToDouble", "DoubleStream", MethodParameter.lambda(1), to("DoubleStream")),
  m0("asDoubleStream", "DoubleStream", (self, run) => as(self, "DoubleStream", run)),
])

export const doubleTable = Method.table([
  ...numbers("DoubleStream", "double", "OptionalDouble"),
  m1("mapToInt", "IntStream", MethodParameter.lambda(1), to("IntStream")),
  m1("mapToLong", "LongStream", MethodParameter.lambda(1), to("LongStream")),
])

/** `IntStream.range`, which counts its items before it creates them. */
const range = (from: number, to: number, run: Run): Stream => {
  const length = Math.max(0, to - from)
  run.hold(length)
  run.work(length)
  return new Stream(
    Array.from({ length }, (_, index) => from + index),
    "IntStream",
  )
}

export const streams = Method.table([
  statics.m1("of", "Stream", MethodParameter.array, (_, items) => new Stream([...items])),
  statics.m0("empty", "Stream", () => new Stream([])),
  statics.m2("concat", "Stream", [MethodParameter.stream, MethodParameter.stream], (_, left, right, run) =>
    stage(left, (items) => [...items, ...right.items], run),
  ),
])

export const intStreams = Method.table([
  statics.m2("range", "IntStream", [MethodParameter.int, MethodParameter.int], (_, from, to, run) =>
    range(from, to, run),
  ),
  statics.m2("rangeClosed", "IntStream", [MethodParameter.int, MethodParameter.int], (_, from, to, run) =>
    range(from, to + 1, run),
  ),
  statics.m1("of", "IntStream", MethodParameter.array, (_, items, run) => as(new Stream(items), "IntStream", run)),
])

const toList = new Collector((items, run) => {
  run.hold(items.length)
  return new List([...items])
})

const toSet = new Collector((items, run) => {
  const set = new JavaSet()
  for (const item of items) CollectionMembers.add(set, item, run)
  return set
})

const joining = (separator: string, prefix = "", suffix = ""): Collector =>
  new Collector((items, run) => {
    const text = CollectionMembers.join(separator, items, run)
    if (prefix !== "" || suffix !== "") run.made(prefix.length + text.length + suffix.length)
    return prefix + text + suffix
  })

/** For a duplicate key, the script must specify which value is kept. */
const toMap = (key: Lambda, value: Lambda, merge?: Lambda): Collector =>
  new Collector((items, run) => {
    const map = new JavaMap()
    for (const item of items) {
      const at = key.call([item], run)
      const one = value.call([item], run)
      const identity = Equality.identityOf(at, run)
      const old = map.get(identity)
      if (one === null) run.fail("NullPointerException", "a value of toMap is null", null)
      if (old !== null && merge === undefined)
        run.fail(
          "IllegalStateException",
          "toMap has a duplicate key: add a third argument that merges the two values",
          `Duplicate key ${JavaText.of(at, run)} (attempted merging values ${JavaText.of(old, run)} and ${JavaText.of(one, run)})`,
        )
      MapMembers.put(map, at, old === null || merge === undefined ? one : merge.call([old, one], run), run)
    }
    return map
  })

const groupingBy = (key: Lambda, inner: Collector): Collector =>
  new Collector((items, run) => {
    const groups = new Map<Identity, { readonly key: Value; readonly items: Array<Value> }>()
    for (const item of items) {
      const at = key.call([item], run)
      if (at === null)
        run.fail("NullPointerException", "a key of groupingBy is null", "element cannot be mapped to a null key")
      const identity = Equality.identityOf(at, run)
      const group = groups.get(identity) ?? { key: at, items: [] }
      run.hold(1)
      group.items.push(item)
      groups.set(identity, group)
    }
    const map = new JavaMap()
    for (const group of groups.values()) MapMembers.put(map, group.key, inner.collect(group.items, run), run)
    return map
  })

const partitioningBy = (lambda: Lambda, inner: Collector): Collector =>
  new Collector((items, run) => {
    const map = new JavaMap()
    const answers = items.map((item) => test(lambda, item, run))
    const sides = [false, true].map((side) => items.filter((_, index) => answers[index] === side))
    for (const [index, side] of sides.entries()) MapMembers.put(map, index === 1, inner.collect(side, run), run)
    return map
  })

const counting = new Collector((items) => BigInt(items.length))

const summing = (type: StreamType, lambda: Lambda): Collector =>
  new Collector((items, run) => total(to(type)(new Stream(items), lambda, run), run))

const averaging = (lambda: Lambda): Collector =>
  new Collector((items, run) => average(to("DoubleStream")(new Stream(items), lambda, run), run).value ?? new Double(0))

const mapping = (lambda: Lambda, inner: Collector): Collector =>
  new Collector((items, run) => inner.collect(to("Stream")(new Stream(items), lambda, run).items, run))

const { collector, lambda } = MethodParameter
const lambda1 = lambda(1)

export const collectors = Method.table([
  statics.m0("toList", "Collector", () => toList),
  statics.m0("toSet", "Collector", () => toSet),
  statics.m0("joining", "Collector", () => joining("")),
  statics.m1("joining", "Collector", MethodParameter.text, (_, separator) => joining(separator)),
  statics.m3(
    "joining",
    "Collector",
    [MethodParameter.text, MethodParameter.text, MethodParameter.text],
    (_, separator, prefix, suffix) => joining(separator, prefix, suffix),
  ),
  statics.m2("toMap", "Collector", [lambda1, lambda1], (_, key, value) => toMap(key, value)),
  statics.m3("toMap", "Collector", [lambda1, lambda1, lambda(2)], (_, key, value, merge) => toMap(key, value, merge)),
  statics.m1("groupingBy", "Collector", lambda1, (_, key) => groupingBy(key, toList)),
  statics.m2("groupingBy", "Collector", [lambda1, collector], (_, key, inner) => groupingBy(key, inner)),
  statics.m1("partitioningBy", "Collector", lambda1, (_, by) => partitioningBy(by, toList)),
  statics.m2("partitioningBy", "Collector", [lambda1, collector], (_, by, inner) => partitioningBy(by, inner)),
  statics.m0("counting", "Collector", () => counting),
  statics.m1("summingInt", "Collector", lambda1, (_, of) => summing("IntStream", of)),
  statics.m1("summingLong", "Collector", lambda1, (_, of) => summing("LongStream", of)),
  statics.m1("summingDouble", "Collector", lambda1, (_, of) => summing("DoubleStream", of)),
  ...["averagingInt", "averagingLong", "averagingDouble"].map((name) =>
    statics.m1(name, "Collector", lambda1, (_, of) => averaging(of)),
  ),
  statics.m2("mapping", "Collector", [lambda1, collector], (_, by, inner) => mapping(by, inner)),
  statics.m1(
    "maxBy",
    "Collector",
    MethodParameter.comparator,
    (_, by) =>
      new Collector((items, run) => extreme(new Stream(items), (by ?? ComparatorMembers.natural).compare, 1, run)),
  ),
  statics.m1(
    "minBy",
    "Collector",
    MethodParameter.comparator,
    (_, by) =>
      new Collector((items, run) => extreme(new Stream(items), (by ?? ComparatorMembers.natural).compare, -1, run)),
  ),
])
