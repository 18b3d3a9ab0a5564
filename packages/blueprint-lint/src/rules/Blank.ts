import * as Json from "@drawbar/json-text/Json"
import { pointer } from "@drawbar/json-text/Decode"
import type { Problem } from "../Finding.ts"
import type { Rule } from "../Rule.ts"

export const blank: Rule = {
  code: "placeholder",
  severity: "warning",
  description: "The document still contains a blank that the author of a published blueprint left for you to fill in.",
  example: {
    wrong: '"credential": {"key": "<YOUR API KEY>"}',
    right: '"credential": {"key": "env:OPENAI_API_KEY"}',
  },
  check: ({ document }) => blanks(document, []),
}

const blanks = (value: Json.Json, path: ReadonlyArray<string | number>): ReadonlyArray<Problem> => {
  if (typeof value === "string") {
    const found = forms.exec(value)?.[0]
    return found === undefined ? [] : [{ pointer: pointer(path), message: `Fill in ${found}` }]
  }
  if (Array.isArray(value)) return value.flatMap((item, i) => blanks(item, [...path, i]))
  return Json.isObject(value) ? Object.entries(value).flatMap(([name, item]) => blanks(item, [...path, name])) : []
}

/**
 * `<YOUR KEY>`, `<PLEASE ADD …>`, `YOUR_API_KEY`, `your_role_arn`; not the tags of a prompt, which are in lower case.
 */
const forms = /<[A-Z][A-Z0-9_ .,'/-]{2,}>|\bYOUR[_ -][A-Z0-9_ -]+|^your[_ -][a-z0-9_ -]+$/
