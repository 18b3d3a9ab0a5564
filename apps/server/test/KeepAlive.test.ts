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

const saysOneSecond: Habit = (socket, nonce) => {
  socket.write(answer(nonce, "keep-alive: timeout=1"))
  socket.setTimeout(1_000, () => socket.end())
}

/** No request is lost, although the connector configures no retries; and none is sent twice. */
const inOrder: Readonly<Record<string, Habit>> = {
  "closes after nine responses with connection: close": (socket, nonce, n) =>
    n === 9 ? void socket.end(answer(nonce, "connection: close")) : void socket.write(answer(nonce)),
  "closes what is idle for a second, and says so": saysOneSecond,
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
/** Pauses that are longer find all connections closed. No timer closes them: on a busy machine that would race with a request. */
const idleMs = 300

const habits = [
  ...Object.entries(inOrder).map(([name, habit]) => ({ name, habit, retries: 0, closedAfterMs: Infinity })),
  {
    name: `closes what is idle for ${idleMs} ms, and is asked later than that`,
    habit: (socket: Socket, nonce: string) => void socket.write(answer(nonce)),
    retries: 0,
    closedAfterMs: idleMs,
  },
  ...Object.entries(withoutAWord).map(([name, habit]) => ({ name, habit, retries: 5, closedAfterMs: Infinity })),
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
  /** Resolves when both sides have closed all connections. */
  const closeIdle = () =>
    Promise.all(
      [...sockets]
        .filter((socket) => !socket.destroyed)
        .map((socket) => {
          const closed = once(socket, "close")
          socket.end()
          return closed
        }),
    )
  return { port: (server.address() as AddressInfo).port, asked: requested, close, closeIdle }
}

describe("a platform that", () => {
  it.concurrent.each(habits)("$name loses no predict", async ({ habit, retries, closedAfterMs }) => {
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
      if (pause > closedAfterMs) await upstream.closeIdle()
      await predict(`after ${pause}`)
    }
    if (retries === 0) assert.strictEqual(new Set(upstream.asked).size, upstream.asked.length)
    await server[Symbol.asyncDispose]()
    upstream.close()
  })
})
