/** `Stream`, `Collector` and `Comparator`: enough of them to map, filter, sort and gather. */
import * as Arithmetic from "../Arithmetic.ts"
import * as Equality from "../Equality.ts"
import type { Run } from "../Run.ts"
import {
  Collector,
  Comparator,
  Double,
  Entry,
  JavaMap,
  JavaSet,
  Lambda,
  List,
  Stream,
  type Identity,
  type Value,
} from "../Value.ts"
import * as CollectionMembers from "./CollectionMembers.ts"
import * as MapMembers from "./MapMembers.ts"
import * as Method from "./Method.ts"
import * as Order from "./Order.ts"
import * as Parameter from "./Parameter.ts"

const { m0, m1, m2 } = Method.on(Method.receiver((value) => value instanceof Stream))
const comparator = Method.on(Method.receiver((value) => value instanceof Comparator))
const statics = Method.on(() => null)

const stage = (self: Stream, items: (each: ReadonlyArray<Value>) => Iterable<Value>, run: Run): Stream => {
  run.work(self.items.length)
  return new Stream([...items(self.items)])
}

const test = (lambda: Lambda, item: Value, run: Run): boolean => Parameter.boolean.read(lambda.call([item], run), run)

const mapped = (self: Stream, lambda: Lambda, run: Run): Stream =>
  stage(self, (items) => items.map((item) => lambda.call([item], run)), run)

const asDouble = (self: Stream, lambda: Lambda, run: Run): Stream =>
  stage(self, (items) => items.map((item) => new Double(Parameter.double.read(lambda.call([item], run), run))), run)

const distinct = (items: ReadonlyArray<Value>, run: Run): Iterable<Value> => {
  const seen = new Map<Identity, Value>()
  for (const item of items)
    if (!seen.has(Equality.identityOf(item, run))) seen.set(Equality.identityOf(item, run), item)
  return seen.values()
}

const sorted = (self: Stream, by: Comparator | null, run: Run): Stream => {
  run.work(self.items.length)
  const items = [...self.items]
  Order.sort(items, by, run)
  return new Stream(items)
}

const total = (items: ReadonlyArray<Value>, run: Run): Value => {
  run.work(items.length)
  return items.reduce((sum, item) => Arithmetic.apply("+", sum, item, run), 0)
}

export const table = Method.table([
  m1("map", "Stream", Parameter.lambda(1), mapped),
  m1("mapToInt", "Stream", Parameter.lambda(1), mapped),
  m1("mapToObj", "Stream", Parameter.lambda(1), mapped),
  m1("mapToDouble", "Stream", Parameter.lambda(1), asDouble),
  m1("filter", "Stream", Parameter.lambda(1), (self, lambda, run) =>
    stage(self, (items) => items.filter((item) => test(lambda, item, run)), run),
  ),
  m0("distinct", "Stream", (self, run) => stage(self, (items) => distinct(items, run), run)),
  m0("sorted", "Stream", (self, run) => sorted(self, null, run)),
  m1("sorted", "Stream", Parameter.comparator, sorted),
  m1("limit", "Stream", Parameter.long, (self, count, run) =>
    stage(self, (items) => items.slice(0, Number(count)), run),
  ),
  m1("skip", "Stream", Parameter.long, (self, count, run) => stage(self, (items) => items.slice(Number(count)), run)),
  m1("forEach", "void", Parameter.lambda(1), (self, lambda, run) => {
    for (const item of self.items) lambda.call([item], run)
    return null
  }),
  m1("anyMatch", "boolean", Parameter.lambda(1), (self, lambda, run) =>
    self.items.some((item) => test(lambda, item, run)),
  ),
  m1("allMatch", "boolean", Parameter.lambda(1), (self, lambda, run) =>
    self.items.every((item) => test(lambda, item, run)),
  ),
  m1(
    "noneMatch",
    "boolean",
    Parameter.lambda(1),
    (self, lambda, run) => !self.items.some((item) => test(lambda, item, run)),
  ),
  m0("count", "long", (self) => BigInt(self.items.length)),
  m0("sum", "def", (self, run) => total(self.items, run)),
  m2("reduce", "def", [Parameter.any, Parameter.lambda(2)], (self, first, lambda, run) =>
    self.items.reduce((left, right) => lambda.call([left, right], run), first),
  ),
  m1("collect", "def", Parameter.collector, (self, collector, run) => collector.collect(self.items, run)),
  m0("toList", "List", (self, run) => new List([...stage(self, (items) => items, run).items])),
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

const joining = (separator: string): Collector =>
  new Collector((items, run) => CollectionMembers.join(separator, items, run))

const toMap = (key: Lambda, value: Lambda): Collector =>
  new Collector((items, run) => {
    const map = new JavaMap()
    for (const item of items) MapMembers.put(map, key.call([item], run), value.call([item], run), run)
    return map
  })

export const collectors = Method.table([
  statics.m0("toList", "Collector", () => toList),
  statics.m0("toSet", "Collector", () => toSet),
  statics.m0("joining", "Collector", () => joining("")),
  statics.m1("joining", "Collector", Parameter.text, (_, separator) => joining(separator)),
  statics.m2("toMap", "Collector", [Parameter.lambda(1), Parameter.lambda(1)], (_, key, value) => toMap(key, value)),
])

const byKey = (key: Lambda): Comparator =>
  new Comparator((left, right, run) => Order.natural(key.call([left], run), key.call([right], run), run))

const ordering = new Comparator(Order.natural)
const reversed = (self: Comparator): Comparator => new Comparator((left, right, run) => self.compare(right, left, run))

export const comparatorTable = Method.table([
  comparator.m0("reversed", "Comparator", reversed),
  comparator.m1(
    "thenComparing",
    "Comparator",
    Parameter.comparator,
    (self, next) =>
      new Comparator(
        (left, right, run) => self.compare(left, right, run) || (next ?? ordering).compare(left, right, run),
      ),
  ),
  comparator.m2("compare", "int", [Parameter.any, Parameter.any], (self, left, right, run) =>
    self.compare(left, right, run),
  ),
])

export const comparators = Method.table([
  ...["comparing", "comparingInt", "comparingDouble", "comparingLong"].map((name) =>
    statics.m1(name, "Comparator", Parameter.lambda(1), (_, key) => byKey(key)),
  ),
  statics.m0("naturalOrder", "Comparator", () => ordering),
  statics.m0("reverseOrder", "Comparator", () => reversed(ordering)),
])

const ofEntry = (value: Value): Entry => (value instanceof Entry ? value : new Entry(null, null))

export const entries = Method.table([
  statics.m0(
    "comparingByKey",
    "Comparator",
    () => new Comparator((left, right, run) => Order.natural(ofEntry(left).key, ofEntry(right).key, run)),
  ),
  statics.m0(
    "comparingByValue",
    "Comparator",
    () => new Comparator((left, right, run) => Order.natural(ofEntry(left).value, ofEntry(right).value, run)),
  ),
])
