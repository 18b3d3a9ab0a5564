/** The keys of a query body. Each has a reader; a key without a reader is rejected by name. */
import { isObject, type Json, type JsonObject } from "@drawbar/json-text/Json"
import { Result } from "effect"
import { finite, type Parsed, refuse, scalar, type Scalar, strings, text, tokenOf } from "./SearchBody.ts"
import type { FieldBoost, Minimum, SearchQuery } from "./SearchQuery.ts"

export type Reader<A> = (name: string, value: Json) => Parsed<A>
export type Read<Readers> = { readonly [K in keyof Readers]?: Readers[K] extends Reader<infer A> ? A : never }
export interface Common {
  readonly boost?: number
}

/** Reads each key of a query body with its reader; rejects an unknown key by name. */
export const options = <Readers extends Record<string, Reader<unknown>>>(
  query: string,
  body: JsonObject,
  readers: Readers,
): Parsed<Read<Readers> & Common> =>
  Result.gen(function* () {
    const found: Record<string, unknown> = {}
    for (const [key, value] of Object.entries(body)) {
      const reader = Object.hasOwn(readers, key) ? readers[key] : common[key as keyof typeof common]
      if (reader === undefined || !(Object.hasOwn(readers, key) || Object.hasOwn(common, key))) {
        return yield* refuse(`[${query}] query does not support [${key}]`)
      }
      found[key] = yield* reader(key, value)
    }
    // Each value came from the reader of its key.
    return found as Read<Readers> & Common
  })

const common = { boost: finite, _name: text }

/**
 * `{ field: { … } }`, or the short form `{ field: value }`, in which `short` names the key that the value belongs to.
 */
export const onField = <Readers extends Record<string, Reader<unknown>>>(
  query: string,
  short: string | undefined,
  body: JsonObject,
  readers: Readers,
  build: (field: string, options: Read<Readers> & Common) => Parsed<SearchQuery>,
): Parsed<SearchQuery> => {
  const { boost: outer, _name, ...fields } = body
  const [first, second] = Object.entries(fields)
  if (first === undefined) return refuse(`[${query}] query malformed: a field name was expected`)
  const [field, value] = first
  if (second !== undefined)
    return refuse(`[${query}] query doesn't support multiple fields, found [${field}] and [${second[0]}]`)
  if (!isObject(value) && (short === undefined || Array.isArray(value))) {
    return Array.isArray(value) && query === "term"
      ? refuse("[term] query does not support array of values")
      : refuse(`[${query}] unknown token [${tokenOf(value)}] after [${field}]`)
  }
  const long = isObject(value) ? value : { [short ?? ""]: value }
  return Result.flatMap(options(query, outer === undefined ? long : { boost: outer, ...long }, readers), (o) =>
    build(field, o),
  )
}

export const term: Reader<Scalar> = (name, value) => {
  const found = scalar(value)
  return found === undefined
    ? refuse(`[${name}] a string, number or boolean was expected, but found [${tokenOf(value)}]`)
    : Result.succeed(found)
}

export const operator: Reader<"and" | "or"> = (name, value) => {
  const found = typeof value === "string" ? value.toLowerCase() : value
  return found === "and" || found === "or"
    ? Result.succeed(found)
    : refuse(`Failed to parse [${name}]: [and] or [or] was expected`, "illegal_argument_exception")
}

export const minimum: Reader<Minimum> = (name, value) => {
  const [, digits, percent] = /^\s*(-?\d{1,6})(%?)\s*$/.exec(String(scalar(value) ?? "")) ?? []
  if (digits === undefined) {
    return refuse(
      `Failed to parse [${name}]: a count or a percentage such as [2], [-1] or [75%] was expected`,
      "illegal_argument_exception",
    )
  }
  return Result.succeed(percent === "%" ? { percent: Number(digits) } : { count: Number(digits) })
}

export const zero: Reader<0> = (name, value) =>
  value === 0 || value === "0"
    ? Result.succeed(0)
    : refuse(`[${name}] other than 0 is not supported: the words must stand side by side`, "illegal_argument_exception")

export const fieldList: Reader<ReadonlyArray<FieldBoost>> = (name, value) =>
  Result.map(strings(name, value), (names) => names.map(fieldBoost))

/** `name^3`: a field and the weight of a match in it. */
const fieldBoost = (text: string): FieldBoost => {
  const [, field = text, boost = "1"] = /^(.+)\^(\d+(?:\.\d+)?)$/.exec(text) ?? []
  return { field, boost: Number(boost) }
}
