/** An upstream that always fails: how many requests it receives per request to Drawbar. */
import type { Scenario } from "./Scenario.ts"
import * as Stage from "./Stage.ts"

const seconds = 5

export const scenario: Scenario = {
  description: `an upstream returns 503 to all requests, and each call may be sent four times: 50 callers, ${seconds} s`,
  run: async () => {
    const platform = await Stage.platform((socket) => void socket.write(Stage.whole("{}", 503)))
    await using stage = await Stage.start()
    const model = await stage.model(platform.port, { max_retry_times: 3, retry_backoff_millis: 10, max_connection: 50 })
    let calls = 0
    const began = performance.now()
    await Stage.loop(50, Stage.forSeconds(seconds), () => {
      calls += 1
      return model.predict({})
    })
    platform.close()
    const spare = 10 + (10 * (performance.now() - began)) / 1_000
    return [
      { what: "calls", value: calls, unit: "" },
      { what: "requests per call", value: platform.asked() / calls, unit: "" },
      {
        what: "requests per call, without the constant 10 per second",
        value: (platform.asked() - spare) / calls,
        unit: "",
        atMost: 1.2,
      },
    ]
  },
}
