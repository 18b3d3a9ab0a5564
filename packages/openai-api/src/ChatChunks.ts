/** The chunks of a streamed chat completion. Source: https://platform.openai.com/docs/api-reference/chat/streaming */
import type { AnswerDefaults } from "@drawbar/connector-runtime/dialect/OpenAiCall"
import type { Choice, StreamFrame, Words } from "@drawbar/connector-runtime/stream/PredictionStream"

export interface ChunkOptions {
  readonly defaults: AnswerDefaults
  /** Whether the last chunk has the usage, and the others say that they have none. */
  readonly withUsage: boolean
}

export const done = "[DONE]"

/** The data of the events; `frames` are in OpenAI's words. */
export async function* of(
  batches: AsyncIterable<ReadonlyArray<StreamFrame>>,
  { defaults, withUsage }: ChunkOptions,
): AsyncGenerator<ReadonlyArray<string>, void> {
  const head = `{"id":${JSON.stringify(defaults.id)},"object":"chat.completion.chunk","created":${defaults.created},"model":${JSON.stringify(defaults.model)},"choices":`
  const tail = withUsage ? `,"usage":null}` : "}"
  const chunk = (choices: string) => `${head}[${choices}]${tail}`
  const begun = new Set<number>()
  const choiceText = (index: number, words: Words, finishReason?: string): string => {
    const role = begun.has(index) ? "" : `"role":"assistant",`
    begun.add(index)
    const members = [
      ...(words.reasoning === undefined ? [] : [`"reasoning_content":${JSON.stringify(words.reasoning)}`]),
      ...(words.content === "" && role === "" ? [] : [`"content":${JSON.stringify(words.content)}`]),
      ...(words.refusal === undefined ? [] : [`"refusal":${JSON.stringify(words.refusal)}`]),
      ...(words.toolCalls === undefined ? [] : [`"tool_calls":${words.toolCalls}`]),
    ]
    const finish = finishReason === undefined ? "null" : JSON.stringify(finishReason)
    return `{"index":${index},"delta":{${role}${members.join(",")}},"logprobs":null,"finish_reason":${finish}}`
  }
  const chunksOf = (frame: StreamFrame): ReadonlyArray<string> => [
    ...(isEmpty(frame) ? [] : [chunk(choiceText(0, frame))]),
    ...(frame.choices ?? []).map((choice: Choice) => chunk(choiceText(choice.index, choice, choice.finishReason))),
    ...(frame.isLast ? [chunk(choiceText(0, { content: "" }, frame.finishReason ?? "stop")), ...usageOf(frame)] : []),
  ]
  const usageOf = ({ usage }: StreamFrame) => (withUsage && usage !== undefined ? [`${head}[],"usage":${usage}}`] : [])
  for await (const frames of batches) {
    const data = frames.flatMap(chunksOf)
    if (data.length > 0) yield data
  }
  yield [done]
}

const isEmpty = ({ content, reasoning, refusal, toolCalls }: Words): boolean =>
  content === "" && reasoning === undefined && refusal === undefined && toolCalls === undefined
