/** Ten times as many requests as can be answered: what is answered all the same, how soon the rest is refused, and how soon it is over. */
import { setTimeout as wait } from "node:timers/promises"
import * as Load from "../Load.ts"
import type { Scenario } from "./Scenario.ts"
import * as Stage from "./Stage.ts"

const seconds = 10

/** Some ms of a processor. */
const script =
  'int s = 0; for (int i = 0; i < 150000; ++i) { s += i % 7 } return \'{"name":"x","data_type":"INT32","shape":[1],"data":[\' + s + \']}\''

/** An answer later than that is no use to anybody. */
const useful = 1_000

export const scenario: Scenario = {
  says: `predicts with a heavy script, as fast as they are answered, then ten times as fast, ${seconds} s each`,
  run: async () => {
    const platform = await Stage.platform((socket) => void socket.write(Stage.whole('{"a":1}')))
    await using stage = await Stage.start()
    const model = await stage.model(platform.port, { max_connection: 1_000 }, { post_process_function: script })
    await Stage.loop(8, Stage.forSeconds(1), () => model.predict({}))
    let answered = 0
    const usual: Array<number> = []
    await Stage.loop(8, Stage.forSeconds(seconds), async () => {
      const { millis } = await model.predict({})
      usual.push(millis)
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
            else if (millis <= useful) good += 1
          })
          .catch(() => (failed += 1))
          .finally(() => pending.delete(call))
        pending.add(call)
      }
    }
    const over = performance.now()
    const calm =
      Load.percentile(
        usual.toSorted((a, b) => a - b),
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
      { what: "answers a second at the peak", value: peak, unit: "/s" },
      { what: `answers a second within ${useful} ms, under ten times as many`, value: good / seconds, unit: "/s" },
      { what: "one to the other", value: good / seconds / peak, unit: "", atLeast: 0.9 },
      { what: "refused", value: refused.length, unit: "" },
      { what: "failed", value: failed, unit: "", atMost: 0 },
      { what: "refused after, p50", value: Load.percentile(sorted, 0.5), unit: "ms" },
      { what: "refused after, p99", value: Load.percentile(sorted, 0.99), unit: "ms", atMost: 100 },
      { what: "as usual again after", value: recovered, unit: "ms", atMost: 2_000 },
    ]
  },
}
