/** How traces and metrics describe each blueprint: operation, provider, model. */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import * as Decode from "@drawbar/json-text/Decode"
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import { Result } from "effect"
import { expect, it } from "vitest"
import * as Catalogue from "../src/Catalogue.ts"

const named = (name: string) =>
  Result.getOrThrow(
    Result.gen(function* () {
      const document = yield* Decode.decode(Blueprint.Document)(Catalogue.find(name)?.blueprint)
      const { connector, credential } = yield* Blueprint.check(document)
      const compiled = yield* CompiledConnector.compile(connector, Object.keys(credential))
      const { target } = yield* CompiledConnector.find(compiled, "PREDICT")
      return [target.operation, target.provider, target.model]
    }),
  )

it.each([
  ["anthropic-messages", "chat", "anthropic", "claude-sonnet-4-5"],
  ["azure-openai-embeddings", "embeddings", "azure.ai.openai", undefined],
  ["bedrock-converse", "chat", "aws.bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0"],
  ["bedrock-titan-embed", "embeddings", "aws.bedrock", "amazon.titan-embed-text-v2:0"],
  ["cohere-rerank", "rerank", "cohere", "rerank-v3.5"],
  ["comprehend-sentiment", "predict", "comprehend.us-east-1.amazonaws.com", undefined],
  ["gemini-generate-content", "generate_content", "gcp.gemini", "gemini-flash-latest"],
  ["mistral-embeddings", "embeddings", "mistral_ai", "mistral-embed"],
  ["ollama-chat", "chat", "127.0.0.1", "llama3.2"],
  ["openai-completion", "text_completion", "openai", "gpt-3.5-turbo-instruct"],
  ["vertex-text-embeddings", "embeddings", "gcp.vertex_ai", "gemini-embedding-001"],
  ["xai-chat", "chat", "x_ai", "grok-4.20-reasoning"],
])("describes %s as %s of %s, with %s", (name, ...words) => {
  expect(named(name)).toEqual(words)
})
