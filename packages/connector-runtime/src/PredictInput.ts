/** What a caller asks a model: its own parameters, or one of the typed inputs that a pre-process function turns into parameters. */
import type { Value } from "@drawbar/template-renderer/Parameter"

export type Parameters = ReadonlyMap<string, Value>

export interface ResultFilter {
  readonly return_bytes?: boolean
  readonly return_number?: boolean
  readonly target_response?: ReadonlyArray<string>
  readonly target_response_positions?: ReadonlyArray<number>
}

export type PredictInput =
  | { readonly _tag: "Parameters"; readonly parameters: Parameters; readonly action?: string }
  | {
      readonly _tag: "TextDocs"
      readonly text_docs: ReadonlyArray<string | null>
      readonly parameters?: Parameters
      readonly filter?: ResultFilter
    }
  | { readonly _tag: "TextSimilarity"; readonly query_text: string; readonly text_docs: ReadonlyArray<string | null> }
  | { readonly _tag: "QuestionAnswering"; readonly question: string; readonly context: string }
