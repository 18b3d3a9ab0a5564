/** The same JSON work as a predict on bare `node:http` and undici: no template, no validation, no record. */
import { createServer } from "node:http"
import process from "node:process"
import { text } from "node:stream/consumers"
import { Pool } from "undici"

const pool = new Pool(process.argv[2] ?? "", { connections: 64 })

const outputOf = (found: unknown) => {
  const data: unknown = Object(found).data
  return Array.isArray(data)
    ? data.map(({ embedding }) => ({
        name: "sentence_embedding",
        data_type: "FLOAT32",
        shape: [embedding.length],
        data: embedding,
      }))
    : [{ name: "response", dataAsMap: found }]
}

const server = createServer(async (request, response) => {
  const { parameters } = JSON.parse(await text(request))
  const { statusCode, body } = await pool.request({
    method: "POST",
    path: request.url ?? "",
    headers: { "content-type": "application/json", authorization: "Bearer a-key" },
    body: JSON.stringify({ model: "a-model", ...parameters }),
  })
  const output = outputOf(await body.json())
  const answer = JSON.stringify({ inference_results: [{ output, status_code: statusCode }] })
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) })
  response.end(answer)
})
server.keepAliveTimeout = 60_000
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify(server.address())))
