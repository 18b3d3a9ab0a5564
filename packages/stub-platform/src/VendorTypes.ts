/** What providers are sent and what they send, by the types of their own clients: stubs and recordings are checked against them. */
import type Anthropic from "@anthropic-ai/sdk"
import type { ConverseCommandInput, ConverseCommandOutput, ConverseStreamOutput } from "@aws-sdk/client-bedrock-runtime"
import type * as Google from "@google/genai"
import type { Cohere } from "cohere-ai"
import type { ChatRequest, ChatResponse } from "ollama"
import type OpenAI from "openai"

/** A client's type as JSON: bytes in base64, dates as text, and enumerations as their values. */
type Wire<T> = T extends string
  ? `${T}`
  : T extends Uint8Array | Date
    ? string
    : T extends ReadonlyArray<infer E>
      ? ReadonlyArray<Wire<E>>
      : T extends object
        ? { readonly [K in keyof T]: Wire<T[K]> }
        : T

type Snake<S extends string> = S extends `${infer C}${infer R}`
  ? C extends Lowercase<C>
    ? `${C}${Snake<R>}`
    : `_${Lowercase<C>}${Snake<R>}`
  : S

/** Cohere's client has the members of its API in camel case. */
type SnakeCase<T> =
  T extends ReadonlyArray<infer E>
    ? ReadonlyArray<SnakeCase<E>>
    : T extends object
      ? string extends keyof T
        ? T
        : { readonly [K in keyof T as K extends string ? Snake<K> : K]: SnakeCase<T[K]> }
      : T

/** Beside the model, which blueprints may have in the URL. */
type WithoutModel<T> = T extends unknown ? Omit<T, "model"> & { readonly model?: string } : never

export type OpenAiRequest = OpenAI.ChatCompletionCreateParams

/** Amazon Bedrock has `anthropic_version` in place of the model. The client no longer has what only earlier models take. */
export type AnthropicRequest = WithoutModel<Anthropic.MessageCreateParams> & {
  readonly anthropic_version?: string
  readonly temperature?: number
  readonly top_p?: number
  readonly top_k?: number
}
export type AnthropicResponse = Anthropic.Message
export type AnthropicEvent = Anthropic.RawMessageStreamEvent

export type ConverseRequest = Wire<Omit<ConverseCommandInput, "modelId">>
export type ConverseResponse = Wire<Omit<ConverseCommandOutput, "$metadata">>
export type ConverseEvent = Wire<ConverseStreamOutput>

/** The client writes one `config`; these are the parts that it sends. */
export type GeminiRequest = Wire<{
  contents: Array<Google.Content>
  systemInstruction?: Google.Content
  generationConfig?: Google.GenerationConfig
  tools?: Array<Google.Tool>
  toolConfig?: Google.ToolConfig
}>
export type GeminiResponse = Wire<
  Pick<
    Google.GenerateContentResponse,
    "candidates" | "modelVersion" | "promptFeedback" | "responseId" | "usageMetadata"
  >
>

export type CohereRequest = SnakeCase<Cohere.V2ChatRequest>
export type CohereResponse = SnakeCase<Cohere.V2ChatResponse>
export type CohereEvent = SnakeCase<Cohere.V2ChatStreamResponse>

export type OllamaRequest = ChatRequest
/** The counts come with the last. */
export type OllamaResponse = Pick<Wire<ChatResponse>, "model" | "created_at" | "message" | "done"> &
  Partial<Wire<ChatResponse>>
