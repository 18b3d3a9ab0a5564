/** What an operator sees of a predict: durations, tokens, trace. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import * as Answer from "@drawbar/stub-platform/Answer"
import { assert, describe, it } from "vitest"
import { blueprint } from "./Drawbar.ts"
import { Result } from "effect"
import * as OtlpSettings from "../src/telemetry/OtlpSettings.ts"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"

const ml = "/_plugins/_ml"
const usage = { prompt_tokens: 30, completion_tokens: 5 }
const handler = () => Answer.json({ embeddings: [[1]], usage })

const settings = (environment: Readonly<Record<string, string>>) => {
  const read = Result.getOrThrow(OtlpSettings.read(environment))
  assert.isDefined(read)
  return read
}

const model = async (server: AuthenticatedServer.Guarded<"admin">) => {
  const made = await server.as("admin", "POST", `${ml}/models/_register`, {
    name: "m",
    function_name: "remote",
    connector: blueprint,
  })
  return made.json.model_id
}

const predict = (
  server: AuthenticatedServer.Guarded<"admin">,
  id: string,
  headers: Readonly<Record<string, string>> = {},
) =>
  AuthenticatedServer.ask(
    server.url,
    server.keys.admin,
    "POST",
    `${ml}/models/${id}/_predict`,
    { parameters: { texts: ["a"] } },
    headers,
  )

describe("a predict", () => {
  it("reports upstream time and overhead to its caller, in the log and in the metrics", async () => {
    const lines: Array<string> = []
    await using server = await AuthenticatedServer.start(
      { admin: { roles: ["admin"] } },
      { handler, accessLog: (line) => void lines.push(line) },
    )
    const id = await model(server)
    const answer = await predict(server, id)
    assert.match(answer.headers.get("server-timing") ?? "", /^upstream;dur=\d+\.\d, drawbar;dur=\d+\.\d$/)
    const { text } = await server.as("admin", "GET", "/metrics")
    assert.include(text, `drawbar_predict_attempts_total{model="${id}"} 1`)
    assert.include(text, `drawbar_predict_tokens_total{model="${id}",type="input"} 30`)
    assert.include(text, `drawbar_predict_tokens_total{model="${id}",type="output"} 5`)
    assert.include(text, `drawbar_predict_upstream_duration_seconds_count{model="${id}"} 1`)
    assert.include(text, `drawbar_predict_own_duration_seconds_count{model="${id}"} 1`)
    const line = JSON.parse(lines.find((one) => one.includes("_predict")) ?? "{}")
    assert.isNumber(line.upstream_ms)
    assert.deepStrictEqual(line.tokens, [30, 5])
  })

  it("continues its caller's trace, passes it to the upstream, and sends it to the collector", async () => {
    const documents: Array<any> = []
    const collector = createServer((request, response) => {
      const pieces: Array<Buffer> = []
      request.on("data", (piece) => pieces.push(piece))
      request.on("end", () => {
        documents.push({ url: request.url, ...JSON.parse(Buffer.concat(pieces).toString()) })
        response.end("{}")
      })
    })
    await new Promise<void>((resume) => collector.listen(0, "127.0.0.1", resume))
    const { port } = collector.address() as AddressInfo
    const traceId = "4bf92f3577b34da6a3ce929d0e0e4736"
    {
      await using server = await AuthenticatedServer.start(
        { admin: { roles: ["admin"] } },
        {
          handler,
          otlp: settings({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_TRACES_SAMPLER_ARG: "0" }),
        },
      )
      const id = await model(server)
      await predict(server, id, { traceparent: `00-${traceId}-00f067aa0ba902b7-01` })
      await predict(server, id, { traceparent: `00-${traceId}-00f067aa0ba902b7-00` })
      await predict(server, id)
      const sent = server.platform.requests.map(
        ({ headers }) => headers.find(([name]) => name.toLowerCase() === "traceparent")?.[1],
      )
      assert.match(sent[0] ?? "", new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
      assert.deepStrictEqual(sent.slice(1), [undefined, undefined])
    }
    collector.close()
    const spans = documents.flatMap((document) => document.resourceSpans?.[0].scopeSpans[0].spans ?? [])
    assert.deepStrictEqual(
      spans.map(({ traceId: id, kind }: any) => [id, kind]),
      [
        [traceId, 2],
        [traceId, 3],
      ],
    )
    const [own, call] = spans
    assert.strictEqual(own.parentSpanId, "00f067aa0ba902b7")
    assert.strictEqual(call.parentSpanId, own.spanId)
    assert.isTrue(BigInt(call.startTimeUnixNano) >= BigInt(own.startTimeUnixNano))
    assert.isTrue(BigInt(call.endTimeUnixNano) <= BigInt(own.endTimeUnixNano))
    assert.deepInclude(call.attributes, { key: "gen_ai.usage.input_tokens", value: { intValue: 30 } })
    assert.notInclude(JSON.stringify(documents), "sk-")
  })
})
