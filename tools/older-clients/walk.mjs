/** Walks OpenAI's client against CHAT_URL and EMBED_URL, and prints its version and Node's. */
import assert from "node:assert/strict"
import { readFile } from "node:fs/promises"
import process from "node:process"
import OpenAI, { APIError, APIUserAbortError, BadRequestError, NotFoundError } from "openai"

const { CHAT_URL, CHAT_MODEL: model, EMBED_URL, EMBED_MODEL } = process.env
const client = new OpenAI({ baseURL: CHAT_URL, apiKey: "unused", maxRetries: 2 })
const embedder = new OpenAI({ baseURL: EMBED_URL, apiKey: "unused" })
const question = { role: "user", content: "The weather?" }
const parameters = { type: "object", properties: { city: { type: "string" } } }
const tools = [{ type: "function", function: { name: "weather", description: "now", parameters } }]
const failing = (call) =>
  call.then(
    () => assert.fail("no error"),
    (error) => error,
  )

const { data, response } = await client.chat.completions.create({ model, messages: [question], tools }).withResponse()
const [{ message, finish_reason }] = data.choices
assert.equal(message.content, "Hello")
assert.equal(finish_reason, "tool_calls")
assert.equal(data.usage.total_tokens, 17)
assert.equal(response.headers.get("x-drawbar-attempts"), "1")
const [call] = message.tool_calls
assert.deepEqual(JSON.parse(call.function.arguments), { city: "Köln" })
await client.chat.completions.create({
  model,
  messages: [question, message, { role: "tool", tool_call_id: call.id, content: "rain" }],
})

const asked = { model, messages: [question], tools, stream_options: { include_usage: true } }
const whole = await client.chat.completions.stream(asked).finalChatCompletion()
assert.equal(whole.choices[0].message.content, "Hello")
assert.equal(whole.choices[0].message.tool_calls[0].function.arguments, '{"city":"Köln"}')
let last
for await (const chunk of await client.chat.completions.create({ ...asked, stream: true })) last = chunk
assert.deepEqual(last.choices, [])
assert.equal(last.usage.total_tokens, 17)

const stream = await client.chat.completions.create({ ...asked, stream: true })
const aborted = await failing(
  (async () => {
    for await (const _ of stream) stream.controller.abort()
    throw new APIUserAbortError()
  })(),
)
assert.ok(aborted instanceof APIUserAbortError)

const refused = await failing(client.chat.completions.create({ model, messages: [question], logit_bias: { 5: 1 } }))
assert.ok(refused instanceof BadRequestError)
assert.equal(refused.param, "logit_bias")
const unknown = await failing(client.chat.completions.create({ model: "unheard-of", messages: [question] }))
assert.ok(unknown instanceof NotFoundError && unknown instanceof APIError)
assert.equal(unknown.code, "model_not_found")

const input = ["one", "two"]
const packed = await embedder.embeddings.create({ model: EMBED_MODEL, input })
const floats = await embedder.embeddings.create({ model: EMBED_MODEL, input, encoding_format: "float" })
for (const [i, { embedding }] of floats.data.entries())
  assert.deepEqual([...packed.data[i].embedding], [...Float32Array.from(embedding)])

const listed = await client.models.list()
assert.equal(listed.data[0].name, model)
const { version } = JSON.parse(await readFile(new URL("node_modules/openai/package.json", import.meta.url), "utf8"))
process.stdout.write(`openai ${version} on Node ${process.version}\n`)
