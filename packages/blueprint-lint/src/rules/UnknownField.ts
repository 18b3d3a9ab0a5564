import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import { ActionDocument, Document } from "@drawbar/blueprint-schema/Blueprint"
import { ClientConfig } from "@drawbar/blueprint-schema/ClientConfig"
import type * as Json from "@drawbar/json-text/Json"
import { nearest } from "@drawbar/blueprint-schema/ProcessFunctionName"
import type { Problem } from "../Finding.ts"
import type { Rule } from "../Rule.ts"
import { members } from "../LintContext.ts"

export const unknownField: Rule = {
  code: "unknown-field",
  severity: "warning",
  description:
    "This field is unknown and ignored when the connector is created. Often it is misspelt, or one level too high or too low.",
  example: { wrong: '"parameter": {"model": "a"}', right: '"parameters": {"model": "a"}' },
  check: ({ document, actions }) => [
    ...unknown(document, "", ["$schema", ...Object.keys(Document.fields)]),
    ...actions.flatMap((action) => unknown(action.document, action.pointer, Object.keys(ActionDocument.fields))),
    ...unknown(members(document["client_config"]), "/client_config", Object.keys(ClientConfig.fields)),
  ],
}

const unknown = (object: Json.JsonObject, at: string, known: ReadonlyArray<string>): ReadonlyArray<Problem> =>
  Object.keys(object)
    .filter((name) => !known.includes(name))
    .map((name) => ({
      pointer: `${at}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`,
      message: `Unknown field '${name}'${elsewhere(name, at) ?? `. The nearest known field is '${nearest(name, known, 1)[0]}'`}`,
    }))

const elsewhere = (name: string, at: string): string | undefined =>
  name === Reserved.responseFilter || (name === "parameters" && at !== "")
    ? `. Move ${name === "parameters" ? "parameters" : "it"} to the connector's 'parameters'`
    : undefined
