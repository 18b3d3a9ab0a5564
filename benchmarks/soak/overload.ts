/**
 * Ten times as many requests as the server can process: its goodput, how fast it rejects the rest, and how fast it
 * recovers.
 */
import { setTimeout as wait } from "node:timers/promises"
import * as Load from "../Load.ts"
import type { Scenario } from "./Scenario.ts"
import * as Stage from "./Stage.ts"

const seconds = 10

/** A few ms of processor time. */
const script =
  'int s = 0; for (int i = 0; i < 150000; ++i) { s += i % 7 } return \'{"name":"x","data_type":"INT32","shape":[1],"data":[\' + s + \']}\''

/** A later response does not count. */
const maxLatencyMs = 1_000

export const scenario: Scenario = {
  description: `predicts with an expensive script, first at the maximum rate, then at ten times that rate, ${seconds} s each`,
  run: async () => {
    const platform = await Stage.platform((socket) => void socket.write(Stage.whole('{"a":1}')))
    await using stage = await Stage.start()
    const model = await stage.model(platform.port, { max_connection: 1_000 }, { post_process_function: script })
    await Stage.loop(8, Stage.forSeconds(1), () => model.predict({}))
    let answered = 0
    const baseline: Array<number> = []
    await Stage.loop(8, Stage.forSeconds(seconds), async () => {
      const { millis } = await model.predict({})
      baseline.push(millis)
      answered += 1
    })
    const peak = answered / seconds

    await stage.warm()
    let good = 0
    const refused: Array<number> = []
    const pending = new Set<Promise<unknown>>()
    const began = performance.now()
    let failed = 0
    for (let sent = 0; performance.now() < began + seconds * 1_000; await wait(5)) {
      const due = Math.floor(((performance.now() - began) / 1_000) * peak * 10)
      for (; sent < due; sent++) {
        const call = model
          .predict({})
          .then(({ status, millis }) => {
            if (status !== 200) refused.push(millis)
            else if (millis <= maxLatencyMs) good += 1
          })
          .catch(() => (failed += 1))
          .finally(() => pending.delete(call))
        pending.add(call)
      }
    }
    const over = performance.now()
    const calm =
      Load.percentile(
        baseline.toSorted((a, b) => a - b),
        0.99,
      ) * 2
    let recovered = Number.NaN
    while (performance.now() < over + 20_000 && Number.isNaN(recovered)) {
      const { status, millis } = await model.predict({})
      if (status === 200 && millis <= calm) recovered = performance.now() - over
    }
    await Promise.all(pending)
    platform.close()
    const sorted = refused.toSorted((a, b) => a - b)
    return [
      { what: "responses per second at the maximum rate", value: peak, unit: "/s" },
      {
        what: `responses per second within ${maxLatencyMs} ms, at ten times that rate`,
        value: good / seconds,
        unit: "/s",
      },
      { what: "ratio", value: good / seconds / peak, unit: "", atLeast: 0.9 },
      { what: "refused", value: refused.length, unit: "" },
      { what: "failed", value: failed, unit: "", atMost: 0 },
      { what: "rejected after, p50", value: Load.percentile(sorted, 0.5), unit: "ms" },
      { what: "rejected after, p99", value: Load.percentile(sorted, 0.99), unit: "ms", atMost: 100 },
      { what: "recovered after", value: recovered, unit: "ms", atMost: 2_000 },
    ]
  },
}
