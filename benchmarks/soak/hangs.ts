/** Upstreams that stall in every place, and callers with a short timeout: how much longer than that they wait. */
import * as Load from "../Load.ts"
import type { Scenario } from "./Scenario.ts"
import * as Stage from "./Stage.ts"

const count = 2_000
const timeout = 500
const streaming = { "content-type": "text/event-stream", connection: "close" }
const event = 'data: {"choices":[{"delta":{"content":"x"}}]}\n\n'

const drip =
  (first: string, drop: string): Stage.Act =>
  (socket) => {
    socket.write(first)
    const timer = setInterval(() => socket.write(drop), 20)
    socket.on("close", () => clearInterval(timer))
  }

const behaviours: Readonly<Record<string, Stage.Act>> = {
  silent: () => {},
  "in the head": (socket) => void socket.write("HTTP/1.1 200 OK\r\ncontent-ty"),
  "in the body": (socket) => void socket.write(`${Stage.head(200, { "content-length": 900 })}{"a"`),
  "drips its head": drip("HTTP/1.1 200 OK\r\nx: ", "y"),
  "drips its body": drip(Stage.head(200, { "content-length": 900_000 }), " "),
  "in its stream": (socket) => void socket.write(Stage.head(200, streaming) + event),
  "streams for ever": drip(Stage.head(200, streaming), event),
  "is busy": (socket) => void socket.write(Stage.whole("{}", 503, { "retry-after-ms": 100 })),
}
const names = Object.keys(behaviours)

export const scenario: Scenario = {
  description: `${count} calls with a timeout of ${timeout} ms, 48 at once for 40 connections, to an upstream that hangs in ${names.length} ways`,
  run: async () => {
    const platform = await Stage.platform((socket, body) => behaviours[JSON.parse(body).way]?.(socket, body))
    await using stage = await Stage.start()
    const model = await stage.model(platform.port, { max_connection: 40, max_retry_times: -1, read_timeout: 60 })
    const delays: Array<number> = []
    let left = count
    let wrong = 0
    await Stage.loop(
      48,
      () => left-- > 0,
      async (n) => {
        const way = names[n % names.length] ?? ""
        const path = way.includes("stream") ? "/stream" : ""
        const { status, text, millis } = await model.predict({ way }, `${path}?timeout=${timeout}ms`)
        delays.push(millis - timeout)
        if (status !== 504 && status !== 503 && !text.includes('"status":504')) wrong += 1
      },
    )
    platform.close()
    const sorted = delays.toSorted((a, b) => a - b)
    return [
      { what: "after the deadline, p50", value: Load.percentile(sorted, 0.5), unit: "ms" },
      { what: "after the deadline, p99", value: Load.percentile(sorted, 0.99), unit: "ms" },
      { what: "after the deadline, maximum", value: sorted.at(-1) ?? Number.NaN, unit: "ms", atMost: 250 },
      { what: "unexpected responses", value: wrong, unit: "", atMost: 0 },
    ]
  },
}
