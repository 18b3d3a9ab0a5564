/**
 * What an action calls, for metrics and traces: the operation and the provider in the words of OpenTelemetry's GenAI conventions.
 * Without such a word the provider is called by its host, the operation by the action's name.
 * Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/
 */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { ConnectorAction } from "@drawbar/blueprint-schema/ConnectorAction"
import type { Author } from "@drawbar/template-renderer/Parameter"

export interface CallTarget {
  /** Scheme, host and port. */
  readonly origin: string
  readonly operation: string
  readonly provider: string
  /** The connector's own; a caller's parameter may say another. */
  readonly model: string | undefined
  readonly address: string
  readonly port: number
}

/** `origin` is the action's, a constant. */
export const of = (action: ConnectorAction, author: Author, origin: string): CallTarget => {
  const { protocol, hostname, port } = new URL(origin)
  return {
    origin,
    operation:
      found(operations, action.url.replace(/^\w+:\/\/[^/]*/, "")) ??
      byFunction(action) ??
      (action.name || action.action_type.toLowerCase()),
    provider: found(providers, hostname) ?? hostname,
    model: Object.hasOwn(author, Reserved.model) && isName(author[Reserved.model]) ? author[Reserved.model] : undefined,
    address: hostname,
    port: Number(port || (protocol === "https:" ? 443 : 80)),
  }
}

const isName = (text: string | undefined): text is string => /^[\w.:/@-]{1,128}$/.test(text ?? "")

const found = (table: ReadonlyArray<readonly [RegExp, string]>, text: string): string | undefined =>
  table.find(([pattern]) => pattern.test(text))?.[1]

/** By the path of the URL, the closest first. */
const operations = [
  [/embed/i, "embeddings"],
  [/rerank/i, "rerank"],
  [/:(?:streamG|g)enerateContent/, "generate_content"],
  [/\/chat(?:\/|\?|$)|\/messages|\/converse|\/responses/, "chat"],
  [/\/completions|\/api\/generate/, "text_completion"],
] as const

const byFunction = ({ pre_process_function = "", post_process_function = "" }: ConnectorAction) =>
  found(operations, pre_process_function + post_process_function)

const providers = [
  [/^api\.openai\.com$/, "openai"],
  [/^api\.anthropic\.com$/, "anthropic"],
  [/^bedrock[\w.-]*\.amazonaws\.com(?:\.cn)?$/, "aws.bedrock"],
  [/^api\.cohere\.(?:ai|com)$/, "cohere"],
  [/\.openai\.azure\.com$/, "azure.ai.openai"],
  [/\.(?:services|models|inference)\.ai\.azure\.com$/, "azure.ai.inference"],
  [/^generativelanguage\.googleapis\.com$/, "gcp.gemini"],
  [/aiplatform\.googleapis\.com$/, "gcp.vertex_ai"],
  [/^api\.deepseek\.com$/, "deepseek"],
  [/^api\.groq\.com$/, "groq"],
  [/\.ml\.cloud\.ibm\.com$/, "ibm.watsonx.ai"],
  [/^api\.mistral\.ai$/, "mistral_ai"],
  [/^api\.perplexity\.ai$/, "perplexity"],
  [/^api\.x\.ai$/, "x_ai"],
] as const
