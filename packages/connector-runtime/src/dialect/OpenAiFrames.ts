/**
 * The frames of a provider's stream in OpenAI's words: tool calls as deltas whose id and type stand in the first of each, finish reasons,
 * usage. Source: https://platform.openai.com/docs/api-reference/chat/streaming
 */
import type * as Json from "@drawbar/json-text/Json"
import type { Choice, StreamFrame } from "../stream/PredictionStream.ts"
import { at } from "../stream/StreamPiece.ts"
import * as TokenUsage from "../response/TokenUsage.ts"
import type { CompiledDialect } from "./CompiledDialect.ts"
import type { Dialect, ToolPiece } from "./Dialect.ts"
import * as OpenAiAnswer from "./OpenAiAnswer.ts"
import type { OpenAiCall } from "./OpenAiCall.ts"

/** In calls of one answer. */
const maxCalls = 1_024

/** Translates one stream, frame by frame. */
export const make = (compiled: CompiledDialect, { defaults }: OpenAiCall): ((frame: StreamFrame) => StreamFrame) => {
  const dialect = OpenAiAnswer.ofAnswer(compiled)
  const states = new Map<number, ToolState>()
  const stateOf = (index: number) => {
    const state = states.get(index) ?? toolState((i) => OpenAiAnswer.callId(defaults, index, i))
    states.set(index, state)
    return state
  }
  const words = <W extends { readonly toolCalls?: string; readonly finishReason?: string }>(
    index: number,
    said: W,
  ): W => {
    if (said.toolCalls === undefined) return said
    const deltas = stateOf(index).deltas(dialect.toolPieces(JSON.parse(said.toolCalls)))
    const { toolCalls: _, ...rest } = said
    return { ...(rest as W), ...(deltas.length === 0 ? {} : { toolCalls: JSON.stringify(deltas) }) }
  }
  const choice = (one: Choice): Choice => {
    const said = words(one.index, one)
    return one.finishReason === undefined
      ? said
      : { ...said, finishReason: OpenAiAnswer.finishReason(dialect, one.finishReason, hasCalls(one.index)) }
  }
  const hasCalls = (index: number) => states.get(index)?.hasCalls() === true
  return (frame) => {
    const said = words(0, frame)
    const choices = frame.choices === undefined ? {} : { choices: frame.choices.map(choice) }
    return frame.isLast
      ? {
          ...said,
          ...choices,
          finishReason: OpenAiAnswer.finishReason(dialect, frame.finishReason, hasCalls(0)),
          ...(frame.usage === undefined ? {} : { usage: JSON.stringify(usageOf(dialect, frame.usage)) }),
        }
      : { ...said, ...choices }
  }
}

/** What the provider says, or Drawbar's estimate, which has names of its own. */
const usageOf = (dialect: Dialect, text: string): Json.Json => {
  const value: Json.Json = JSON.parse(text)
  if (dialect.names.includes("openai/v1/chat/completions") && at(value, "prompt_tokens") !== undefined) return value
  const found = at(value, "estimated") === true ? undefined : OpenAiAnswer.usageOf(dialect, value)
  const counted = found === undefined ? TokenUsage.ofStream(text) : undefined
  return OpenAiAnswer.usageBlock(found ?? { prompt: counted?.input ?? 0, completion: counted?.output ?? 0 })
}

interface ToolState {
  readonly deltas: (pieces: ReadonlyArray<ToolPiece>) => ReadonlyArray<Json.JsonObject>
  readonly hasCalls: () => boolean
}

const toolState = (idOf: (index: number) => string): ToolState => {
  const calls: Array<{ readonly key: ToolPiece["key"]; isNamed: boolean }> = []
  const find = ({ key, begins }: ToolPiece): number => {
    if (key !== undefined) return calls.findIndex((call) => call.key === key)
    return begins === true ? -1 : calls.length - 1
  }
  const delta = (piece: ToolPiece): ReadonlyArray<Json.JsonObject> => {
    const known = find(piece)
    const call = calls[known]
    if (call !== undefined) {
      const name = call.isNamed || piece.name === undefined ? {} : { name: piece.name }
      call.isNamed ||= piece.name !== undefined
      const given = piece.arguments === undefined || piece.arguments === "" ? {} : { arguments: piece.arguments }
      const fn = { ...name, ...given }
      return Object.keys(fn).length === 0 ? [] : [{ index: known, function: fn }]
    }
    if (calls.length >= maxCalls) return []
    const index = calls.push({ key: piece.key, isNamed: piece.name !== undefined }) - 1
    return [
      {
        index,
        id: piece.id ?? idOf(index),
        type: "function",
        function: { ...(piece.name === undefined ? {} : { name: piece.name }), arguments: piece.arguments ?? "" },
        ...(piece.extra === undefined ? {} : { extra_content: piece.extra }),
      },
    ]
  }
  return { deltas: (pieces) => pieces.flatMap(delta), hasCalls: () => calls.length > 0 }
}
