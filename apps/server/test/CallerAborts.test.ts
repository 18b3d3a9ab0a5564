/**
 * Callers that disconnect in every phase: the upstream connection is closed, and no state is left. DRAWBAR_ABORTS sets
 * the number of rounds.
 */
import { createServer, type Socket, type AddressInfo, connect } from "node:net"
import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import * as Loopback from "./Loopback.ts"

const ml = "/_plugins/_ml"
const aborts = Number(process.env["DRAWBAR_ABORTS"] ?? 250)
const maxConnection = 8

/** The behaviour of the upstream before the caller disconnects. */
const phases: Readonly<Record<string, (socket: Socket) => void>> = {
  "before the response": () => {},
  "inside the head": (socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-ty"),
  "inside the body": (socket) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{"a":"'),
  "inside a stream": (socket) =>
    void socket.write(
      'HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\ndata: {"choices":[{"delta":{"content":"x"}}]}\n\n',
    ),
}
const well = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 7\r\n\r\n{"a":1}'

const platform = async () => {
  const open = new Map<string, Socket>()
  const sockets = new Set<Socket>()
  const arrived = new Map<string, () => void>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on("close", () => sockets.delete(socket))
    socket.on("error", () => {})
    let text = ""
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1")
      const [, phase = "", nonce = ""] = /\r\n\r\n\{"phase":"([^"]*)","nonce":"([^"]+)"/.exec(text) ?? []
      if (nonce === "") return
      text = ""
      if (phase === "") return void socket.write(well)
      open.set(nonce, socket)
      phases[phase]!(socket)
      arrived.get(nonce)?.()
    })
  })
  await new Promise<void>((resume) => server.listen(0, "127.0.0.1", resume))
  return {
    port: (server.address() as AddressInfo).port,
    sockets,
    /** The upstream's socket of that request, once it arrives. */
    of: async (nonce: string) => {
      if (!open.has(nonce)) await new Promise<void>((resume) => arrived.set(nonce, resume))
      return open.get(nonce)!
    },
    close: () => server.close(),
  }
}

const closed = (socket: Socket) =>
  socket.closed ? Promise.resolve() : new Promise<void>((resume) => void socket.once("close", () => resume()))

describe("a caller that disconnects", () => {
  it(`leaves no state, ${aborts} times in ${Object.keys(phases).length + 1} phases`, async () => {
    const slow = await platform()
    const server = await InProcess.listen({
      settings: Loopback.settings,
    })
    const { url } = server
    const id = await Loopback.register(url, slow.port, {
      path: "/v1/chat/completions",
      client_config: { max_connection: maxConnection, read_timeout: 600 },
      request_body: '{"phase":"${parameters.phase:-}","nonce":"${parameters.nonce}"}',
    })
    const path = `${ml}/models/${id}/_predict`
    const well_ = (nonce: string) => ask(url, undefined, "POST", path, { parameters: { nonce } })
    assert.strictEqual((await well_("first")).status, 200)

    const abort = async (phase: string, nonce: string) => {
      const going = new AbortController()
      const suffix = phase === "inside a stream" ? "/stream" : ""
      const requested = fetch(url + path + suffix, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ parameters: { phase, nonce } }),
        signal: going.signal,
      }).then(
        (response) => response.text().catch(() => ""),
        () => "",
      )
      const socket = await slow.of(nonce)
      await wait(Math.random() * 5)
      going.abort()
      await closed(socket)
      await requested
    }
    /** The caller disconnects within its own request. */
    const halfAsked = () =>
      new Promise<void>((resume) => {
        const { port, hostname } = new URL(url)
        const socket = connect(Number(port), hostname, () => {
          socket.write(
            `POST ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{"par`,
          )
          setTimeout(() => socket.destroy(), 3)
        })
        socket.on("error", () => {})
        socket.on("close", () => resume())
      })

    const names = Object.keys(phases)
    let left = aborts
    const worker = async (number: number) => {
      while (left-- > 0) {
        const phase = names[left % (names.length + 1)]
        await (phase === undefined ? halfAsked() : abort(phase, `${number}-${left}`))
      }
    }
    await Promise.all(Array.from({ length: maxConnection }, (_, number) => worker(number)))

    // All slots of the pool are free again.
    const after = await Promise.all(Array.from({ length: maxConnection * 2 }, (_, n) => well_(`after ${n}`)))
    assert.deepStrictEqual([...new Set(after.map(({ status }) => status))], [200])
    await server[Symbol.asyncDispose]()
    await wait(50)
    assert.strictEqual(slow.sockets.size, 0)
    slow.close()
  }, 120_000)
})
