/**
 * Each error class of docs/errors.md, caused on a real connection: its status, type and Retry-After, whether it is
 * retried, and whether it counts for the circuit breaker.
 */
import { EventEmitter, once } from "node:events"
import { createServer, connect, type AddressInfo, type Socket } from "node:net"
import * as LiveConnector from "@drawbar/connector-runtime/call/LiveConnector"
import * as ErrorClasses from "@drawbar/http-api/errors/ErrorClasses"
import { text } from "node:stream/consumers"
import { setTimeout as wait } from "node:timers/promises"
import { Effect, Exit, Scope } from "effect"
import { assert, describe, it } from "vitest"
import * as Server from "../src/Server.ts"
import type { StartOptions } from "../src/options/StartOptions.ts"
import { type Answered, ask, askPatiently } from "./AuthenticatedServer.ts"

const ml = "/_plugins/_ml"

interface World {
  readonly server: Running
  /** Calls the model of the case. */
  readonly predict: () => Promise<Answered>
  /** The next request that the upstream receives. */
  readonly arrival: () => Promise<unknown>
  readonly path: string
}

/** How a class is caused; by default the upstream never responds. */
interface Way {
  /** The upstream's reaction to a request. */
  readonly act?: (socket: Socket) => void
  /** The upstream's reaction to a connection. */
  readonly greet?: (socket: Socket) => void
  readonly isGone?: true
  readonly url?: (port: number) => string
  readonly config?: object
  readonly model?: object
  readonly server?: (port: number) => Partial<StartOptions>
  readonly query?: string
  readonly parameters?: object
  readonly isStream?: true
  /** Preparation before the predict that fails. */
  readonly before?: (world: World) => unknown
  /** Replaces the single plain predict. */
  readonly cause?: (world: World) => Promise<Answered>
}

const expectedText =
  (text: string | Buffer, ending: "keep" | "end" | "reset" = "keep"): Required<Way>["act"] =>
  (socket) => {
    socket.write(text, () => {
      if (ending === "end") socket.end()
      if (ending === "reset") setImmediate(() => socket.resetAndDestroy())
    })
  }
const head = (status: number, ...lines: ReadonlyArray<string>) =>
  ["HTTP/1.1 " + status + " Said", "content-type: application/json", ...lines, "", ""].join("\r\n")
const whole = (body: string, status = 200, ...lines: ReadonlyArray<string>) =>
  head(status, `content-length: ${Buffer.byteLength(body)}`, ...lines) + body
const events = (...data: ReadonlyArray<string>) =>
  `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n${data.map((one) => `data: ${one}\n\n`).join("")}`
const delta = '{"choices":[{"delta":{"content":"x"}}]}'
const well = whole('{"a":1}')

const settle = (url: string, settings: object) =>
  ask(url, undefined, "PUT", "/_cluster/settings", { persistent: settings })

/** Announces a body of that size, and sends one byte of it. */
const announce = (url: string, path: string, bytes: number) => {
  const { hostname, port, host } = new URL(url)
  const socket = connect(Number(port), hostname).on("error", () => {})
  const type = "content-type: application/json"
  socket.write(`POST ${path} HTTP/1.1\r\nhost: ${host}\r\n${type}\r\ncontent-length: ${bytes}\r\n\r\n{`)
  return socket
}

const limit = 100_000_000

/** Only for cases that must time out: a busy machine needs longer. */
const quick = { connection_timeout: 1, read_timeout: 1 }

const filled = Promise.withResolvers<void>()

