/** What one event of a platform's stream says. */
export interface StreamPiece {
  /** A piece of the text that the model writes. */
  readonly content?: string
  /** JSON text: a piece of the tools that the model wants called, as the platform has it. */
  readonly toolCalls?: string
  readonly finishReason?: string
  /** JSON text: what the call is charged for, as the platform has it. */
  readonly usage?: string
  /** The platform says that this was all. */
  readonly isEnd?: boolean
  /** The platform says that it failed. */
  readonly error?: string
}

export const nothing: StreamPiece = {}

/** A step into JSON that may not be there. */
export const at = (value: unknown, ...path: ReadonlyArray<string | number>): unknown =>
  path.reduce<unknown>(
    (inner, step) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, step) : undefined),
    value,
  )

export const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

/** The parts that are there, as a reading. */
export const reading = (parts: {
  readonly content?: unknown
  readonly toolCalls?: unknown
  readonly finishReason?: unknown
  readonly usage?: unknown
  readonly isEnd?: boolean
  readonly error?: unknown
}): StreamPiece => {
  const content = text(parts.content)
  const finishReason = text(parts.finishReason)
  // Some platforms say in each event that there is none.
  const error = parts.error ? messageOf(parts.error) : undefined
  return {
    ...(content === undefined || content === "" ? {} : { content }),
    ...(parts.toolCalls === undefined || parts.toolCalls === null
      ? {}
      : { toolCalls: JSON.stringify(parts.toolCalls) }),
    ...(finishReason === undefined ? {} : { finishReason }),
    ...(parts.usage === undefined || parts.usage === null ? {} : { usage: JSON.stringify(parts.usage) }),
    ...(parts.isEnd === true ? { isEnd: true } : {}),
    ...(error === undefined ? {} : { error }),
  }
}

const messageOf = (error: unknown): string => text(error) ?? text(at(error, "message")) ?? JSON.stringify(error)
