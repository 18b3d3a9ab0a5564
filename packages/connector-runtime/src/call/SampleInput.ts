/** A sample input for testing a connector, of the kind that its action takes. */
import type { Placeholder } from "@drawbar/template-renderer/Placeholder"
import { fromUnknown, type Supplied } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import type { CompiledAction } from "./CompiledConnector.ts"
import type { PredictInput } from "./PredictInput.ts"
import * as PostProcess from "../processors/PostProcess.ts"
import * as PreProcess from "../processors/PreProcess.ts"

const words = "Hello from Drawbar"
const nothing: Supplied = { caller: new Map(), runtime: new Map() }

export const of = (action: CompiledAction): PredictInput => {
  const typed: ReadonlyArray<PredictInput> = [
    { _tag: "TextDocs", text_docs: [words] },
    { _tag: "TextSimilarity", query_text: words, text_docs: [words, "Something else"] },
  ]
  const fitting =
    action.preProcess.processor === undefined || action.preProcess.processor.rewrite !== undefined
      ? undefined
      : typed.find((input) => Result.isSuccess(PreProcess.run(action.preProcess, input)))
  return (
    fitting ?? {
      _tag: "Parameters",
      parameters: new Map([
        ...PostProcess.missing(action.postProcess, nothing).map((name) => [name, fromUnknown(words)] as const),
        ...open(action).map(({ name, position }) => [name, valueOf(name, position)] as const),
      ]),
    }
  )
}

/** The placeholders that still need a value. */
const open = ({ url, headers, body }: CompiledAction): ReadonlyArray<Placeholder> =>
  [...url.placeholders, ...headers.placeholders, ...(body === undefined ? [] : body.placeholders)].filter(
    ({ kind, authored, default: otherwise }) => kind === "parameter" && !authored && otherwise === undefined,
  )

const valueOf = (name: string, position: Placeholder["position"]) => {
  const known = Object.hasOwn(samples, name) ? samples[name] : undefined
  if (position !== "value" && position !== "whole") return fromUnknown(typeof known === "string" ? known : words)
  return fromUnknown(known ?? words)
}

/** By the names that platforms share. */
const samples: Readonly<Record<string, unknown>> = {
  messages: [{ role: "user", content: words }],
  contents: [{ role: "user", parts: [{ text: words }] }],
  input: [words],
  inputs: [words],
  texts: [words],
  documents: [words, "Something else"],
  max_tokens: 16,
  temperature: 0,
}
