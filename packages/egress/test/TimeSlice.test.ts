import { setImmediate as turn } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import * as TimeSlice from "../src/TimeSlice.ts"

/** Ms of a processor, whatever else the machine does. */
const work = (millis: number) => {
  const until = performance.now() + millis
  while (performance.now() < until);
}

/** Takes each from a callback of its own, all of them in one turn of the loop, as sockets that are read together do. */
const takeTogether = (steps: ReadonlyArray<() => void>) => {
  for (const step of steps) setImmediate(() => TimeSlice.take(step))
}

describe("answers that come together", () => {
  it("are gone on with in their order, and the loop turns between them", async () => {
    const done: Array<number> = []
    takeTogether(Array.from({ length: 12 }, (_, n) => () => (work(15), void done.push(n))))
    let turns = 0
    let mostBehind = 0
    for (; done.length < 12; turns++) {
      await turn()
      mostBehind = Math.max(mostBehind, TimeSlice.behind())
    }
    assert.deepStrictEqual(
      done,
      Array.from({ length: 12 }, (_, n) => n),
    )
    assert.isAtLeast(turns, 4)
    assert.isAbove(mostBehind, 0)
    assert.strictEqual(TimeSlice.behind(), 0)
  })

  it("wait for nobody where they are little work, and never run inside who took them", async () => {
    // A turn of their own.
    await turn()
    await turn()
    const done: Array<string> = []
    TimeSlice.take(() => void done.push("step"))
    done.push("taken")
    await Promise.resolve()
    assert.deepStrictEqual(done, ["taken", "step"])
  })
})
