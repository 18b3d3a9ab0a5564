/** A call in OpenAI's API, whatever API its connector speaks. */

export interface OpenAiCall {
  readonly operation: "chat" | "embeddings" | "responses"
  /** What an answer says of itself where its provider says nothing. */
  readonly defaults: AnswerDefaults
  /** Called with the names of fields that were left out of a request, where the model allows that. */
  readonly dropped: (fields: ReadonlyArray<string>) => void
}

export interface AnswerDefaults {
  readonly id: string
  /** In seconds since 1970. */
  readonly created: number
  /** As the caller named it. */
  readonly model: string
}
