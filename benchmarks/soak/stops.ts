/** Repeated SIGTERM under load: no request that an upstream has received may be dropped. */
import { once } from "node:events"
import { setTimeout as wait } from "node:timers/promises"
import type { Scenario } from "./Scenario.ts"
import * as Stage from "./Stage.ts"

const stops = 50

export const scenario: Scenario = {
  description: `${stops} SIGTERMs under the load of 16 callers`,
  run: async () => {
    let [answered, dropped, unclean, slowest] = [0, 0, 0, 0]
    for (let round = 0; round < stops; round++) {
      const requested = new Set<string>()
      const platform = await Stage.platform((socket, body) => {
        const { nonce } = JSON.parse(body)
        requested.add(nonce)
        setTimeout(() => socket.write(Stage.whole(JSON.stringify({ nonce }))), 5 + Math.random() * 60)
      })
      await using stage = await Stage.start()
      const model = await stage.model(platform.port)
      let isOpen = true
      const callers = Stage.loop(
        16,
        () => isOpen,
        async (n) => {
          try {
            const { status } = await model.predict({ nonce: `n${n}` })
            if (status !== 200) return
            answered += 1
            requested.delete(`n${n}`)
          } catch {
            isOpen = false
          }
        },
      )
      await wait(200 + Math.random() * 200)
      const began = performance.now()
      stage.program.child.removeAllListeners("exit")
      stage.program.child.kill("SIGTERM")
      const [code] = await once(stage.program.child, "exit")
      slowest = Math.max(slowest, performance.now() - began)
      isOpen = false
      await callers
      if (code !== 0) unclean += 1
      dropped += requested.size
      platform.close()
    }
    return [
      { what: "answered", value: answered, unit: "" },
      { what: "received by an upstream without a response to the caller", value: dropped, unit: "", atMost: 0 },
      { what: "exit codes other than 0", value: unclean, unit: "", atMost: 0 },
      { what: "slowest stop", value: slowest, unit: "ms" },
    ]
  },
}
