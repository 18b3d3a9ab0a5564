/** `Iterable`, `Collection`, `List`, `Set` and `Iterator`. */
import * as Equality from "../run/Equality.ts"
import * as Items from "../run/Items.ts"
import * as JavaText from "../run/JavaText.ts"
import { Exhausted } from "../run/Interruption.ts"
import type { Run } from "../run/Run.ts"
import { Cursor, Double, JavaArray, JavaMap, JavaSet, Lambda, List, Stream, type Value } from "../run/Value.ts"
import * as Method from "./Method.ts"
import * as Order from "./Order.ts"
import * as MethodParameter from "./MethodParameter.ts"

type Collection = List | JavaSet

const collection = Method.on(
  Method.receiver((value): value is Collection => value instanceof List || value instanceof JavaSet),
)
const list = Method.on(Method.receiver((value) => value instanceof List))
const cursor = Method.on(Method.receiver((value) => value instanceof Cursor))

const itemsOf = (self: Collection, run: Run): ReadonlyArray<Value> => Items.of(self, run) ?? []

const sizeOf = (self: Collection): number => (self instanceof List ? self.items.length : self.items.size)

/** The index of `value` in `items`, or -1. */
const find = (items: ReadonlyArray<Value>, value: Value, run: Run): number =>
  items.findIndex((item) => {
    run.work(1)
    return Equality.equals(item, value, run)
  })

const contains = (self: Collection, value: Value, run: Run): boolean =>
  self instanceof List ? find(self.items, value, run) >= 0 : self.items.has(Equality.identityOf(value, run))

/** Appends to a list, or adds to a set that does not contain the value; returns whether anything changed. */
export const add = (self: Collection, value: Value, run: Run): boolean => {
  run.change(self, "size")
  run.keep(value)
  if (self instanceof List) return self.items.push(value) > 0
  const identity = Equality.identityOf(value, run)
  if (self.items.has(identity)) return false
  self.items.set(identity, value)
  return true
}

const addAll = (self: Collection, values: ReadonlyArray<Value>, run: Run): boolean => {
  return [...values].map((value) => add(self, value, run)).includes(true)
}

/** Keeps the items that `keep` accepts; returns whether any was removed. */
const retain = (self: Collection, keep: (item: Value) => boolean, run: Run): boolean => {
  run.change(self, "size")
  const before = sizeOf(self)
  run.work(before)
  if (self instanceof List) {
    const kept = self.items.filter(keep)
    self.items.length = 0
    for (const item of kept) self.items.push(item)
  } else {
    for (const [identity, item] of self.items) if (!keep(item)) self.items.delete(identity)
  }
  return sizeOf(self) < before
}

const clear = (self: Collection, run: Run): null => {
  run.change(self, "size")
  if (self instanceof List) self.items.length = 0
  else self.items.clear()
  return null
}

const test = (lambda: Lambda, item: Value, run: Run): boolean =>
  MethodParameter.boolean.read(lambda.call([item], run), run)

const each = (self: Collection, lambda: Lambda, run: Run): null => {
  for (const item of itemsOf(self, run)) lambda.call([item], run)
  return null
}

const mapped = (self: Collection, lambda: Lambda, run: Run): List =>
  new List(
    itemsOf(self, run).map((item) => {
      const value = lambda.call([item], run)
      run.keep(value)
      return value
    }),
  )

/** The first result of a lambda that is not null. */
const findResult = (self: Collection, otherwise: Value, lambda: Lambda, run: Run): Value => {
  for (const item of itemsOf(self, run)) {
    const result = lambda.call([item], run)
    if (result !== null) return result
  }
  return otherwise
}

const groupBy = (self: Collection, lambda: Lambda, run: Run): JavaMap => {
  const groups = new JavaMap()
  for (const item of itemsOf(self, run)) {
    const key = lambda.call([item], run)
    const identity = Equality.identityOf(key, run)
    const group = groups.get(identity)
    run.hold(1)
    if (group instanceof List) group.items.push(item)
    else groups.set(identity, key, new List([item]))
  }
  return groups
}

