/** Libraries that stand on OpenAI's API, unmodified, in front of a provider that speaks another. */
import { createOpenAICompatible } from "@ai-sdk/openai-compatible"
import { HumanMessage, ToolMessage } from "@langchain/core/messages"
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as OpenAi from "@drawbar/stub-platform/OpenAi"
import { APICallError, dynamicTool, embedMany, generateText, jsonSchema, streamText } from "ai"
import { assert, describe, it } from "vitest"
import { args, embeddings, type Provider, providers } from "./ChatProviders.ts"
import * as ChatServer from "./ChatServer.ts"

const anthropic = providers[0] as Provider

const start = (provider: Provider, handler?: Answer.Handler) => ChatServer.start(provider, handler)

// The library's own type of a message has no usage where it is made by a chat with tools.
const totalOf = (message: object): number => {
  const usage: unknown = Reflect.get(message, "usage_metadata")
  return typeof usage === "object" && usage !== null ? Number(Reflect.get(usage, "total_tokens")) : 0
}

const modelOf = ({ baseURL, model }: Awaited<ReturnType<typeof start>>) =>
  createOpenAICompatible({ name: "drawbar", baseURL, apiKey: "unused", includeUsage: true }).chatModel(model)

const chatOf = ({ baseURL, model }: Awaited<ReturnType<typeof start>>) =>
  new ChatOpenAI({ model, apiKey: "unused", configuration: { baseURL }, maxRetries: 0, streamUsage: true })

describe("Vercel's AI SDK", () => {
  const weather = dynamicTool({
    description: "The weather",
    execute: () => Promise.resolve("rain"),
    inputSchema: jsonSchema({ type: "object", properties: { city: { type: "string" } } }),
  })

  it("reads text, reasoning, the call of a tool and usage, whole and streamed", async () => {
    await using at = await start(anthropic)
    const asked = { model: modelOf(at), prompt: "Hello?", tools: { weather } }
    const whole = await generateText(asked)
    assert.strictEqual(whole.text, "Hello")
    assert.strictEqual(whole.reasoningText, "hm")
    assert.deepEqual(whole.toolCalls[0]?.input, args)
    assert.strictEqual(whole.finishReason, "tool-calls")
    assert.strictEqual(whole.usage.totalTokens, 17)
    const stream = streamText(asked)
    assert.strictEqual(await stream.text, "Hello")
    assert.deepEqual((await stream.toolCalls)[0]?.input, args)
    assert.strictEqual((await stream.usage).totalTokens, 17)
  })

  it("gives an error of its own for a refusal, and does not repeat what cannot succeed", async () => {
    await using at = await start(anthropic)
    const error = await generateText({ model: modelOf(at), prompt: "Hello?", temperature: 1.5 }).catch(
      (cause: unknown) => cause,
    )
    assert.isTrue(APICallError.isInstance(error))
    assert.strictEqual(at.platform.requests.length, 0)
  })

  it("embeds", async () => {
    await using at = await start(embeddings, OpenAi.handler())
    const model = createOpenAICompatible({ name: "drawbar", baseURL: at.baseURL, apiKey: "unused" }).embeddingModel(
      at.model,
    )
    const found = await embedMany({ model, values: ["one", "two"] })
    assert.strictEqual(found.embeddings.length, 2)
    assert.isAbove(found.usage.tokens, 0)
  })
})

describe("LangChain", () => {
  const schema = { type: "object", properties: { city: { type: "string" } } }
  const tools = [{ type: "function" as const, function: { name: "weather", description: "now", parameters: schema } }]

  it("calls a tool, hands its result back, and streams", async () => {
    await using at = await start(anthropic)
    const chat = chatOf(at).bindTools(tools)
    const question = new HumanMessage("The weather?")
    const answer = await chat.invoke([question])
    assert.strictEqual(answer.text, "Hello")
    const [call] = answer.tool_calls ?? []
    assert.deepEqual(call?.args, args)
    assert.strictEqual(totalOf(answer), 17)
    await chat.invoke([question, answer, new ToolMessage({ content: "rain", tool_call_id: call?.id ?? "" })])
    assert.include(at.platform.requests.at(-1)?.text, '"tool_result"')
    let text = ""
    let total = 0
    for await (const chunk of await chat.stream([question])) {
      text += chunk.text
      total += totalOf(chunk)
    }
    assert.strictEqual(text, "Hello")
    assert.strictEqual(total, 17)
  })

  it("embeds", async () => {
    await using at = await start(embeddings, OpenAi.handler())
    const embedder = new OpenAIEmbeddings({ model: at.model, apiKey: "unused", configuration: { baseURL: at.baseURL } })
    const vectors = await embedder.embedDocuments(["one", "two"])
    assert.strictEqual(vectors.length, 2)
    assert.isAbove(vectors[0]?.length ?? 0, 0)
  })
})
