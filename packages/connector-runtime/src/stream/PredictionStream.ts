/** What a predict answers piece by piece, as the wire frames it. */

/** A piece of one of the answers that a model writes. */
export interface Words {
  readonly content: string
  readonly reasoning?: string
  readonly refusal?: string
  /** JSON text, as the platform has it. */
  readonly toolCalls?: string
}

/** A piece of another answer than the first, where several were asked for. */
export interface Choice extends Words {
  readonly index: number
  readonly finishReason?: string
}

export interface StreamFrame extends Words {
  readonly isLast: boolean
  readonly finishReason?: string
  /** JSON text, as the platform has it. */
  readonly incompleteDetails?: string
  /** JSON text, as the platform has it. */
  readonly usage?: string
  readonly choices?: ReadonlyArray<Choice>
  /** JSON text: an event of the provider that is passed on whole, in place of words. */
  readonly event?: string
}

export const toJsonText = (frame: StreamFrame): string => {
  const { isLast, finishReason, incompleteDetails, usage, choices } = frame
  const members = [
    `"content":${JSON.stringify(frame.content)}`,
    ...wordsOf(frame),
    `"is_last":${isLast}`,
    ...finishOf(finishReason),
    ...(incompleteDetails === undefined ? [] : [`"incomplete_details":${incompleteDetails}`]),
    ...(usage === undefined ? [] : [`"usage":${usage}`]),
    ...(choices === undefined ? [] : [`"choices":[${choices.map(choiceText).join(",")}]`]),
  ]
  return `{"inference_results":[{"output":[{"name":"response","dataAsMap":{${members.join(",")}}}]}]}`
}

const choiceText = (choice: Choice): string =>
  `{${[
    `"index":${choice.index}`,
    ...(choice.content === "" ? [] : [`"content":${JSON.stringify(choice.content)}`]),
    ...wordsOf(choice),
    ...finishOf(choice.finishReason),
  ].join(",")}}`

const wordsOf = ({ reasoning, refusal, toolCalls }: Words): ReadonlyArray<string> => [
  ...(reasoning === undefined ? [] : [`"reasoning_content":${JSON.stringify(reasoning)}`]),
  ...(refusal === undefined ? [] : [`"refusal":${JSON.stringify(refusal)}`]),
  ...(toolCalls === undefined ? [] : [`"tool_calls":${toolCalls}`]),
]

const finishOf = (reason: string | undefined): ReadonlyArray<string> =>
  reason === undefined ? [] : [`"finish_reason":${JSON.stringify(reason)}`]
