/** `Optional` and its numeric variants. */
import type { Run } from "../run/Run.ts"
import { Double, type Lambda, Optional, type Value } from "../run/Value.ts"
import * as Method from "./Method.ts"
import * as MethodParameter from "./MethodParameter.ts"

const { m0, m1 } = Method.on(Method.receiver((value) => value instanceof Optional))
const statics = Method.on(() => null)

const get = ({ value }: Optional, run: Run): Value =>
  value === null ? run.fail("NoSuchElementException", "No value present") : value

const given = (value: Value, run: Run): Value =>
  value === null ? run.fail("NullPointerException", "an Optional cannot hold null: use ofNullable", null) : value

const raised = (lambda: Lambda, run: Run): Value => {
  const exception = MethodParameter.exception.read(lambda.call([], run), run)
  return run.raise(exception)
}

const common = [
  m0("isPresent", "boolean", ({ value }) => value !== null),
  m1("ifPresent", "void", MethodParameter.lambda(1), ({ value }, lambda, run) => {
    if (value !== null) lambda.call([value], run)
    return null
  }),
  m1("orElseGet", "def", MethodParameter.lambda(0), ({ value }, lambda, run) => value ?? lambda.call([], run)),
  m1("orElseThrow", "def", MethodParameter.lambda(0), ({ value }, lambda, run) => value ?? raised(lambda, run)),
]

export const table = Method.table([
  ...common,
  m0("get", "def", get),
  m1("orElse", "def", MethodParameter.any, ({ value }, otherwise) => value ?? otherwise),
  m1(
    "map",
    "Optional",
    MethodParameter.lambda(1),
    ({ value }, lambda, run) => new Optional(value === null ? null : lambda.call([value], run)),
  ),
  m1("flatMap", "Optional", MethodParameter.lambda(1), (self, lambda, run) =>
    self.value === null ? self : MethodParameter.optional.read(lambda.call([self.value], run), run),
  ),
  m1("filter", "Optional", MethodParameter.lambda(1), (self, lambda, run) =>
    self.value === null || MethodParameter.boolean.read(lambda.call([self.value], run), run)
      ? self
      : new Optional(null),
  ),
])

export const intTable = Method.table([
  ...common,
  m0("getAsInt", "int", get),
  m1("orElse", "int", MethodParameter.int, ({ value }, otherwise) => value ?? otherwise),
])

export const longTable = Method.table([
  ...common,
  m0("getAsLong", "long", get),
  m1("orElse", "long", MethodParameter.long, ({ value }, otherwise) => value ?? otherwise),
])

export const doubleTable = Method.table([
  ...common,
  m0("getAsDouble", "double", get),
  m1("orElse", "double", MethodParameter.double, ({ value }, otherwise) => value ?? new Double(otherwise)),
])

export const optionals = Method.table([
  statics.m0("empty", "Optional", () => new Optional(null)),
  statics.m1("of", "Optional", MethodParameter.any, (_, value, run) => new Optional(given(value, run))),
  statics.m1("ofNullable", "Optional", MethodParameter.any, (_, value) => new Optional(value)),
])
