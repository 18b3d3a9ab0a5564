/**
 * What an action asks of which provider, in OpenTelemetry's words. What those have no word for is called by its own name:
 * the provider by its host, the operation by the action's.
 * Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/
 */
import type { ConnectorAction } from "@drawbar/blueprint-schema/ConnectorAction"
import type { Author } from "@drawbar/template-renderer/Parameter"

export interface GenAi {
  readonly operation: string
  readonly provider: string
  /** The connector's own; a caller's parameter may say another. */
  readonly model: string | undefined
  readonly address: string
  readonly port: number
}

/** `origin` is the action's, a constant. */
export const of = (action: ConnectorAction, author: Author, origin: string): GenAi => {
  const { protocol, hostname, port } = new URL(origin)
  return {
    operation:
      found(operations, action.url.replace(/^\w+:\/\/[^/]*/, "")) ??
      byFunction(action) ??
      (action.name || action.action_type.toLowerCase()),
    provider: found(providers, hostname) ?? hostname,
    model: Object.hasOwn(author, "model") && isName(author["model"]) ? author["model"] : undefined,
    address: hostname,
    port: Number(port || (protocol === "https:" ? 443 : 80)),
  }
}

/** The model that an answer says made it; an answer's text has its quotes escaped, so that only a field is found. */
export const modelOf = (answer: string): string | undefined =>
  /(?<!\\)"(?:model|modelVersion)"\s*:\s*"([\w.:/@-]{1,128})"/.exec(answer)?.[1]

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
