/** `Map` and `Map.Entry`. */
import * as Equality from "../run/Equality.ts"
import type { Run } from "../run/Run.ts"
import { Entry, JavaMap, JavaSet, Lambda, List, type Value } from "../run/Value.ts"
import * as Method from "./Method.ts"
import * as MethodParameter from "./MethodParameter.ts"

const { m0, m1, m2, m3 } = Method.on(Method.receiver((value) => value instanceof JavaMap))
const entry = Method.on(Method.receiver((value) => value instanceof Entry))
const any2 = [MethodParameter.any, MethodParameter.any] as const

const get = (self: JavaMap, key: Value, run: Run): Value => self.get(Equality.identityOf(key, run))

export const put = (self: JavaMap, key: Value, value: Value, run: Run): Value => {
  run.change(self, "size")
  run.keep(value)
  return self.set(Equality.identityOf(key, run), key, value)
}

const has = (self: JavaMap, key: Value, run: Run): boolean => self.entries.has(Equality.identityOf(key, run))

const remove = (self: JavaMap, key: Value, run: Run): Value => {
  const identity = Equality.identityOf(key, run)
  run.change(self, "size")
  const old = self.get(identity)
  self.entries.delete(identity)
  return old
}

export const putAll = (self: JavaMap, other: JavaMap, run: Run): null => {
  run.work(other.entries.size)
  for (const { key, value } of other.entries.values().toArray()) put(self, key, value, run)
  return null
}

/** A set derived from every entry, under the identity of its key. */
const setOf = (self: JavaMap, of: (entry: Entry) => Value, run: Run): JavaSet => {
  run.hold(self.entries.size)
  const set = new JavaSet()
  for (const [identity, entry] of self.entries) set.items.set(identity, of(entry))
  return set
}

const valuesOf = (self: JavaMap, run: Run): List => {
  run.hold(self.entries.size)
  return new List(
    self.entries
      .values()
      .map((entry) => entry.value)
      .toArray(),
  )
}

/** Java's `computeIfAbsent`, `computeIfPresent`, `merge`: a null result removes the key. */
const settle = (self: JavaMap, key: Value, value: Value, run: Run): Value => {
  if (value === null) remove(self, key, run)
  else put(self, key, value, run)
  return value
}

const each = (self: JavaMap, lambda: Lambda, run: Run): null => {
  run.work(self.entries.size)
  for (const { key, value } of self.entries.values().toArray()) lambda.call([key, value], run)
  return null
}

const valuesAt = (self: JavaMap, run: Run): ReadonlyArray<Entry> => {
  run.work(self.entries.size)
  return self.entries.values().toArray()
}

const test = (lambda: Lambda, { key, value }: Entry, run: Run): boolean =>
  MethodParameter.boolean.read(lambda.call([key, value], run), run)

export const table = Method.table([
  m0("size", "int", (self) => self.entries.size),
  m0("isEmpty", "boolean", (self) => self.entries.size === 0),
  m0("clear", "void", (self, run) => {
    run.change(self, "size")
    self.entries.clear()
    return null
  }),
  m0("keySet", "Set", (self, run) => setOf(self, (entry) => entry.key, run)),
  m0("entrySet", "Set", (self, run) => setOf(self, (entry) => entry, run)),
  m0("values", "Collection", valuesOf),
  m1("get", "def", MethodParameter.any, get),
  m2("getOrDefault", "def", any2, (self, key, otherwise, run) =>
    has(self, key, run) ? get(self, key, run) : otherwise,
  ),
  m2("put", "def", any2, put),
  m2("putIfAbsent", "def", any2, (self, key, value, run) => {
    const old = get(self, key, run)
    if (old === null) put(self, key, value, run)
    return old
  }),
  m1("putAll", "void", MethodParameter.map, putAll),
  m1("remove", "def", MethodParameter.any, remove),
  m2("replace", "def", any2, (self, key, value, run) => (has(self, key, run) ? put(self, key, value, run) : null)),
  m1("containsKey", "boolean", MethodParameter.any, has),
  m1("containsValue", "boolean", MethodParameter.any, (self, value, run) => {
    run.work(self.entries.size)
    return self.entries.values().some((entry) => Equality.equals(entry.value, value, run))
  }),
  m1("forEach", "void", MethodParameter.lambda(2), each),
  m1("each", "def", MethodParameter.lambda(2), (self, lambda, run) => {
    each(self, lambda, run)
    return self
  }),
  m2("remove", "boolean", any2, (self, key, value, run) => {
    if (!has(self, key, run) || !Equality.equals(get(self, key, run), value, run)) return false
    remove(self, key, run)
    return true
  }),
  m1("replaceAll", "void", MethodParameter.lambda(2), (self, lambda, run) => {
    for (const { key, value } of valuesAt(self, run)) put(self, key, lambda.call([key, value], run), run)
    return null
  }),
  m1("every", "boolean", MethodParameter.lambda(2), (self, lambda, run) =>
    valuesAt(self, run).every((entry) => test(lambda, entry, run)),
  ),
  m1(
    "count",
    "int",
    MethodParameter.lambda(2),
    (self, lambda, run) => valuesAt(self, run).filter((entry) => test(lambda, entry, run)).length,
  ),
  m1(
    "find",
    "Map.Entry",
    MethodParameter.lambda(2),
    (self, lambda, run) => valuesAt(self, run).find((entry) => test(lambda, entry, run)) ?? null,
  ),
  m1("findAll", "Map", MethodParameter.lambda(2), (self, lambda, run) => {
    const found = new JavaMap()
    for (const entry of valuesAt(self, run)) if (test(lambda, entry, run)) put(found, entry.key, entry.value, run)
    return found
  }),
  m1(
    "collect",
    "List",
    MethodParameter.lambda(2),
    (self, lambda, run) =>
      new List(
        valuesAt(self, run).map(({ key, value }) => {
          const result = lambda.call([key, value], run)
          run.keep(result)
          return result
        }),
      ),
  ),
  m2("computeIfAbsent", "def", [MethodParameter.any, MethodParameter.lambda(1)], (self, key, lambda, run) => {
    const old = get(self, key, run)
    return old === null ? settle(self, key, lambda.call([key], run), run) : old
  }),
  m2("computeIfPresent", "def", [MethodParameter.any, MethodParameter.lambda(2)], (self, key, lambda, run) => {
    const old = get(self, key, run)
    return old === null ? null : settle(self, key, lambda.call([key, old], run), run)
  }),
  m2("compute", "def", [MethodParameter.any, MethodParameter.lambda(2)], (self, key, lambda, run) =>
    settle(self, key, lambda.call([key, get(self, key, run)], run), run),
  ),
  m3("merge", "def", [...any2, MethodParameter.lambda(2)], (self, key, value, lambda, run) => {
    const old = get(self, key, run)
    return settle(self, key, old === null ? value : lambda.call([old, value], run), run)
  }),
])

export const entryTable = Method.table([
  entry.m0("getKey", "def", (self) => self.key),
  entry.m0("getValue", "def", (self) => self.value),
  entry.m1("setValue", "def", MethodParameter.any, (self, value, run) => {
    run.retain(value)
    const old = self.value
    self.value = value
    return old
  }),
])
