/** `Comparator`, and the comparators that `Map.Entry` makes. */
import { Comparator, Entry, type Lambda, type Value } from "../run/Value.ts"
import * as Method from "./Method.ts"
import * as Order from "./Order.ts"
import * as MethodParameter from "./MethodParameter.ts"

const { m0, m1, m2 } = Method.on(Method.receiver((value) => value instanceof Comparator))
const statics = Method.on(() => null)

/** The order of numbers and texts. */
export const natural = new Comparator(Order.natural)

const byKey = (key: Lambda): Comparator =>
  new Comparator((left, right, run) => Order.natural(key.call([left], run), key.call([right], run), run))

const reversed = (self: Comparator): Comparator => new Comparator((left, right, run) => self.compare(right, left, run))

export const reverseOrder = reversed(natural)

export const table = Method.table([
  m0("reversed", "Comparator", reversed),
  m1(
    "thenComparing",
    "Comparator",
    MethodParameter.comparator,
    (self, next) =>
      new Comparator(
        (left, right, run) => self.compare(left, right, run) || (next ?? natural).compare(left, right, run),
      ),
  ),
  m2("compare", "int", [MethodParameter.any, MethodParameter.any], (self, left, right, run) =>
    self.compare(left, right, run),
  ),
])

export const functions = Method.table([
  ...["comparing", "comparingInt", "comparingDouble", "comparingLong"].map((name) =>
    statics.m1(name, "Comparator", MethodParameter.lambda(1), (_, key) => byKey(key)),
  ),
  statics.m0("naturalOrder", "Comparator", () => natural),
  statics.m0("reverseOrder", "Comparator", () => reverseOrder),
])

const ofEntry = (value: Value): Entry => (value instanceof Entry ? value : new Entry(null, null))

export const entryFunctions = Method.table([
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
