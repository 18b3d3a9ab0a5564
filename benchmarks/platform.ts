/** The platform of the benchmark: one small completion, the same each time. */
import { createServer } from "node:http"

const answer = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: "Hello there." }, finish_reason: "stop" }],
  usage: { prompt_tokens: 20, completion_tokens: 3, total_tokens: 23 },
})
const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(answer) }

const server = createServer((request, response) => {
  request.resume().on("end", () => response.writeHead(200, headers).end(answer))
})
server.keepAliveTimeout = 60_000
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address())))
