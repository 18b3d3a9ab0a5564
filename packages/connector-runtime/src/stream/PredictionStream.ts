/** What a predict answers piece by piece, as the wire frames it. */

export interface StreamFrame {
  readonly content: string
  readonly isLast: boolean
  /** JSON text, as the platform has it. */
  readonly toolCalls?: string
  readonly finishReason?: string
  /** JSON text, as the platform has it. */
  readonly usage?: string
}

export const toJsonText = ({ content, isLast, toolCalls, finishReason, usage }: StreamFrame): string => {
  const members = [
    `"content":${JSON.stringify(content)}`,
    ...(toolCalls === undefined ? [] : [`"tool_calls":${toolCalls}`]),
    `"is_last":${isLast}`,
    ...(finishReason === undefined ? [] : [`"finish_reason":${JSON.stringify(finishReason)}`]),
    ...(usage === undefined ? [] : [`"usage":${usage}`]),
  ]
  return `{"inference_results":[{"output":[{"name":"response","dataAsMap":{${members.join(",")}}}]}]}`
}
