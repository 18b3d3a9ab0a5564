/** OpenAI's client against providers that speak APIs of their own, by the blueprints that come with Drawbar. */
import OpenAI, { BadRequestError } from "openai"
import { assert, describe, it } from "vitest"
import { args, type Provider, providers, request } from "./ChatProviders.ts"
import * as ChatServer from "./ChatServer.ts"

const start = async (provider: Provider) => {
  const at = await ChatServer.start(provider)
  return { ...at, client: new OpenAI({ baseURL: at.baseURL, apiKey: "unused", maxRetries: 0 }) }
}

/** The one answer, and the one function that it wants called. */
const answered = ({ choices: [choice] }: OpenAI.ChatCompletion) => {
  assert.isDefined(choice)
  const [call, ...others] = choice.message.tool_calls ?? []
  assert.deepEqual(others, [])
  if (call?.type !== "function") throw new Error("no function is called")
  return { message: choice.message, finish: choice.finish_reason, call }
}

describe.each(providers)("$blueprint", (provider) => {
  it("is sent the conversation in its own words, and answers in OpenAI's", async () => {
    await using at = await start(provider)
    const answer = await at.client.chat.completions.create({ model: at.model, ...request })
    const sent = JSON.parse(at.platform.requests.at(-1)?.text ?? "")
    assert.deepEqual({ ...sent, stream: undefined }, { ...provider.body, stream: undefined })
    assert.strictEqual(answer.object, "chat.completion")
    const { message, finish, call } = answered(answer)
    assert.strictEqual(message.content, "Hello")
    assert.strictEqual(Reflect.get(message, "reasoning_content"), "hm")
    assert.strictEqual(finish, "tool_calls")
    assert.isString(call.id)
    assert.deepEqual(JSON.parse(call.function.arguments), args)
    assert.deepInclude(answer.usage, { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 })
  })

  it("takes its own answer back, with the result of the tool", async () => {
    await using at = await start(provider)
    const answer = await at.client.chat.completions.create({ model: at.model, ...request })
    const { message, call } = answered(answer)
    const { response } = await at.client.chat.completions
      .create({
        model: at.model,
        messages: [
          { role: "user", content: "And the weather?" },
          message,
          { role: "tool", tool_call_id: call.id, content: "rain" },
        ],
      })
      .withResponse()
    // What a model thought is not given back to it, and that is said.
    assert.strictEqual(response.headers.get("x-drawbar-dropped"), "messages[].reasoning_content")
    assert.include(at.platform.requests.at(-1)?.text, "rain")
  })

  it("streams the same", async () => {
    await using at = await start(provider)
    const runner = at.client.chat.completions.stream({
      model: at.model,
      ...request,
      stream_options: { include_usage: true },
    })
    let reasoning = ""
    runner.on("chunk", ({ choices: [choice] }) => {
      reasoning += String(Reflect.get(choice?.delta ?? {}, "reasoning_content") ?? "")
    })
    const answer = await runner.finalChatCompletion()
    const { message, finish, call } = answered(answer)
    assert.strictEqual(message.content, "Hello")
    assert.strictEqual(reasoning, "hm")
    assert.strictEqual(finish, "tool_calls")
    assert.deepEqual(JSON.parse(call.function.arguments), args)
    assert.deepInclude(answer.usage, { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 })
  })

  it("refuses by name what the provider has not", async () => {
    await using at = await start(provider)
    const refused = await at.client.chat.completions
      .create({ model: at.model, messages: [{ role: "user", content: "hi" }], logit_bias: { "5": 1 } })
      .catch((error: unknown) => error)
    assert.instanceOf(refused, BadRequestError)
    assert.strictEqual(refused.param, "logit_bias")
    assert.strictEqual(at.platform.requests.length, 0)
  })
})
