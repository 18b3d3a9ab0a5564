/** What a caller asks a model: its own parameters, or one of the typed inputs that a pre-process function turns into parameters. */
import { json, text, type Value } from "@drawbar/template-renderer/Parameter"
import type { OpenAiCall } from "../dialect/OpenAiCall.ts"
import { type JsonSource, type Location, slices } from "@drawbar/json-text/JsonSource"

export type Parameters = ReadonlyMap<string, Value>

/** Absent or null: all tensors, as numbers. */
export interface ResultFilter {
  readonly return_bytes?: boolean | null
  readonly return_number?: boolean | null
  readonly target_response?: ReadonlyArray<string> | null
  readonly target_response_positions?: ReadonlyArray<number> | null
}

/** `openai`: the parameters are fields of a request in OpenAI's API, to be said in the words of the connector's provider. */
export type PredictInput =
  | {
      readonly _tag: "Parameters"
      readonly parameters: Parameters
      readonly action?: string
      readonly openai?: OpenAiCall
    }
  | {
      readonly _tag: "TextDocs"
      readonly text_docs: ReadonlyArray<string | null>
      readonly parameters?: Parameters
      readonly filter?: ResultFilter
      readonly openai?: OpenAiCall
    }
  | { readonly _tag: "TextSimilarity"; readonly query_text: string; readonly text_docs: ReadonlyArray<string | null> }
  | { readonly _tag: "QuestionAnswering"; readonly question: string; readonly context: string }

/** The action that an input asks for, by type or name. */
export const actionOf = (input: PredictInput): string =>
  input._tag === "Parameters" ? (input.action ?? "PREDICT") : "PREDICT"

/** The members of the object at `location` as parameters. Values other than strings keep their source text, with every digit. */
export const parametersAt = (source: JsonSource, location: Location, members: object): Parameters => {
  const entries: ReadonlyArray<[string, unknown]> = Object.entries(members)
  const others = entries.flatMap(([name, value]) => (typeof value === "string" ? [] : [[...location, name]]))
  const texts = slices(source, others).values()
  return new Map(
    entries.map(([name, value]) => [
      name,
      typeof value === "string" ? text(value) : json(texts.next().value ?? "null"),
    ]),
  )
}
