/** The effect of one dead upstream on nine healthy ones. */
import { setTimeout as wait } from "node:timers/promises"
import * as Load from "../Load.ts"
import type { Scenario } from "./Scenario.ts"
import * as Stage from "./Stage.ts"

const seconds = 5

export const scenario: Scenario = {
  description: `nine upstreams respond after 10 ms, two callers each; then a tenth receives requests of 60 callers and never responds: ${seconds} s`,
  run: async () => {
    const wells = await Promise.all(
      Array.from({ length: 9 }, () =>
        Stage.platform((socket) => void setTimeout(() => socket.write(Stage.whole('{"a":1}')), 10)),
      ),
    )
    const dead = await Stage.platform(() => {})
    await using stage = await Stage.start()
    const models = await Promise.all(wells.map(({ port }) => stage.model(port)))
    const silent = await stage.model(dead.port, { read_timeout: 2 })
    let failures = 0
    const measured = async () => {
      const millis: Array<number> = []
      const more = Stage.forSeconds(seconds)
      await Stage.loop(models.length * 2, more, async (n) => {
        const answer = await models[n % models.length]!.predict({})
        if (answer.status !== 200) failures += 1
        millis.push(answer.millis)
      })
      return millis.toSorted((a, b) => a - b)
    }
    await measured()
    const alone = await measured()
    // A caller that is rejected immediately waits before its next request.
    const dying = Stage.loop(60, Stage.forSeconds(seconds), () => Promise.all([silent.predict({}), wait(100)]))
    const beside = await measured()
    await dying
    for (const platform of [...wells, dead]) platform.close()
    const [before, after] = [alone, beside].map((sorted) => Load.percentile(sorted, 0.99))
    return [
      { what: "p99 of the nine alone", value: before ?? Number.NaN, unit: "ms" },
      { what: "p99 of the nine with the tenth", value: after ?? Number.NaN, unit: "ms" },
      { what: "p50 of the nine alone", value: Load.percentile(alone, 0.5), unit: "ms" },
      { what: "p50 of the nine with the tenth", value: Load.percentile(beside, 0.5), unit: "ms" },
      { what: "p99, ratio", value: (after ?? Number.NaN) / (before ?? Number.NaN), unit: "×", atMost: 1.5 },
      { what: "failures of the nine", value: failures, unit: "", atMost: 0 },
    ]
  },
}
