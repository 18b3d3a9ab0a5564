/** The chat APIs that OpenAI's is translated to: to add one, add its two files and a row. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { ConnectorAction } from "@drawbar/blueprint-schema/ConnectorAction"
import type { Author } from "@drawbar/template-renderer/Parameter"
import * as anthropicToOpenai from "./anthropicToOpenai.ts"
import * as bedrockConverseToOpenai from "./bedrockConverseToOpenai.ts"
import * as cohereToOpenai from "./cohereToOpenai.ts"
import type { Dialect } from "./Dialect.ts"
import * as geminiToOpenai from "./geminiToOpenai.ts"
import * as ollamaToOpenai from "./ollamaToOpenai.ts"
import * as OpenAi from "./OpenAiDialect.ts"
import * as openaiToAnthropic from "./openaiToAnthropic.ts"
import * as openaiToBedrockConverse from "./openaiToBedrockConverse.ts"
import * as openaiToCohere from "./openaiToCohere.ts"
import * as openaiToGemini from "./openaiToGemini.ts"
import * as openaiToOllama from "./openaiToOllama.ts"

/** A URL whose path ends so. */
const endingIn = (path: string): RegExp => new RegExp(`${path}/?(?:[?#]|$)`)

export const openAi: Dialect = {
  provider: "OpenAI",
  names: ["openai/v1/chat/completions"],
  url: endingIn("/chat/completions"),
  ...OpenAi.same,
}

export const rows: ReadonlyArray<Dialect> = [
  openAi,
  {
    provider: "Anthropic",
    names: ["anthropic/v1/messages"],
    // Bedrock serves the same bodies by InvokeModel.
    url: /\/v1\/messages\/?(?:[?#]|$)|\/model\/[^/?#]*anthropic\.[^/?#]*\/invoke(?:-with-response-stream)?\/?(?:[?#]|$)/,
    request: openaiToAnthropic.request,
    ...anthropicToOpenai.response,
  },
  {
    provider: "Bedrock Converse",
    names: ["bedrock/converse", "bedrock/converse/claude"],
    url: endingIn("/model/[^?#]+/converse(?:-stream)?"),
    request: openaiToBedrockConverse.request,
    ...bedrockConverseToOpenai.response,
  },
  {
    provider: "Gemini",
    names: ["gemini/v1beta/models/generateContent"],
    url: endingIn(":(?:streamG|g)enerateContent"),
    request: openaiToGemini.request,
    ...geminiToOpenai.response,
  },
  {
    provider: "Cohere",
    names: ["cohere/v2/chat"],
    url: endingIn("/v2/chat"),
    request: openaiToCohere.request,
    ...cohereToOpenai.response,
  },
  {
    provider: "Ollama",
    names: ["ollama/api/chat"],
    url: endingIn("/api/chat"),
    request: openaiToOllama.request,
    ...ollamaToOpenai.response,
  },
]

/** The dialect that `_llm_interface` names, or that the URL of an action speaks. */
export const find = ({ url }: Pick<ConnectorAction, "url">, author: Author): Dialect | undefined => {
  const name = Object.hasOwn(author, Reserved.llmInterface) ? author[Reserved.llmInterface] : undefined
  const filled = filledUrl(url, author)
  return rows.find((row) => (name === undefined ? row.url.test(filled) : row.names.includes(name)))
}

/** A URL with the author's own parameters; those of callers do not tell which API it is. */
export const filledUrl = (url: string, author: Author): string =>
  url.replaceAll(/\$\{parameters\.([\w.-]+)(?::-[^}]*)?\}/g, (placeholder, name: string) =>
    Object.hasOwn(author, name) ? (author[name] ?? placeholder) : placeholder,
  )
