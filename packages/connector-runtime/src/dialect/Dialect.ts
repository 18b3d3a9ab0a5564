/** How one provider's chat API stands to OpenAI's: what a dialect has to say of itself. */
import type * as Json from "@drawbar/json-text/Json"
import type { Value } from "@drawbar/template-renderer/Parameter"
import type { Result } from "effect"
import type { Member } from "./BodyMembers.ts"

/** The fields of an OpenAI request by their names, without those that are null. */
export type Fields = ReadonlyMap<string, Value>

/** Something of a request that a provider cannot be told. */
export interface Unsupported {
  /** OpenAI's name, such as `seed` or `messages[].name`. */
  readonly field: string
  /** Completes "Field … is not supported: ". */
  readonly why: string
  /** Left out of any request, and reported as left out: what clients send back of an answer without meaning anything by it. */
  readonly isHarmless?: boolean
}

export interface Translation {
  readonly members: ReadonlyArray<Member>
  readonly unsupported: ReadonlyArray<Unsupported>
}

/** A field that holds what OpenAI's API does not allow. */
export interface InvalidField {
  readonly field: string
  readonly message: string
}

export interface ToolCall {
  readonly id?: string | undefined
  readonly name: string
  /** JSON text of an object. */
  readonly arguments: string
  /** JSON of what the provider wants back with the call. */
  readonly extra?: Json.Json | undefined
}

/** One answer of a model. */
export interface Choice {
  readonly content: string | null
  readonly reasoning?: string | undefined
  readonly toolCalls: ReadonlyArray<ToolCall>
  /** The provider's word. */
  readonly finishReason: string | undefined
}

export interface Answer {
  readonly id?: string | undefined
  readonly model?: string | undefined
  readonly choices: ReadonlyArray<Choice>
  /** The part that has the provider's counts. */
  readonly usage?: unknown
}

export interface Usage {
  readonly prompt: number
  readonly completion: number
  readonly cached?: number | undefined
  readonly reasoning?: number | undefined
}

/** A part of a call of a tool, in a stream. */
export interface ToolPiece {
  /** Which call it belongs to: the provider's index or id; absent: `begins` a call, or goes on with the last. */
  readonly key?: string | number | undefined
  /** Whether it is the first of a call, where that can be told. */
  readonly begins?: boolean
  readonly id?: string | undefined
  readonly name?: string | undefined
  readonly arguments?: string | undefined
  readonly extra?: Json.Json | undefined
}

export type FinishReason = "stop" | "length" | "tool_calls" | "content_filter" | "function_call"

export interface Dialect {
  /** For messages. */
  readonly provider: string
  /** The values of `_llm_interface` that name it. */
  readonly names: ReadonlyArray<string>
  /** The URLs that speak it. */
  readonly url: RegExp
  readonly request: (fields: Fields) => Result.Result<Translation, InvalidField>
  /** A whole response; nothing where it is not an answer of a model. `text` is its JSON text. */
  readonly answer: (value: unknown, text: string) => Answer | undefined
  /** The parts of tool calls in what the stream's reader found. */
  readonly toolPieces: (value: unknown) => ReadonlyArray<ToolPiece>
  /** By the provider's word; `stop` where it has none. */
  readonly finishReasons: Readonly<Record<string, FinishReason>>
  readonly usage: (value: unknown) => Usage | undefined
}
