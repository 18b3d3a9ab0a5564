/** Callers that disconnect, in six phases. */
import { connect, type Socket } from "node:net"
import { setTimeout as wait } from "node:timers/promises"
import * as Load from "../Load.ts"
import type { Scenario } from "./Scenario.ts"
import * as Stage from "./Stage.ts"

const count = 2_000
const connections = 8

/** The upstream's reaction to a request that is then aborted. */
const acts: Readonly<Record<string, string>> = {
  silent: "",
  head: "HTTP/1.1 200 OK\r\ncontent-ty",
  body: `${Stage.head(200, { "content-length": 900 })}{"a":"`,
  stream: `${Stage.head(200, { "content-type": "text/event-stream", connection: "close" })}data: {"choices":[{"delta":{"content":"x"}}]}\n\n`,
}
const phases = [...Object.keys(acts), "request", "queue"]

const bodyOf = (way: string, nonce: string) => JSON.stringify({ parameters: { way, nonce } })

export const scenario: Scenario = {
  description: `${count} callers disconnect: in their request, in the queue, and before the response, in its head, its body, its stream`,
  run: async () => {
    const arrived = new Map<string, (socket: Socket) => void>()
    const platform = await Stage.platform((socket, body) => {
      const { way, nonce } = JSON.parse(body)
      if (way === "") return void socket.write(Stage.whole('{"a":1}'))
      socket.write(acts[way] ?? "")
      arrived.get(nonce)?.(socket)
      arrived.delete(nonce)
    })
    await using stage = await Stage.start()
    const model = await stage.model(platform.port, { max_connection: connections, read_timeout: 600 })
    const full = await stage.model(platform.port, { max_connection: 1, read_timeout: 600 })
    const { hostname, port } = new URL(stage.program.origin)
    const caller = (path: string, body: string, length = Buffer.byteLength(body)) => {
      const socket = connect({ port: Number(port), host: hostname, noDelay: true }).on("error", () => {})
      socket.write(
        `POST ${path} HTTP/1.1\r\nhost: ${hostname}:${port}\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n${body}`,
      )
      return socket
    }
    const millis: Array<number> = []
    const abort = async (phase: string, nonce: string) => {
      if (phase === "request" || phase === "queue") {
        const { path } = phase === "queue" ? full : model
        const body = bodyOf("silent", nonce)
        const socket = caller(path, body, phase === "queue" ? undefined : 500)
        await wait(3 + Math.random() * 5)
        return void socket.destroy()
      }
      const found = new Promise<Socket>((resolve) => arrived.set(nonce, resolve))
      const socket = caller(model.path + (phase === "stream" ? "/stream" : ""), bodyOf(phase, nonce))
      const upstream = await found
      await wait(Math.random() * 5)
      const closed = new Promise((resolve) => upstream.once("close", resolve))
      const began = performance.now()
      socket.destroy()
      await closed
      millis.push(performance.now() - began)
    }

    await model.predict({})
    const blocking = caller(full.path, bodyOf("silent", "blocks"))
    await wait(1_000)
    const [descriptors, timers] = [stage.descriptors(), await stage.timers()]
    let left = count
    await Stage.loop(
      connections,
      () => left-- > 0,
      (n) => abort(phases[n % phases.length] ?? "silent", `n${n}`),
    )
    const after = await Promise.all(Array.from({ length: connections * 2 }, () => model.predict({})))
    // Idle connections close by themselves.
    await wait(7_000)
    const leaked = [stage.descriptors() - descriptors, (await stage.timers()) - timers] as const
    blocking.destroy()
    platform.close()
    const sorted = millis.toSorted((a, b) => a - b)
    return [
      { what: "upstream connection closed, p50", value: Load.percentile(sorted, 0.5), unit: "ms" },
      { what: "upstream connection closed, p99", value: Load.percentile(sorted, 0.99), unit: "ms", atMost: 100 },
      { what: "upstream connection closed, last", value: sorted.at(-1) ?? Number.NaN, unit: "ms" },
      {
        what: "predicts that succeeded afterwards",
        value: after.filter(({ status }) => status === 200).length,
        unit: "",
        atLeast: connections * 2,
      },
      { what: "leaked descriptors", value: leaked[0], unit: "", atMost: 0 },
      { what: "leaked timers", value: leaked[1], unit: "", atMost: 0 },
    ]
  },
}
