/** Readers for the basic values in a search body, and its errors. */
import type { Json } from "@drawbar/json-text/Json"
import { Result } from "effect"
import { InvalidSearchQuery, StoreError } from "../StoreError.ts"

export type Parsed<A> = Result.Result<A, StoreError>

/** An error in OpenSearch's words; `type` is the wire's `error.type`. */
export const refuse = (
  message: string,
  type: InvalidSearchQuery["type"] = "parsing_exception",
): Result.Result<never, StoreError> => Result.fail(StoreError.from(new InvalidSearchQuery({ message, type })))

/** The name of the value's JSON token, which OpenSearch's messages use. */
export const tokenOf = (value: Json): string => {
  if (value === null) return "VALUE_NULL"
  if (Array.isArray(value)) return "START_ARRAY"
  if (typeof value === "string") return "VALUE_STRING"
  if (typeof value === "boolean") return "VALUE_BOOLEAN"
  return typeof value === "number" || JSON.isRawJSON(value) ? "VALUE_NUMBER" : "START_OBJECT"
}

/** A string, number or boolean, the types of a term. */
export type Scalar = string | number | boolean

export const scalar = (value: Json): Scalar | undefined => {
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "number") return value
  return JSON.isRawJSON(value) ? value.rawJSON : undefined
}

/** An integer or its text form: OpenSearch accepts both. */
export const integer = (name: string, value: Json): Parsed<number> => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value
  return typeof number === "number" && Number.isSafeInteger(number)
    ? Result.succeed(number)
    : refuse(
        `Failed to parse [${name}]: a whole number was expected, but found [${tokenOf(value)}]`,
        "illegal_argument_exception",
      )
}

export const finite = (name: string, value: Json): Parsed<number> => {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value
  return typeof number === "number" && Number.isFinite(number)
    ? Result.succeed(number)
    : refuse(
        `Failed to parse [${name}]: a number was expected, but found [${tokenOf(value)}]`,
        "illegal_argument_exception",
      )
}

export const boolean = (name: string, value: Json): Parsed<boolean> => {
  if (value === true || value === "true") return Result.succeed(true)
  if (value === false || value === "false") return Result.succeed(false)
  return refuse(
    `Failed to parse value for [${name}] as only [true] or [false] are allowed.`,
    "illegal_argument_exception",
  )
}

export const text = (name: string, value: Json): Parsed<string> => {
  const found = scalar(value)
  return found === undefined
    ? refuse(`Failed to parse [${name}]: text was expected, but found [${tokenOf(value)}]`)
    : Result.succeed(String(found))
}

/** One string or a list of strings. */
export const strings = (name: string, value: Json): Parsed<ReadonlyArray<string>> =>
  Result.all((Array.isArray(value) ? value : [value]).map((item: Json) => text(name, item)))