/** The texts of `items`, joined by `separator`. */
export const join = (separator: string, items: ReadonlyArray<Value>, run: Run): string => {
  let length = 0
  const texts = items.map((item) => {
    run.work(1)
    const text = JavaText.of(item, run)
    if ((length += text.length + separator.length) > run.limits.text) throw new Exhausted("text")
    return text
  })
  run.made(length)
  return texts.join(separator)
}

const sum = (items: ReadonlyArray<Value>, run: Run): Double =>
  new Double(items.reduce((total: number, item) => total + MethodParameter.double.read(item, run), 0))

const within = (index: number, size: number, run: Run): number =>
  index >= 0 && index < size
    ? index
    : run.fail("IndexOutOfBoundsException", `Index ${index} out of bounds for length ${size}`)

const at = (self: List, index: number, run: Run): Value => self.items[within(index, self.items.length, run)] ?? null

const set = (self: List, index: number, value: Value, run: Run): Value => {
  run.change(self, "item")
  const old = at(self, index, run)
  run.retain(value)
  self.items[index] = value
  return old
}

const insert = (self: List, index: number, values: ReadonlyArray<Value>, run: Run): void => {
  run.change(self, "size")
  for (const value of values) run.keep(value)
  run.work(self.items.length >> 4)
  if (index < 0 || index > self.items.length)
    run.fail("IndexOutOfBoundsException", `Index: ${index}, Size: ${self.items.length}`)
  if (values.length <= 1_000) {
    self.items.splice(index, 0, ...values)
    return
  }
  const tail = self.items.splice(index)
  for (const value of values) self.items.push(value)
  for (const value of tail) self.items.push(value)
}

const part = (self: List, start: number, end: number, run: Run): List => {
  if (start < 0 || end > self.items.length || start > end)
    run.fail("IndexOutOfBoundsException", `from ${start}, to ${end}, length ${self.items.length}`)
  run.hold(end - start)
  return new List(self.items.slice(start, end))
}

export const iterable = Method.table([
  collection.m1("forEach", "void", MethodParameter.lambda(1), each),
  collection.m1("each", "def", MethodParameter.lambda(1), (self, lambda, run) => {
    each(self, lambda, run)
    return self
  }),
  collection.m0("iterator", "Iterator", (self, run) => new Cursor([...itemsOf(self, run)])),
  collection.m1("eachWithIndex", "def", MethodParameter.lambda(2), (self, lambda, run) => {
    for (const [index, item] of itemsOf(self, run).entries()) lambda.call([item, index], run)
    return self
  }),
  collection.m1(
    "findResults",
    "List",
    MethodParameter.lambda(1),
    (self, lambda, run) => new List(mapped(self, lambda, run).items.filter((item) => item !== null)),
  ),
  collection.m1("groupBy", "Map", MethodParameter.lambda(1), groupBy),
  collection.m1("any", "boolean", MethodParameter.lambda(1), (self, lambda, run) =>
    itemsOf(self, run).some((item) => test(lambda, item, run)),
  ),
  collection.m1("every", "boolean", MethodParameter.lambda(1), (self, lambda, run) =>
    itemsOf(self, run).every((item) => test(lambda, item, run)),
  ),
  collection.m1("join", "String", MethodParameter.string, (self, separator, run) =>
    join(separator, itemsOf(self, run), run),
  ),
  collection.m0("sum", "double", (self, run) => sum(itemsOf(self, run), run)),
  collection.m1("sum", "double", MethodParameter.lambda(1), (self, lambda, run) =>
    sum(mapped(self, lambda, run).items, run),
  ),
  collection.m0("asList", "List", (self, run) => (self instanceof List ? self : new List([...itemsOf(self, run)]))),
  collection.m0("asCollection", "Collection", (self) => self),
])

