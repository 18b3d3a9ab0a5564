/** Upstreams that close idle connections, announced or not: no predict is lost. */
import { createServer, type Socket, type AddressInfo } from "node:net"
import { once } from "node:events"
import { setTimeout as wait } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import { askPatiently } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import * as Loopback from "./Loopback.ts"

const ml = "/_plugins/_ml"

const answer = (nonce: string, ...lines: ReadonlyArray<string>) => {
  const body = JSON.stringify({ nonce })
  return [
    "HTTP/1.1 200 OK",
    "content-type: application/json",
    `content-length: ${body.length}`,
    ...lines,
    "",
    body,
  ].join("\r\n")
}

/** The behaviour of a connection for its `n`th request, counted from 1. */
type Habit = (socket: Socket, nonce: string, n: number) => void

const closesIdle =
  (millis: number, ...lines: ReadonlyArray<string>): Habit =>
  (socket, nonce) => {
    socket.write(answer(nonce, ...lines))
    socket.setTimeout(millis, () => socket.end())
  }

/** No request is lost, although the connector configures no retries; and none is sent twice. */
const inOrder: Readonly<Record<string, Habit>> = {
  "closes after nine responses with connection: close": (socket, nonce, n) =>
    n === 9 ? void socket.end(answer(nonce, "connection: close")) : void socket.write(answer(nonce)),
  "announces a keep-alive timeout of one second": closesIdle(1_000, "keep-alive: timeout=1"),
  "closes connections that are idle for 300 ms": closesIdle(300),
}

/**
 * A request may be written to a connection that these have already closed: it is retried if the connector configures
 * retries.
 */
const withoutAWord: Readonly<Record<string, Habit>> = {
  "closes after nine responses without announcing it": (socket, nonce, n) =>
    n === 9 ? void socket.end(answer(nonce)) : void socket.write(answer(nonce)),
  "resets after nine responses": (socket, nonce, n) =>
    void socket.write(answer(nonce), () => (n === 9 ? socket.resetAndDestroy() : undefined)),
}
const habits = [
  ...Object.entries(inOrder).map(([name, habit]) => ({ name, habit, retries: 0 })),
  ...Object.entries(withoutAWord).map(([name, habit]) => ({ name, habit, retries: 5 })),
]

const platform = async (habit: Habit) => {
  const requested: Array<string> = []
  const sockets = new Set<Socket>()
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket)
    let [text, n] = ["", 0]
    socket
      .on("error", () => {})
      .on("data", (bytes) => {
        text += bytes.toString("latin1")
        const nonce = /\r\n\r\n\{"nonce":"([^"]+)"\}/.exec(text)?.[1]
        if (nonce === undefined) return
        text = ""
        requested.push(nonce)
        habit(socket, nonce, ++n)
      })
  })
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const close = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  return { port: (server.address() as AddressInfo).port, asked: requested, close }
}

describe("an upstream that", () => {
  it.concurrent.each(habits)("$name loses no predict", async ({ habit, retries }) => {
    const upstream = await platform(habit)
    const server = await InProcess.listen({
      settings: Loopback.settings,
    })
    const { url } = server
    const id = await Loopback.register(url, upstream.port, {
      client_config: { max_connection: 4, read_timeout: 5, max_retry_times: retries, retry_backoff_millis: 1 },
      request_body: '{"nonce":"${parameters.nonce}"}',
    })
    const predict = async (nonce: string) => {
      const { status, text } = await askPatiently(url, undefined, "POST", `${ml}/models/${id}/_predict`, {
        parameters: { nonce },
      })
      assert.strictEqual(status, 200, `${nonce}: ${text}`)
      assert.include(text, nonce)
    }
    for (let n = 0; n < 20; n++) await predict(`one after the other ${n}`)
    for (let round = 0; round < 4; round++)
      await Promise.all(Array.from({ length: 16 }, (_one, n) => predict(`at once ${round} ${n}`)))
    for (const pause of [80, 400, 1_100]) {
      await wait(pause)
      await predict(`after ${pause}`)
    }
    if (retries === 0) assert.strictEqual(new Set(upstream.asked).size, upstream.asked.length)
    await server[Symbol.asyncDispose]()
    upstream.close()
  })
})
