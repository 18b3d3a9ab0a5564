import { assert, describe, it } from "@effect/vitest"
import * as PredictStats from "../src/predict/PredictStats.ts"

const outcome = (millis: number, isFailure = false) => ({ isFailure, millis, upstreamMillis: millis / 2 })

describe("statistics of predicts", () => {
  it("count requests and failures by model", () => {
    const counter = PredictStats.make(() => 10)
    counter.count("a", outcome(1))
    counter.count("a", outcome(2, true))
    counter.count("b", { ...outcome(3), upstreamMillis: undefined })
    const { latencies, upstream, requests, failures } = counter.all().get("a") ?? assert.fail("a is not counted")
    assert.deepStrictEqual(
      { latencies, upstream, requests, failures },
      { latencies: [1, 2], upstream: [0.5, 1], requests: 2, failures: 1 },
    )
    assert.deepStrictEqual(counter.all().get("b")?.upstream, [])
  })

  it.each([
    [[3], 10, [7, 8, 9]],
    [[5, 2], 10, [8, 9]],
    [[2, 5], 7, [2, 3, 4, 5, 6]],
    [[4, 0], 9, []],
    [[3, 4, 2], 12, [10, 11]],
  ])("keep the last latencies while the bound becomes %j in turn", (bounds, count, expected) => {
    let most = bounds[0] ?? 0
    const counter = PredictStats.make(() => most)
    for (let n = 0; n < count; n++) {
      most = bounds[Math.min(bounds.length - 1, Math.floor((n * bounds.length) / (count - 1)))] ?? 0
      counter.count("a", outcome(n))
    }
    assert.deepStrictEqual(
      counter
        .all()
        .get("a")
        ?.latencies.toSorted((a, b) => a - b),
      expected,
    )
  })

  it("hold no more than ten thousand models", () => {
    const counter = PredictStats.make(() => 1)
    for (let n = 0; n < 10_010; n++) counter.count(`m${n}`, outcome(n))
    assert.strictEqual(counter.all().size, 10_000)
    assert.isTrue(counter.all().has("m10009"))
  })
})