const ways: Record<ErrorClasses.Name, Way> = {
  "missing parameter": { parameters: {} },
  "request too large": {
    cause: async ({ server, path }) => {
      const [head = "", body = ""] = (await text(announce(server.url, path, limit + 1))).split("\r\n\r\n")
      return { status: Number(head.split(" ")[1]), text: body, json: JSON.parse(body), headers: new Headers() }
    },
  },
  "rate limit": {
    act: expectedText(well),
    model: { rate_limiter: { limit: "1", unit: "HOURS" } },
    before: ({ predict }) => predict(),
  },
  overload: {
    act: expectedText(well),
    cause: async ({ server, path }) => {
      const waiting = Array.from({ length: 10 }, () => announce(server.url, path, limit))
      const predict = () => ask(server.url, undefined, "POST", path, { parameters: { q: "x" } })
      let refused = await predict()
      // The earlier ones must arrive first.
      while (refused.status === 200) refused = await predict()
      for (const socket of waiting) socket.destroy()
      return refused
    },
  },
  "no room for the response": {
    act: (socket) => void filled.promise.then(() => socket.write(whole(JSON.stringify("x".repeat(500_000))))),
    cause: async ({ server, path, predict }) => {
      const asked = predict()
      // Ten of each size leave less room than one of the size.
      const waiting: Array<Socket> = []
      for (const bytes of [limit, limit / 10, limit / 100, limit / 1_000])
        for (let n = 0; n < 10; n++) {
          const socket = announce(server.url, path, bytes)
          waiting.push(socket)
          await once(socket, "connect")
        }
      filled.resolve()
      const refused = await asked
      for (const socket of waiting) socket.destroy()
      return refused
    },
  },
  stop: {
    cause: async ({ server, predict }) => {
      const requested = predict()
      setTimeout(() => void server.close(), 300)
      return requested
    },
  },
  "timeout of the caller": { query: "?timeout=200ms" },
  "not trusted": {
    before: ({ server }) =>
      settle(server.url, {
        "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https://elsewhere\\.example/.*$"],
      }),
  },
  "private address": {
    before: ({ server }) => settle(server.url, { "plugins.ml_commons.connector.private_ip_enabled": false }),
  },
  // A label of this length is invalid, so DNS is not queried.
  "name not found": { url: (port) => `http://${"a".repeat(64)}.example:${port}/` },
  "connection refused": { isGone: true },
  "connection timeout": { config: quick, url: (port) => `https://127.0.0.1:${port}/` },
  TLS: { url: (port) => `https://127.0.0.1:${port}/`, greet: expectedText("HTTP/1.1 400 Bad Request\r\n\r\n", "end") },
  proxy: {
    url: () => "http://models.example:8080/",
    greet: expectedText("HTTP/1.1 403 Forbidden\r\n\r\n", "end"),
    server: (port) => ({ proxy: { host: "127.0.0.1", port, authorization: undefined, bypasses: () => false } }),
  },
  "pool full": {
    config: { max_connection: 1, read_timeout: 60 },
    before: async ({ predict, arrival }) => {
      const arrived = arrival()
      void predict().catch(() => {})
      await arrived
    },
  },
  "circuit open": {
    isGone: true,
    before: ({ predict }) => Promise.all(Array.from({ length: 20 }, () => predict())),
  },
  "headers timeout": { config: quick },
  "idle timeout": { config: quick, act: expectedText(`${head(200, "content-length: 500")}{"a"`) },
  deadline: {
    config: { ...quick, retry_timeout_seconds: 0 },
    act: (socket) => {
      socket.write(`${head(200, "content-length: 500000")}{"a"`)
      const drip = setInterval(() => socket.write("."), 20)
      socket.on("close", () => clearInterval(drip))
    },
  },
  "reset before the response": { act: (socket) => void socket.resetAndDestroy() },
  "reset in the response": { act: expectedText(`${head(200, "content-length: 500")}{"a"`, "reset") },
  "length mismatch": { act: expectedText(`${head(200, "content-length: 500")}{"a"`, "end") },
  "response too large": { act: expectedText(head(200, "content-length: 200000000")) },
  "headers too large": { act: expectedText(head(200, `x: ${"y".repeat(100_000)}`)) },
  "not HTTP": { act: expectedText("220 mail.example ESMTP\r\n") },
  encoding: { act: expectedText(whole("hello", 200, "content-encoding: gzip")) },
  charset: {
    act: expectedText(
      Buffer.concat([Buffer.from(head(200, "content-length: 5")), Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d])]),
    ),
  },
  "not JSON": { act: expectedText(whole('{"a":')) },
  "empty response": { act: expectedText(whole("")) },
  filter: { act: expectedText(well), parameters: { q: "x", response_filter: "$.b" } },
  redirect: { act: expectedText(whole("", 302, "location: http://127.0.0.1:1/")) },
  "provider's 4xx": { act: expectedText(whole("{}", 400)) },
  "provider's 401": { act: expectedText(whole("{}", 401)) },
  "provider's 429": { act: expectedText(whole("{}", 429, "retry-after-ms: 20")) },
  "provider's 500": { act: expectedText(whole("{}", 500)) },
  "provider's 503": { act: expectedText(whole("{}", 503, "retry-after-ms: 20")) },
  "provider's 529": { act: expectedText(whole("{}", 529)) },
  "stream cut short": { isStream: true, act: expectedText(events(delta), "end") },
  "stream not readable": { isStream: true, act: expectedText(events(delta, "nonsense"), "end") },
  "error in the stream": {
    isStream: true,
    act: expectedText(events(delta, '{"error":{"message":"overloaded"}}'), "end"),
  },
}

const platform = async ({ act = () => {}, greet, isGone }: Way) => {
  const sockets = new Set<Socket>()
  const arrivals = new EventEmitter()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket)).on("error", () => {})
    let text = ""
    if (greet !== undefined) return greet(socket)
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1")
      if (!/\r\n\r\n\{.*\}$/s.test(text)) return
      text = ""
      arrivals.emit("request")
      act(socket)
    })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const close = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  const { port } = server.address() as AddressInfo
  if (isGone === true) close()
  return { port, close, arrival: () => once(arrivals, "request") }
}

