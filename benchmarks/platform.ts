/**
 * The upstream of the benchmark: one small completion, always the same, or a message of Anthropic; `/d20/…` waits 20 ms, `"stream":true`
 * gets 64 deltas, and `/v1/embeddings` 256 vectors of 1,024 floats.
 */
import type { ServerResponse } from "node:http"
import process from "node:process"
import { text } from "node:stream/consumers"
import { listen } from "./Listen.ts"

const answer = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1_764_288_000,
  model: "a-model",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello there." }, finish_reason: "stop" }],
  usage: { prompt_tokens: 20, completion_tokens: 3, total_tokens: 23 },
})
const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(answer) }

const vector = Array.from({ length: 1_024 }, (_, i) => Math.sin(i))
const data = Array.from({ length: 256 }, (_, index) => ({ object: "embedding", index, embedding: vector }))
const embeddings = JSON.stringify({ object: "list", data, usage: { prompt_tokens: 256, total_tokens: 256 } })

const deltas = 64
const delta = `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "word " } }] })}\n\n`
const last = `data: ${JSON.stringify({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] })}\n\ndata: [DONE]\n\n`

const message = JSON.stringify({
  id: "msg_1",
  type: "message",
  role: "assistant",
  model: "a-model",
  content: [{ type: "text", text: "Hello there." }],
  stop_reason: "end_turn",
  stop_sequence: null,
  usage: { input_tokens: 20, output_tokens: 3 },
})

const event = (data: { readonly type: string }) => `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`
const wordOf = { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "word " } }
const anthropic = {
  first: [
    { type: "message_start", message: { id: "msg_1", usage: { input_tokens: 20, output_tokens: 1 } } },
    { type: "content_block_start", index: 0, content_block: { type: "text", text: "" } },
  ]
    .map(event)
    .join(""),
  delta: event(wordOf),
  last: [
    { type: "content_block_stop", index: 0 },
    { type: "message_delta", delta: { stop_reason: "end_turn" }, usage: { output_tokens: 64 } },
    { type: "message_stop" },
  ]
    .map(event)
    .join(""),
}
const openAi = { first: "", delta, last }

const stream = (response: ServerResponse, pause: number, { first, delta, last }: typeof openAi) => {
  response.writeHead(200, { "content-type": "text/event-stream" })
  if (first !== "") response.write(first)
  let left = deltas
  const next = () => {
    if (response.destroyed) return
    if (left-- === 0) return void response.end(last)
    response.write(delta)
    if (pause === 0) setImmediate(next)
    else setTimeout(next, pause)
  }
  next()
}

await listen(process.argv.slice(2), async (request, response) => {
  const body = await text(request)
  const isAnthropic = request.url?.endsWith("/messages") === true
  const delay = Number(/^\/d(\d+)\//.exec(request.url ?? "")?.[1] ?? 0)
  if (/"stream":\s*true/.test(body)) return stream(response, delay, isAnthropic ? anthropic : openAi)
  const end = () =>
    request.url?.endsWith("/embeddings") === true
      ? response.writeHead(200, { "content-type": "application/json" }).end(embeddings)
      : isAnthropic
        ? response.writeHead(200, { "content-type": "application/json" }).end(message)
        : response.writeHead(200, headers).end(answer)
  if (delay === 0) end()
  else setTimeout(end, delay)
})
