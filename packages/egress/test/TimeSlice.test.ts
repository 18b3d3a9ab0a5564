import { setImmediate as turn } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import * as TimeSlice from "../src/TimeSlice.ts"

/** Busy-waits for a number of ms of processor time. */
const work = (millis: number) => {
  const until = performance.now() + millis
  while (performance.now() < until);
}

/**
 * Calls `take` from separate callbacks within one turn of the event loop, like sockets that become readable together.
 */
const takeTogether = (steps: ReadonlyArray<() => void>) => {
  for (const step of steps) setImmediate(() => TimeSlice.take(step))
}

describe("responses that arrive together", () => {
  it("are processed in order, and the event loop turns between them", async () => {
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

  it("are not delayed if they are cheap, and never run synchronously", async () => {
    // Separate turns of the loop.
    await turn()
    await turn()
    const done: Array<string> = []
    TimeSlice.take(() => void done.push("step"))
    done.push("taken")
    await Promise.resolve()
    assert.deepStrictEqual(done, ["taken", "step"])
  })
})
