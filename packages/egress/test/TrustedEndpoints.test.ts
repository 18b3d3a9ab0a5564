import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { trustedEndpointDefaults } from "../src/TrustedEndpointDefaults.ts"
import * as TrustedEndpoints from "../src/TrustedEndpoints.ts"

const matches = (entry: string, url: string) => Result.getOrThrow(TrustedEndpoints.make([entry])).matches(new URL(url))

describe("an entry", () => {
  it.each([
    ["^https://api\\.openai\\.com/.*$", "https://api.openai.com/v1", true],
    ["^https://api\\.openai\\.com/.*$", "https://api.openai.com", true],
    ["https://api\\.openai\\.com/v1", "https://api.openai.com/v1/more", false],
    ["^https://comprehend\\..*\\.amazonaws\\.com$", "https://comprehend.us-east-1.amazonaws.com", true],
    ["^https://comprehend\\..*\\.amazonaws\\.com$", "https://comprehend.us-east-1.amazonaws.com/", true],
    ["^https://comprehend\\..*\\.amazonaws\\.com$", "https://comprehend.us-east-1.amazonaws.com/x", false],
    ["^https://API\\.openai\\.com/.*$", "https://API.openai.com/", false],
    ["^http://localhost:8000/.*$", "http://localhost:8000/v1", true],
    ["^http://localhost:80/.*$", "http://localhost:80/v1", false],
    ["https.*", "https://anything.example/", true],
    ["api.openai.com", "https://api.openai.com/v1?x", true],
    ["API.openai.com", "https://api.openai.com/", true],
    ["api.openai.com", "http://api.openai.com/", false],
    ["api.openai.com", "https://api.openai.com:8443/", false],
    ["api.openai.com:443", "https://api.openai.com/", true],
    ["api.openai.com:8443", "https://api.openai.com:8443/", true],
    ["vllm", "https://vllm/", true],
    ["*.openai.azure.com", "https://mine.openai.azure.com/", true],
    ["*.openai.azure.com", "https://openai.azure.com/", false],
    ["*.openai.azure.com", "https://a.b.openai.azure.com/", false],
    ["*-aiplatform.googleapis.com", "https://us-central1-aiplatform.googleapis.com/", true],
    ["*-aiplatform.googleapis.com", "https://aiplatform.googleapis.com/", false],
    ["a*b.example.com", "https://ab.example.com/", false],
    ["a*a.example.com", "https://a.example.com/", false],
  ])("%s, %s: %s", (entry, url, expected) => assert.strictEqual(matches(entry, url), expected))

  it.each([
    ["(", "Invalid regex pattern: ("],
    ["*", "Invalid regex pattern: *"],
    ["(a)\\1", "Invalid regex pattern: (a)\\1"],
    [`${"a".repeat(256)}/`, `Regex pattern too long (max 256 chars): ${"a".repeat(256)}`],
  ])("rejects %j", (entry, message) =>
    assert.strictEqual(Result.getOrThrow(Result.flip(TrustedEndpoints.make([entry]))).message, message),
  )

  it("matches in linear time a pattern that makes other engines backtrack", () =>
    assert.isFalse(matches("^(https?:/+(a+)+)+$", `https://${"a".repeat(60)}!.example/`)))
})

describe("the default entries", () => {
  const { matches } = Result.getOrThrow(TrustedEndpoints.make(trustedEndpointDefaults))
  it.each([
    "https://api.openai.com/v1/embeddings",
    "https://mine.openai.azure.com/openai/deployments/d/chat/completions?api-version=2024-10-21",
    "https://api.cohere.ai/v1/embed",
    "https://api.cohere.com/v2/embed",
    "https://api.anthropic.com/v1/messages",
    "https://api.deepseek.com/v1/chat/completions",
    "https://generativelanguage.googleapis.com/v1beta/models/gemini:generateContent",
    "https://us-central1-aiplatform.googleapis.com/v1/projects/p",
    "https://api.mistral.ai/v1/embeddings",
    "https://api.groq.com/openai/v1/chat/completions",
    "https://api.voyageai.com/v1/embeddings",
    "https://api.jina.ai/v1/rerank",
    "https://api.together.xyz/v1/embeddings",
    "https://api.fireworks.ai/inference/v1/embeddings",
    "https://api.x.ai/v1/chat/completions",
    "https://bedrock-runtime.us-east-1.amazonaws.com/model/amazon.titan-embed-text-v1/invoke",
    "https://bedrock-agent-runtime.eu-west-1.amazonaws.com/rerank",
    "https://bedrock.us-east-1.amazonaws.com/model-invocation-job",
    "https://runtime.sagemaker.us-east-1.amazonaws.com/endpoints/e/invocations",
    "https://api.sagemaker.us-east-1.amazonaws.com/CreateTransformJob",
    "https://comprehend.us-east-1.amazonaws.com",
    "https://textract.us-east-1.amazonaws.com",
    "https://rekognition.us-east-1.amazonaws.com",
    "https://rekognition-fips.us-east-1.amazonaws.com/",
  ])("%s", (url) => assert.isTrue(matches(new URL(url))))

  it("match no other host", () => assert.deepStrictEqual(TrustedEndpoints.warnings(trustedEndpointDefaults), []))
})

describe("warns about", () => {
  it.each([
    [".*", /has no scheme and host/],
    ["^https://.*$", /open/],
    ["^https?://.+/v1$", /open/],
    ["^https://runtime\\.sagemaker\\..*[a-z0-9-]\\.amazonaws\\.com/.*$", /open/],
    ["^https://[^.]+\\.example\\.com/.*$", /open/],
    ["^https://\\S+\\.example\\.com/.*$", /open/],
    ["^https://.{1,9}\\.example\\.com/.*$", /open/],
    ["^https://api\\.openai\\.com.*$", /open/],
    ["^https://api.openai.com/.*$", /not escaped/],
    ["*.com", /top-level/],
  ])("%s", (entry, expected) => {
    const [warning, ...more] = TrustedEndpoints.warnings([entry])
    assert.match(warning ?? "", expected)
    assert.deepStrictEqual(more, [])
  })

  it.each([
    "^https://api\\.openai\\.com/.*$",
    "^https://[a-z0-9-]+\\.example\\.com/.*$",
    "api.openai.com",
    "*.openai.azure.com",
  ])("does not warn about %s", (entry) => assert.deepStrictEqual(TrustedEndpoints.warnings([entry]), []))
})
