/** The body of a call: the fields that Drawbar reads, and all of them with the digits that were sent. */
import * as Json from "@drawbar/json-text/Json"
import * as JsonFault from "@drawbar/json-text/JsonFault"
import { type Parameters, parametersAt } from "@drawbar/connector-runtime/call/PredictInput"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import type { RequestError } from "@drawbar/http-server/http/RequestError"
import { Result } from "effect"
import { invalidBody, invalidField, type OpenAiError } from "./OpenAiError.ts"

export interface CallBody {
  /** As the caller names it. */
  readonly model: string
  /** Its numbers are approximate: nothing of it is sent on. */
  readonly value: Json.JsonObject
  /** Every field but `model`, as text. */
  readonly fields: Parameters
}

/** Of a body: OpenAI's largest has some forty. */
export const maxFields = 1_000
/** In characters. */
export const maxFieldName = 255

export const read = (sent: string): Result.Result<CallBody, OpenAiError | RequestError> =>
  Result.flatMap(parse(Json.withoutMark(sent)), ({ text, value }) => {
    const { model } = value
    const names = Object.keys(value)
    if (names.length > maxFields)
      return Result.fail(invalidBody(`The body has ${names.length} fields: ${maxFields} are taken at most`))
    const long = names.find(({ length }) => length > maxFieldName)
    if (long !== undefined)
      return Result.fail(
        invalidBody(
          `The body has a field with a name of ${long.length} characters, which begins with '${long.slice(0, 20)}': ${maxFieldName} are taken at most`,
        ),
      )
    if (typeof model !== "string" || model === "")
      return Result.fail(invalidField("model", "you must provide a model parameter: the name of a model, as a string"))
    const fields = new Map(parametersAt({ text, value: null }, [], value))
    fields.delete("model")
    return Result.succeed({ model, value, fields })
  })

const parse = (text: string): Result.Result<{ text: string; value: Json.JsonObject }, RequestError> => {
  const fault = Json.excess(text)
  if (fault !== undefined) return Result.fail(Endpoint.unreadable(Json.errorAt(text, fault.offset, fault.message)))
  try {
    const value: Json.Json = JSON.parse(text)
    if (!Json.isObject(value)) return Result.fail(Endpoint.notObject(value))
    const repeated = JsonFault.duplicate(text, value)
    return repeated === undefined
      ? Result.succeed({ text, value })
      : Result.fail(Endpoint.unreadable(Json.errorAt(text, repeated.offset, repeated.message)))
  } catch {
    // The careful parser says where.
    return Result.flatMap(Result.mapError(Json.parse(text), Endpoint.unreadable), (value) =>
      Result.fail(Endpoint.notObject(value)),
    )
  }
}
