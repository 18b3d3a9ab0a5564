/**
 * Decodes a value by a schema. An error names the location as a JSON pointer and never repeats the value, which may be
 * a secret.
 */
import { Result, Schema, SchemaIssue } from "effect"
import { DecodeError, InvalidField } from "./DecodeError.ts"

export const decode = <S extends Schema.ConstraintDecoder<unknown>>(
  schema: S,
): ((value: unknown) => Result.Result<S["Type"], DecodeError>) => {
  const read = Schema.decodeUnknownResult(schema)
  return (value) => Result.mapError(read(value), ({ issue }) => refusal(issue))
}

/** A JSON pointer (RFC 6901) from the names of a path. */
export const pointer = (path: ReadonlyArray<PropertyKey>): string =>
  path.map((name) => `/${String(name).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("")

const format = SchemaIssue.makeFormatterStandardSchemaV1()

const refusal = (issue: SchemaIssue.Issue): DecodeError => {
  const first = format(issue).issues[0]
  const at = pointer((first?.path ?? []).map((step) => (typeof step === "object" ? step.key : step)))
  const message = `${first?.message ?? "Not a valid value"} at ${at === "" ? "the top of the body" : `[${at}]`}`
  return new DecodeError({ reason: new InvalidField({ pointer: at, message }) })
}