const start = async (options: Partial<StartOptions>) => {
  const scope = Effect.runSync(Scope.make())
  const lines: Array<string> = []
  const { url } = await Effect.runPromise(
    Server.listen({
      host: "127.0.0.1",
      port: 0,
      graceMillis: 100,
      accessLog: (line) => lines.push(line),
      settings: {
        "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://.*$"],
        "plugins.ml_commons.connector.private_ip_enabled": true,
      },
      ...options,
    }).pipe(
      Effect.provideService(LiveConnector.Bounds, { longestCallMs: 100, acquireTimeoutMs: 200 }),
      Scope.provide(scope),
    ),
  )
  const close = () => Effect.runPromise(Scope.close(scope, Exit.void))
  /** The log line of a request, once it is written. */
  const logged = async (holds: (line: any) => boolean): Promise<any> => {
    for (;;) {
      const found = lines.map((line) => JSON.parse(line)).find(holds)
      if (found !== undefined) return found
      await wait(5)
    }
  }
  return { url, close, logged }
}
type Platform = Awaited<ReturnType<typeof platform>>
type Running = Awaited<ReturnType<typeof start>>

/** The error in a stream's last event, in the form of a response. */
const lastOf = (answered: Answered): Answered => {
  if (answered.json !== undefined) return answered
  const last = JSON.parse(answered.text.trimEnd().split("\n\n").at(-1)!.slice("data: ".length))
  return { ...answered, status: last.status, json: { error: { reason: last.error } } }
}

const world = async (server: Running, way: Way, { port, arrival }: Platform, retries: number): Promise<World> => {
  const made = await ask(server.url, undefined, "POST", `${ml}/models/_register`, {
    name: "m",
    function_name: "remote",
    ...way.model,
    connector: {
      name: "c",
      version: 1,
      protocol: "http",
      client_config: {
        read_timeout: 20,
        connection_timeout: 20,
        max_retry_times: retries,
        retry_backoff_millis: 10,
        ...way.config,
      },
      parameters: { _llm_interface: "openai/v1/chat/completions" },
      actions: [
        {
          action_type: "predict",
          method: "POST",
          url: way.url?.(port) ?? `http://127.0.0.1:${port}/`,
          request_body: '{"q":"${parameters.q}"}',
        },
      ],
    },
  })
  assert.strictEqual(made.status, 200, made.text)
  const path = `${ml}/models/${made.json.model_id}/_predict${way.isStream === true ? "/stream" : ""}${way.query ?? ""}`
  const predict = async () =>
    lastOf(await askPatiently(server.url, undefined, "POST", path, { parameters: way.parameters ?? { q: "x" } }))
  return { server, path, predict, arrival }
}

describe("a failing predict", () => {
  it.concurrent.each(ErrorClasses.all)("reports $name as docs/errors.md describes", async (expected) => {
    const way = ways[expected.name]
    const upstream = await platform(way)
    const server = await start(way.server?.(upstream.port) ?? {})
    try {
      const [retrying, many] = [await world(server, way, upstream, 1), await world(server, way, upstream, 0)]
      await way.before?.(retrying)
      const answer = await (way.cause ?? retrying.predict)(retrying)
      const { status, type, retryAfter } = expected
      assert.strictEqual(answer.status, status, answer.text)
      if (way.isStream !== true) assert.strictEqual(answer.json.error.type, type)
      assert.strictEqual(answer.headers.has("retry-after"), retryAfter !== undefined)
      assert.isAbove(answer.json.error.reason.length, 10)
      if (way.cause !== undefined) return
      const { attempts = 1 } = await server.logged(({ id }) => id === answer.headers.get("x-request-id"))
      assert.strictEqual(attempts, expected.isSentAgain ? 2 : 1)

      if (expected.name === "circuit open") return
      await way.before?.(many)
      const all = await Promise.all(Array.from({ length: 20 - attempts }, many.predict))
      assert.deepStrictEqual([...new Set(all.map((one) => one.status))], [status])
      const next = await many.predict()
      assert.strictEqual(next.json.error.reason.includes("did not respond to the last"), expected.isCounted, next.text)
    } finally {
      await server.close()
      upstream.close()
    }
  })

  it("is logged with status 499 if its caller disconnects", async () => {
    const upstream = await platform({})
    const server = await start({})
    const { path } = await world(server, {}, upstream, 0)
    const headers = { "content-type": "application/json" }
    const body = '{"parameters":{"q":"x"}}'
    const signal = AbortSignal.timeout(100)
    await fetch(server.url + path, { method: "POST", headers, body, signal }).catch(() => {})
    assert.strictEqual((await server.logged((line) => line.path === path)).status, 499)
    await server.close()
    upstream.close()
  })
})
