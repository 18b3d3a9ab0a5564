/** Telemetry: the table in docs/operating.md, Prometheus output, and what a collector receives. */
import { readFile } from "node:fs/promises"
import { createServer, request } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import * as Answer from "@drawbar/stub-platform/Answer"
import { Result } from "effect"
import { assert, describe, it } from "vitest"
import * as OtlpSettings from "../src/telemetry/OtlpSettings.ts"
import type { StartOptions } from "../src/options/StartOptions.ts"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"

const ml = "/_plugins/_ml"
const planted = "planted-in-a-prompt"

const delta = (content: string) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`

const handler: Answer.Handler = ({ text }) => {
  if (text.includes("hang")) return Answer.half(Answer.json({ content: "a".repeat(100_000) }), "hang")
  if (text.includes("refuse")) return Answer.json({ error: planted }, 429)
  if (text.includes('"stream":true'))
    return Answer.stream("text/event-stream", [delta("a"), delta("b"), "data: [DONE]\n\n"])
  return Answer.json({
    model: "gpt-4o-mini-2024-07-18",
    choices: [{ message: { content: planted } }],
    usage: { prompt_tokens: 30, completion_tokens: 5 },
  })
}

interface Measured extends AsyncDisposable {
  readonly url: string
  readonly model: string
  readonly platform: StubPlatform.StubPlatform
  readonly lines: ReadonlyArray<any>
  readonly predict: (
    message: string,
    headers?: Readonly<Record<string, string>>,
    way?: string,
  ) => ReturnType<typeof ask>
}

const start = async (environment: Readonly<Record<string, string>> = {}): Promise<Measured> => {
  const platform = await StubPlatform.start({ handler, tls: ["api.openai.com"] })
  const otlp = Result.getOrThrow(OtlpSettings.read(environment))
  const lines: Array<any> = []
  const options: StartOptions = {
    host: "127.0.0.1",
    port: 0,
    connectTo: { "api.openai.com:443": `127.0.0.1:${platform.port}` },
    certificateAuthorities: [platform.ca],
    accessLog: (line) => void lines.push(JSON.parse(line)),
    ...(otlp === undefined ? {} : { otlp }),
  }
  const server = await InProcess.listen(options)
  const { url } = server
  const made = await ask(url, undefined, "POST", `${ml}/models/_register`, {
    name: "m",
    function_name: "remote",
    connector: {
      name: "c",
      version: 1,
      protocol: "http",
      parameters: { model: "gpt-4o-mini" },
      credential: { key: "sk-planted" },
      client_config: { max_retry_times: 1, retry_backoff_millis: 1 },
      actions: [
        {
          action_type: "predict",
          method: "POST",
          url: "https://api.openai.com/v1/chat/completions",
          headers: { Authorization: "Bearer ${credential.key}" },
          request_body: '{"model":"${parameters.model}","messages":[{"role":"user","content":"${parameters.q}"}]}',
        },
      ],
    },
  })
  const model: string = made.json.model_id
  return {
    url,
    model,
    platform,
    lines,
    predict: (q, headers, way = "_predict") =>
      ask(url, undefined, "POST", `${ml}/models/${model}/${way}`, { parameters: { q } }, headers),
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]()
      await platform.close()
    },
  }
}

/** A collector, and what it received. */
const collect = async () => {
  const documents: Array<any> = []
  const server = createServer((request, response) => {
    const pieces: Array<Buffer> = []
    request.on("data", (piece) => pieces.push(piece))
    request.on("end", () => {
      const { url, headers } = request
      documents.push({ url, headers, ...JSON.parse(Buffer.concat(pieces).toString()) })
      response.end("{}")
    })
  })
  await new Promise<void>((resume) => server.listen(0, "127.0.0.1", resume))
  const { port } = server.address() as AddressInfo
  return {
    documents,
    endpoint: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resume) => void server.close(() => resume())),
  }
}

const attributesOf = ({ attributes }: any): Record<string, unknown> =>
  Object.fromEntries(attributes.map(({ key, value }: any) => [key, Object.values(value)[0]]))

const metrics = async (url: string) => (await ask(url, undefined, "GET", "/metrics")).text

const valueOf = (text: string, series: string): number => {
  const line = text.split("\n").find((one) => one.startsWith(`${series} `))
  assert.isDefined(line, `${series} in\n${text}`)
  return Number(line?.slice(series.length))
}

const held = async (url: string) => valueOf(await metrics(url), "drawbar_overload_held_bytes")

const until = async (holds: () => Promise<boolean>) => {
  while (!(await holds())) await setTimeout(5)
}

describe("the table of metrics", () => {
  it("lists all metrics with type and labels, and no others", async () => {
    await using collector = await collect()
    await using server = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint })
    await server.predict("hello")
    await server.predict("refuse")
    await server.predict("hello", {}, "_predict/stream")
    await ask(server.url, undefined, "PUT", `${ml}/models/${server.model}`, { routing: { weight: 1 } })
    await server.predict("hello")
    const reported = new Map<string, { type: string; labels: Set<string> }>()
    for (const line of (await metrics(server.url)).split("\n")) {
      const [, name, type] = /^# TYPE (\S+) (\S+)/.exec(line) ?? []
      if (name !== undefined && type !== undefined) reported.set(name, { type, labels: new Set() })
      const [, series = "", labels = ""] = /^(\w+)(?:\{(.*)\})? /.exec(line) ?? []
      const family = reported.get(series) ?? reported.get(series.replace(/_(?:bucket|sum|count)$/, ""))
      for (const [, label = ""] of labels.matchAll(/(\w+)="/g)) if (label !== "le") family?.labels.add(label)
    }
    const page = await readFile(join(import.meta.dirname, "../../../docs/operating.md"), "utf8")
    const rows = [...page.matchAll(/^\| `(\w+)` +\| (\w+) +\|([^|]*)\|/gm)].map(([, name, type, labels = ""]) => [
      name,
      type,
      [...labels.matchAll(/`(\w+)`/g)].map(([, label]) => label).toSorted(),
    ])
    assert.deepStrictEqual(
      rows.toSorted(),
      [...reported].map(([name, { type, labels }]) => [name, type, [...labels].toSorted()]).toSorted(),
    )
  })
})

describe("metrics", () => {
  it("follow a predict to its upstream and back, and a stream chunk by chunk", async () => {
    await using server = await start()
    await server.predict("hello")
    await server.predict("refuse")
    await server.predict("hello", {}, "_predict/stream")
    const text = await metrics(server.url)
    const of = (name: string, more = "") => valueOf(text, `${name}{model="${server.model}"${more}}`)
    assert.strictEqual(of("drawbar_predict_attempts_total"), 4)
    assert.strictEqual(of("drawbar_predict_retries_total"), 1)
    const bodies = server.platform.requests.map((request) => Buffer.byteLength(request.text))
    assert.strictEqual(
      of("drawbar_predict_sent_bytes_total"),
      bodies.reduce((sum, bytes) => sum + bytes),
    )
    assert.isAbove(of("drawbar_predict_received_bytes_total"), 200)
    assert.strictEqual(of("drawbar_stream_pieces_total"), 3)
    assert.strictEqual(of("drawbar_stream_first_piece_seconds_count"), 1)
    const stages = ["before", "wait", "head", "body", "after"]
    const sums = stages.map((stage) => of("drawbar_predict_stage_duration_seconds_sum", `,stage="${stage}"`))
    for (const sum of sums) assert.isAtLeast(sum, 0)
    assert.isAbove(sums[2] ?? 0, 0)
    assert.isAtMost(
      sums.reduce((sum, one) => sum + one),
      of("drawbar_predict_duration_seconds_sum") + 1e-9,
    )
    const origin = `origin="https://api.openai.com"`
    assert.strictEqual(of("drawbar_pool_connections_open", `,${origin}`), 1)
    assert.strictEqual(of("drawbar_pool_connections_busy", `,${origin}`), 0)
    assert.strictEqual(of("drawbar_pool_requests_waiting", `,${origin}`), 0)
    assert.strictEqual(valueOf(text, `drawbar_breaker_open{${origin}}`), 0)
    assert.strictEqual(valueOf(text, "drawbar_http_requests_in_flight"), 1)
    assert.strictEqual(valueOf(text, "drawbar_overload_held_bytes"), 0)
    assert.notInclude(text, planted)
  })

  it("are removed with a deleted model, and have no series for unknown ids", async () => {
    await using server = await start()
    await server.predict("hello")
    const path = (id: string) => `${ml}/models/${id}/_predict`
    await ask(server.url, undefined, "POST", path("made-up"), "no object")
    await ask(
      server.url,
      undefined,
      "POST",
      path("made-up"),
      { parameters: { q: "x" } },
      { "content-type": "text/plain" },
    )
    await ask(server.url, undefined, "POST", path("made-up"), { parameters: {} })
    const before = await metrics(server.url)
    assert.include(before, server.model)
    assert.notInclude(before, "made-up")
    await ask(server.url, undefined, "POST", `${ml}/models/${server.model}/_undeploy`)
    const { status, text } = await ask(server.url, undefined, "DELETE", `${ml}/models/${server.model}`)
    assert.strictEqual(status, 200, text)
    assert.notInclude(await metrics(server.url), server.model)
  })
})

describe("the memory load", () => {
  it("includes request bodies, announced or not, and upstream responses, until the predict ends", async () => {
    await using server = await start()
    const { hostname, port } = new URL(server.url)
    const path = `${ml}/models/${server.model}/_predict`
    const headers = { "content-type": "application/json" }
    const half = request({ hostname, port, method: "POST", path, headers }).on("error", () => {})
    half.write(`{"parameters":{"q":"${"x".repeat(200_000)}`)
    await until(async () => (await held(server.url)) >= 200_000)
    half.destroy()
    await until(async () => (await held(server.url)) === 0)
    const caller = new AbortController()
    const body = JSON.stringify({ parameters: { q: "hang" } })
    const hung = fetch(server.url + path, { method: "POST", headers, body, signal: caller.signal }).catch(() => {})
    await until(async () => (await held(server.url)) > 40_000)
    caller.abort()
    await hung
    await until(async () => (await held(server.url)) === 0)
  })
})

