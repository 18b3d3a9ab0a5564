import type { BlueprintError } from "@drawbar/blueprint-schema/BlueprintError"
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"
import type { Problem } from "../Finding.ts"
import type { Rule } from "../Rule.ts"
import { checked, members } from "../LintContext.ts"
import { missing } from "./Signing.ts"

export const invalidField: Rule = {
  code: "invalid-field",
  severity: "error",
  description:
    "A field is missing, has the wrong type, or has a value that is not allowed. Creating the connector fails with the same message.",
  example: { wrong: '"protocol": "https"', right: '"protocol": "http"' },
  check: (context) => {
    const problems: Array<Problem> = []
    let { document, blueprint } = context
    // The check stops at the first problem. Each reported problem is replaced with a valid value, so that the next is
    // found.
    while (Result.isFailure(blueprint) && problems.length < maxProblems) {
      const found = problemsOf(blueprint.failure)
      // No valid value is known for this one.
      if (problems.some(({ pointer }) => pointer === found[0]?.pointer)) break
      problems.push(...found)
      const corrected = withStandIn(document, problems.at(-1)?.pointer ?? "")
      if (corrected === undefined) break
      document = corrected
      blueprint = checked(document, context.inline)
    }
    // The requirements of a signature are reported together, by their own rule.
    const ofSigning = context.isAws ? missing(context).map(({ pointer }) => pointer) : []
    return problems.filter(({ pointer }) => !ofSigning.includes(pointer))
  },
}

const maxProblems = 50

const problemsOf = ({ reason }: BlueprintError): ReadonlyArray<Problem> =>
  reason._tag === "UnsafeText"
    ? reason.problems.map((message) => ({ pointer: `/${fieldIn(message)}`, message }))
    : [{ pointer: reason.pointer, message: reason.message }]

const fieldIn = (message: string) => ["description", "provisioned_by"].find((name) => message.includes(name)) ?? "name"

const standInAction = { action_type: "PREDICT", method: "POST", url: "https://stand-in.invalid/" }
const standIns: Json.JsonObject = {
  name: "stand-in",
  version: "1",
  protocol: "http",
  actions: [standInAction],
  parameters: {},
  credential: {},
}

const withStandIn = (document: Json.JsonObject, pointer: string): Json.JsonObject | undefined => {
  const [, field = "", index] = pointer.split("/")
  if (field === "") return undefined
  const { actions } = document
  if (field === "actions" && index !== undefined && Array.isArray(actions))
    return { ...document, actions: actions.with(Number(index), standInAction) }
  if (field === "parameters" && index !== undefined)
    return { ...document, parameters: { ...members(document["parameters"]), [index]: "stand-in" } }
  const { [field]: _, ...rest } = document
  return standIns[field] === undefined ? rest : { ...rest, [field]: standIns[field] }
}
