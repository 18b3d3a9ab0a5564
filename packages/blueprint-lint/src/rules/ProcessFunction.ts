import * as Names from "@drawbar/blueprint-schema/ProcessFunctionName"
import * as Script from "@drawbar/painless/Script"
import { Result } from "effect"
import type { Problem } from "../Finding.ts"
import type { Rule } from "../Rule.ts"
import type { LintContext } from "../LintContext.ts"

export const unknownFunction: Rule = {
  code: "unknown-function",
  severity: "error",
  description:
    "A name has the prefix of a built-in process function but is unknown, or is for the other side of the call. The message lists the nearest names.",
  example: {
    wrong:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "post_process_function": "connector.post_process.openai.embeddings"}]',
    right:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "post_process_function": "connector.post_process.openai.embedding"}]',
  },
  check: (context) =>
    functions(context).flatMap(({ pointer, text, known }) =>
      Names.isName(text) && !known.includes(text) ? [{ pointer, message: Names.unknown(text, known) }] : [],
    ),
}

export const script: Rule = {
  code: "script",
  severity: "error",
  description: "A process function in Painless does not compile. Line and column refer to the script.",
  example: {
    wrong:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "post_process_function": "return params.a +;"}]',
    right:
      '"actions": [{"action_type": "predict", "method": "POST", "url": "https://api.openai.com/v1", "post_process_function": "return params.a;"}]',
  },
  check: (context) =>
    functions(context).flatMap(({ pointer, text }) => (Names.isName(text) ? [] : compileProblems(pointer, text))),
}

const compileProblems = (pointer: string, text: string): ReadonlyArray<Problem> =>
  Result.match(Script.compile(text, { returns: "String" }), {
    onSuccess: () => [],
    onFailure: ({ message }) => [{ pointer, message }],
  })

/** The process functions of all actions, and the names that are allowed in each position. */
export const functions = ({ actions }: LintContext) =>
  actions.flatMap(({ pointer, document }) =>
    (
      [
        ["pre_process_function", Names.preProcess],
        ["post_process_function", Names.postProcess],
      ] as const
    ).flatMap(([field, known]) => {
      const text = document[field]
      const names: ReadonlyArray<string> = known
      return typeof text === "string" ? [{ pointer: `${pointer}/${field}`, text, known: names }] : []
    }),
  )
