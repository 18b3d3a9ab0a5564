/** One dead platform beside nine that are well: what it costs them. */
import { setTimeout as wait } from "node:timers/promises"
import * as Load from "../Load.ts"
import type { Scenario } from "./Scenario.ts"
import * as Stage from "./Stage.ts"

const seconds = 5

export const scenario: Scenario = {
  says: `nine platforms answer after 10 ms, two callers each; then a tenth takes 60 callers' requests and says nothing: ${seconds} s`,
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
    // Who is refused at once does not ask again at once.
    const dying = Stage.loop(60, Stage.forSeconds(seconds), () => Promise.all([silent.predict({}), wait(100)]))
    const beside = await measured()
    await dying
    for (const platform of [...wells, dead]) platform.close()
    const [before, after] = [alone, beside].map((sorted) => Load.percentile(sorted, 0.99))
    return [
      { what: "p99 of the nine alone", value: before ?? Number.NaN, unit: "ms" },
      { what: "p99 of the nine beside it", value: after ?? Number.NaN, unit: "ms" },
      { what: "p50 of the nine alone", value: Load.percentile(alone, 0.5), unit: "ms" },
      { what: "p50 of the nine beside it", value: Load.percentile(beside, 0.5), unit: "ms" },
      { what: "p99, one to the other", value: (after ?? Number.NaN) / (before ?? Number.NaN), unit: "×", atMost: 1.5 },
      { what: "failures of the nine", value: failures, unit: "", atMost: 0 },
    ]
  },
}
