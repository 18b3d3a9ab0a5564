/** The same JSON work as a predict on bare `node:http` and undici: no template, no validation, no record. */
import { readFileSync } from "node:fs"
import process from "node:process"
import { pipeline } from "node:stream/promises"
import { text } from "node:stream/consumers"
import { Pool } from "undici"
import { listen } from "./Listen.ts"

const [upstream = "", caFile = "", ...served] = process.argv.slice(2)
const pool = new Pool(upstream, { connections: 128, connect: { ca: readFileSync(caFile) } })

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

await listen(served, async (request, response) => {
  const { parameters } = JSON.parse(await text(request))
  const { statusCode, body } = await pool.request({
    method: "POST",
    path: request.url ?? "",
    headers: { "content-type": "application/json", authorization: "Bearer a-key" },
    body: JSON.stringify({ model: "a-model", ...parameters }),
  })
  if (parameters.stream === true) {
    response.writeHead(200, { "content-type": "text/event-stream" })
    return void (await pipeline(body, response))
  }
  const output = outputOf(await body.json())
  const answer = JSON.stringify({ inference_results: [{ output, status_code: statusCode }] })
  response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(answer) })
  response.end(answer)
})
