/** What one event of a platform's stream says. */
import * as RemoteFailure from "../response/RemoteFailure.ts"

/** A part of one of the answers that a model writes. */
export interface Piece {
  /** A piece of the text that the model writes. */
  readonly content?: string
  /** A piece of what the model thinks before it answers. */
  readonly reasoning?: string
  /** A piece of the text in which the model refuses. */
  readonly refusal?: string
  /** JSON text: a piece of the tools that the model wants called, as the platform has it. */
  readonly toolCalls?: string
  readonly finishReason?: string
}

/** Its own members are those of the first answer. */
export interface StreamPiece extends Piece {
  /** Pieces of the others, where several were asked for, by their index from 1. */
  readonly others?: ReadonlyArray<readonly [index: number, piece: Piece]>
  /** JSON text: why the answer is not whole, as the platform has it. */
  readonly incompleteDetails?: string
  /** JSON text: what the call is charged for, as the platform has it. */
  readonly usage?: string
  /** JSON text: the whole event, where events are passed on as they come. */
  readonly event?: string
  /** The platform says that this was all. */
  readonly isEnd?: boolean
  /** Streams of this shape have no last word: they end with their connection. */
  readonly endsSilently?: boolean
  /** The platform says that it failed. */
  readonly error?: RemoteFailure.RemoteFailure
}

export const nothing: StreamPiece = {}

/** A step into JSON that may not be there. */
export const at = (value: unknown, ...path: ReadonlyArray<string | number>): unknown =>
  path.reduce<unknown>(
    (inner, step) => (typeof inner === "object" && inner !== null ? Reflect.get(inner, step) : undefined),
    value,
  )

export const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined)

export const list = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

export interface PieceParts {
  /** A text, or a list of parts: `{"type": "text", "text"}`, `{"type": "thinking", …}`, `{"type": "refusal", …}`. */
  readonly content?: unknown
  readonly reasoning?: unknown
  readonly refusal?: unknown
  readonly toolCalls?: unknown
  readonly finishReason?: unknown
}

export interface Parts extends PieceParts {
  /** The answers that are written side by side; the one with index 0 is the first. */
  readonly choices?: ReadonlyArray<readonly [index: unknown, parts: PieceParts]>
  readonly incompleteDetails?: unknown
  readonly usage?: unknown
  readonly isEnd?: boolean
  readonly endsSilently?: boolean
  readonly error?: unknown
}

/** The parts that are there, as a reading. */
export const reading = (parts: Parts): StreamPiece => {
  const { choices = [[0, parts]], incompleteDetails, usage, isEnd, endsSilently } = parts
  const pieces = choices.map(([index, one]) => [typeof index === "number" ? index : 0, pieceOf(one)] as const)
  const first = pieces.filter(([index]) => index === 0).map(([, piece]) => piece)
  const others = pieces.filter(([index]) => index !== 0)
  const error = errorOf(parts, choices)
  return {
    ...Object.assign({}, ...first),
    ...(others.length === 0 ? {} : { others }),
    ...(isNothing(incompleteDetails) ? {} : { incompleteDetails: JSON.stringify(incompleteDetails) }),
    ...(isNothing(usage) ? {} : { usage: JSON.stringify(usage) }),
    ...(isEnd === true ? { isEnd } : {}),
    ...(endsSilently === true ? { endsSilently } : {}),
    ...(error === undefined ? {} : { error }),
  }
}

const errorOf = ({ error }: Parts, choices: NonNullable<Parts["choices"]>): RemoteFailure.RemoteFailure | undefined => {
  if (RemoteFailure.isSaid(error)) return RemoteFailure.of(error)
  const failed = choices.find(([, { finishReason }]) => RemoteFailure.isFinishedByError(finishReason))
  return failed === undefined ? undefined : RemoteFailure.finished(failed[1].finishReason)
}

const pieceOf = ({ content, reasoning, refusal, toolCalls, finishReason }: PieceParts): Piece => {
  const said = typeof content === "object" && content !== null ? partsOf(content) : { content: text(content) }
  return filled({
    content: said.content,
    reasoning: joined(said.reasoning, text(reasoning)),
    refusal: joined(said.refusal, text(refusal)),
    toolCalls: isNothing(toolCalls) ? undefined : JSON.stringify(toolCalls),
    finishReason: text(finishReason),
  })
}

type Loose = { readonly [Member in keyof Piece]?: string | undefined }

/** Without the members that are absent or empty: platforms send empty texts as a sign of life. */
const filled = (loose: Loose): Piece =>
  Object.fromEntries(Object.entries(loose).filter(([, value]) => value !== undefined && value !== ""))

/** What stands in a content that is a list of parts, or one of them. */
const partsOf = (content: object): Loose => {
  const parts: ReadonlyArray<unknown> = Array.isArray(content) ? content : [content]
  const joinedOf = (kind: "content" | "reasoning" | "refusal") => {
    const texts = parts.filter((part) => kindOf(part) === kind).map(textOf)
    return texts.length === 0 ? undefined : texts.join("")
  }
  return { content: joinedOf("content"), reasoning: joinedOf("reasoning"), refusal: joinedOf("refusal") }
}

const kindOf = (part: unknown): "content" | "reasoning" | "refusal" => {
  const type = at(part, "type")
  if (type === "refusal") return "refusal"
  return type === "thinking" || type === "reasoning" || at(part, "thought") === true ? "reasoning" : "content"
}

const textOf = (part: unknown): string => {
  const own = text(part) ?? text(at(part, "text")) ?? text(at(part, "refusal"))
  return own ?? thinkingOf(at(part, "thinking") ?? at(part, "reasoning"))
}

/** A text, or a list of text parts. */
const thinkingOf = (value: unknown): string =>
  text(value) ??
  list(value)
    .map((part) => text(part) ?? text(at(part, "text")) ?? "")
    .join("")

const joined = (before: string | undefined, after: string | undefined): string | undefined =>
  before === undefined ? after : before + (after ?? "")

const isNothing = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.length === 0)
