/**
 * Long-term behaviour in minutes: predicts and streams of which one in twenty fails. Memory and descriptors must not
 * grow.
 */
import * as Program from "../Program.ts"
import type { Scenario } from "./Scenario.ts"
import * as Stage from "./Stage.ts"

const delta = 'data: {"choices":[{"delta":{"content":"some words "}}]}\n\n'
const last = 'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
const streaming = { "content-type": "text/event-stream", connection: "close" }

const behaviours: Readonly<Record<string, Stage.Act>> = {
  well: (socket, body) => void socket.write(Stage.whole(JSON.stringify({ body, filler: "word ".repeat(400) }))),
  stream: (socket) => void socket.end(Stage.head(200, streaming) + delta.repeat(64) + last),
}
const faults: Readonly<Record<string, Stage.Act>> = {
  reset: (socket) => void socket.resetAndDestroy(),
  cut: (socket) => void socket.end(`${Stage.head(200, { "content-length": 900 })}{"a"`),
  busy: (socket) => void socket.write(Stage.whole("{}", 503)),
  nonsense: (socket) => void socket.write(Stage.whole('{"a":')),
  silent: () => {},
  "cut stream": (socket) => void socket.end(Stage.head(200, streaming) + delta),
}
const names = Object.keys(faults)

/** The slope of the least-squares line, per step. https://en.wikipedia.org/wiki/Simple_linear_regression */
const slope = (values: ReadonlyArray<number>): number => {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  const along = values.reduce((sum, value, x) => sum + (x - middle) * (value - mean), 0)
  return along / values.reduce((sum, _value, x) => sum + (x - middle) ** 2, 0)
}

export const scenario: Scenario = {
  description: "16 callers of predicts and streams, of which 5 % fail",
  run: async ({ minutes }) => {
    const platform = await Stage.platform((socket, body) => {
      const { way } = JSON.parse(body)
      ;(behaviours[way] ?? faults[way])?.(socket, body)
    })
    await using stage = await Stage.start()
    const model = await stage.model(platform.port, { read_timeout: 1, max_connection: 32 })
    const seen: Array<readonly [memory: number, descriptors: number]> = []
    const statuses = new Map<number, number>()
    const look = setInterval(() => seen.push([Program.memory(stage.program), stage.descriptors()]), 1_000)
    await Stage.loop(16, Stage.forSeconds(minutes * 60), async (n) => {
      const isStream = n % 3 === 0
      const way = n % 20 === 7 ? (names[Math.floor(n / 20) % names.length] ?? "") : isStream ? "stream" : "well"
      const { status } = await model.predict({ way, nonce: `n${n}` }, isStream ? "/stream" : "")
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    })
    clearInterval(look)
    platform.close()
    // V8 needs time to settle on its heap size.
    const steady = seen.slice(Math.floor(seen.length / 2))
    const memories = steady.map(([memory]) => memory)
    const descriptors = steady.map(([, open]) => open)
    return [
      ...Array.from(statuses, ([status, count]) => ({ what: `status ${status}`, value: count, unit: "" })),
      { what: "memory, first", value: memories[0] ?? Number.NaN, unit: "MB" },
      { what: "memory, last", value: memories.at(-1) ?? Number.NaN, unit: "MB" },
      { what: "memory, maximum", value: Math.max(...memories), unit: "MB" },
      { what: "memory, slope", value: slope(memories) * 60, unit: "MB per minute", atMost: 5 },
      { what: "descriptors, maximum", value: Math.max(...descriptors), unit: "" },
      { what: "descriptors, slope", value: slope(descriptors) * 60, unit: "per minute", atMost: 5 },
    ]
  },
}