describe("the log", () => {
  it("contains the reason of a failed predict, its attempts and its trace", async () => {
    await using collector = await collect()
    await using server = await start({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint })
    await server.predict("refuse", { "x-request-id": "mine" })
    await server.predict("hello")
    const [refused, answered] = server.lines.filter(({ path }) => path.endsWith("_predict"))
    assert.deepInclude(refused, {
      id: "mine",
      status: 429,
      error: "UpstreamError",
      remote_status: 429,
      attempts: 2,
      model: server.model,
    })
    assert.match(refused.trace, /^[\da-f]{32}$/)
    assert.notProperty(answered, "error")
    assert.notInclude(JSON.stringify(server.lines), planted)
    assert.notInclude(JSON.stringify(server.lines), "sk-")
    assert.isFalse(
      server.platform.requests.some(({ headers }) => headers.some(([name]) => name.toLowerCase() === "x-request-id")),
    )
  })
})

describe("a stream", () => {
  it("reports the time to its first chunk in its headers", async () => {
    await using server = await start()
    const { headers } = await server.predict("hello", {}, "_predict/stream")
    assert.match(headers.get("server-timing") ?? "", /^upstream;dur=\d+\.\d, drawbar;dur=\d+\.\d$/)
  })
})

describe("a collector", () => {
  it("receives metrics and spans by OpenTelemetry's conventions, without prompts and responses", async () => {
    await using collector = await collect()
    const model = await (async () => {
      await using server = await start({
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_EXPORTER_OTLP_HEADERS: "api-key=a%20b",
        OTEL_RESOURCE_ATTRIBUTES: "deployment.environment.name=test",
        OTEL_SERVICE_NAME: "shop",
        OTEL_METRIC_EXPORT_INTERVAL: "3600000",
      })
      const traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
      await server.predict("hello", { traceparent, tracestate: "vendor=1" })
      await server.predict("refuse")
      await server.predict("hello", {}, "_predict/stream")
      const sent = server.platform.requests[0]?.headers.find(([name]) => name.toLowerCase() === "tracestate")
      assert.strictEqual(sent?.[1], "vendor=1")
      return server.model
    })()
    const of = (path: string) => collector.documents.filter(({ url }) => url === path)
    for (const { headers } of collector.documents) assert.strictEqual(headers["api-key"], "a b")

    const [metricsSent] = of("/v1/metrics").map(({ resourceMetrics: [one] }) => one)
    assert.deepInclude(attributesOf(metricsSent.resource), {
      "service.name": "shop",
      "deployment.environment.name": "test",
    })
    const metric = (name: string) => metricsSent.scopeMetrics[0].metrics.find((one: any) => one.name === name)
    const duration = metric("gen_ai.client.operation.duration")
    assert.strictEqual(duration.unit, "s")
    const common = {
      "drawbar.model_id": model,
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "openai",
      "gen_ai.request.model": "gpt-4o-mini",
      "server.address": "api.openai.com",
      "server.port": "443",
    }
    const points = duration.histogram.dataPoints.map((point: any) => [attributesOf(point)["error.type"], point.count])
    assert.deepStrictEqual(points, [
      [undefined, 2],
      ["429", 1],
    ])
    assert.deepInclude(attributesOf(duration.histogram.dataPoints[0]), common)
    assert.strictEqual(duration.histogram.dataPoints[0].explicitBounds[0], 0.01)
    const tokens = metric("gen_ai.client.token.usage")
    assert.strictEqual(tokens.unit, "{token}")
    assert.deepStrictEqual(tokens.histogram.dataPoints.map(({ sum }: any) => sum).toSorted(), [30, 5])
    assert.strictEqual(metric("gen_ai.client.operation.time_to_first_chunk").histogram.dataPoints[0].count, 1)
    assert.strictEqual(metric("drawbar_pool_connections_open").gauge.dataPoints[0].asDouble, 1)

    const spans = of("/v1/traces").flatMap(({ resourceSpans: [one] }) => one.scopeSpans[0].spans)
    const calls = spans.filter(({ kind }) => kind === 3)
    assert.deepStrictEqual(
      calls.map(({ name }) => name),
      Array(3).fill("chat gpt-4o-mini"),
    )
    const [answered, refused] = calls
    assert.strictEqual(answered.traceState, "vendor=1")
    assert.deepInclude(attributesOf(answered), {
      "gen_ai.provider.name": "openai",
      "gen_ai.response.model": "gpt-4o-mini-2024-07-18",
      "gen_ai.usage.input_tokens": 30,
      "http.response.status_code": 200,
    })
    assert.deepInclude(attributesOf(refused), { "error.type": "429", "http.request.resend_count": 1 })
    assert.strictEqual(refused.status.code, 2)
    assert.notInclude(JSON.stringify(collector.documents), planted)
    assert.notInclude(JSON.stringify(collector.documents), "sk-")
  })

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector" }, "OTEL_EXPORTER_OTLP_ENDPOINT collector must be a URL"],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "x" }, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT x must be a URL"],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, "OTEL_EXPORTER_OTLP_PROTOCOL grpc must be one of"],
    [{ OTEL_METRIC_EXPORT_INTERVAL: "1m" }, "OTEL_METRIC_EXPORT_INTERVAL 1m must be a number"],
    [{ OTEL_TRACES_SAMPLER: "sometimes" }, "OTEL_TRACES_SAMPLER sometimes must be one of"],
    [{ OTEL_TRACES_SAMPLER_ARG: "2" }, "OTEL_TRACES_SAMPLER_ARG must be a number"],
    [{ OTEL_RESOURCE_ATTRIBUTES: "a=%" }, "OTEL_RESOURCE_ATTRIBUTES has a %"],
  ])("is not used if a variable is invalid (%o)", (environment, sentence) => {
    const read = OtlpSettings.read({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318", ...environment })
    assert.isTrue(Result.isFailure(read))
    if (Result.isFailure(read)) assert.include(read.failure, sentence)
  })

  it.each<[object, object]>([
    [{ OTEL_SDK_DISABLED: "true" }, {}],
    [{ OTEL_TRACES_EXPORTER: "none" }, { metrics: "http://127.0.0.1:4318/v1/metrics" }],
    [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://127.0.0.1:1/t" },
      { traces: "http://127.0.0.1:1/t", metrics: "http://127.0.0.1:4318/v1/metrics" },
    ],
  ])("is where the variables say (%o)", (environment, urls) => {
    const read = Result.getOrThrow(
      OtlpSettings.read({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318/", ...environment }),
    )
    const found = { traces: read?.traces?.url, metrics: read?.metrics?.url }
    assert.deepStrictEqual(JSON.parse(JSON.stringify(found)), urls)
  })
})