export const table = Method.table([
  collection.m0("size", "int", sizeOf),
  collection.m0("isEmpty", "boolean", (self) => sizeOf(self) === 0),
  collection.m1("add", "boolean", MethodParameter.any, add),
  collection.m1("addAll", "boolean", MethodParameter.items, addAll),
  collection.m1("contains", "boolean", MethodParameter.any, contains),
  collection.m1("containsAll", "boolean", MethodParameter.items, (self, values, run) =>
    values.every((value) => contains(self, value, run)),
  ),
  collection.m0("clear", "void", clear),
  collection.m1("removeIf", "boolean", MethodParameter.lambda(1), (self, lambda, run) =>
    retain(self, (item) => !test(lambda, item, run), run),
  ),
  collection.m1("removeAll", "boolean", MethodParameter.items, (self, values, run) =>
    retain(self, (item) => find(values, item, run) < 0, run),
  ),
  collection.m1("retainAll", "boolean", MethodParameter.items, (self, values, run) =>
    retain(self, (item) => find(values, item, run) >= 0, run),
  ),
  collection.m0("toArray", "def[]", (self, run) => {
    run.hold(sizeOf(self))
    return new JavaArray("def", [...itemsOf(self, run)])
  }),
  collection.m0("stream", "Stream", (self, run) => new Stream([...itemsOf(self, run)])),
  collection.m1("collect", "List", MethodParameter.lambda(1), mapped),
  collection.m1("findResult", "def", MethodParameter.lambda(1), (self, lambda, run) =>
    findResult(self, null, lambda, run),
  ),
  collection.m2("findResult", "def", [MethodParameter.any, MethodParameter.lambda(1)], findResult),
  collection.m1(
    "find",
    "def",
    MethodParameter.lambda(1),
    (self, lambda, run) => itemsOf(self, run).find((item) => test(lambda, item, run)) ?? null,
  ),
  collection.m1(
    "findAll",
    "List",
    MethodParameter.lambda(1),
    (self, lambda, run) => new List(itemsOf(self, run).filter((item) => test(lambda, item, run))),
  ),
])

export const listTable = Method.table([
  list.m0("getLength", "int", (self) => self.items.length),
  list.m1("get", "def", MethodParameter.int, at),
  list.m2("set", "def", [MethodParameter.int, MethodParameter.any], set),
  list.m2("add", "void", [MethodParameter.int, MethodParameter.any], (self, index, value, run) => {
    insert(self, index, [value], run)
    return null
  }),
  list.m2("addAll", "boolean", [MethodParameter.int, MethodParameter.items], (self, index, values, run) => {
    insert(self, index, values, run)
    return values.length > 0
  }),
  list.m1("remove", "def", MethodParameter.int, (self, index, run) => {
    run.change(self, "size")
    run.work(self.items.length >> 4)
    return self.items.splice(within(index, self.items.length, run), 1)[0] ?? null
  }),
  list.m1("indexOf", "int", MethodParameter.any, (self, value, run) => find(self.items, value, run)),
  list.m1("lastIndexOf", "int", MethodParameter.any, (self, value, run) => {
    run.work(self.items.length)
    return self.items.findLastIndex((item) => Equality.equals(item, value, run))
  }),
  list.m2("subList", "List", [MethodParameter.int, MethodParameter.int], part),
  list.m1("sort", "void", MethodParameter.comparator, (self, comparator, run) => {
    run.change(self, "item")
    Order.sort(self.items, comparator, run)
    return null
  }),
  list.m1("replaceAll", "void", MethodParameter.lambda(1), (self, lambda, run) => {
    run.change(self, "item")
    for (const [index, item] of mapped(self, lambda, run).items.entries()) self.items[index] = item
    return null
  }),
])

const javaSet = Method.on(Method.receiver((value) => value instanceof JavaSet))

export const setTable = Method.table([
  javaSet.m1("remove", "boolean", MethodParameter.any, (self, value, run) => {
    run.change(self, "size")
    return self.items.delete(Equality.identityOf(value, run))
  }),
])

export const iterator = Method.table([
  cursor.m0("hasNext", "boolean", (self) => self.next < self.items.length),
  cursor.m0("next", "def", (self, run) =>
    self.next < self.items.length
      ? (self.items[self.next++] ?? null)
      : run.fail("NoSuchElementException", "the iterator has no next element", null),
  ),
])
