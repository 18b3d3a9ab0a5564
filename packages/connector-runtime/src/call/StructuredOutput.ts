/** The fields of a body that ask a platform for an answer of a certain shape, put in from parameters where an action allows it. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import * as Json from "@drawbar/json-text/Json"
import { type Author, type Supplied, textOf } from "@drawbar/template-renderer/Parameter"
import { Option, Result } from "effect"

const fields = ["response_format", "generationConfig", "toolConfig"]

/**
 * Sets `F` from the parameter `_F_json`, then merges `_F_additions_json` into it, for the fields that platforms know.
 * A parameter that does not hold an object is ignored. A body that is not an object is left unchanged.
 */
export const inject = (body: string, supplied: Supplied, author: Author): string => {
  const given = fields.flatMap((field) => {
    const replacement = objectOf(Reserved.replacementOf(field), supplied, author)
    const additions = objectOf(Reserved.additionsOf(field), supplied, author)
    return replacement === undefined && additions === undefined ? [] : [{ field, replacement, additions }]
  })
  const parsed = given.length === 0 ? undefined : objectIn(body)
  if (parsed === undefined) return body
  const injected = Object.fromEntries(
    given.map(({ field, replacement, additions }) => {
      const present = replacement ?? parsed[field]
      return [field, { ...(Json.isObject(present) ? present : {}), ...additions }]
    }),
  )
  return Json.stringify({ ...parsed, ...injected })
}

const objectOf = (name: string, { caller, runtime }: Supplied, author: Author): Json.JsonObject | undefined => {
  const value = caller.get(name) ?? runtime.get(name)
  const text = value === undefined ? (Object.hasOwn(author, name) ? author[name] : undefined) : textOf(value)
  return text === undefined ? undefined : objectIn(text)
}

const objectIn = (text: string): Json.JsonObject | undefined =>
  Option.getOrUndefined(Option.filter(Result.getSuccess(Json.parse(text)), Json.isObject))
