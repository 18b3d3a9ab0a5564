import { setImmediate as turn } from "node:timers/promises"
import { assert, describe, it } from "vitest"
import * as Share from "../src/Share.ts"
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

const immediates = () => process.getActiveResourcesInfo().filter((kind) => kind === "Immediate").length

describe("what runs in slices", () => {
  it("leaves nothing for the loop to do where no step waits", async () => {
    for (let round = 0; round < 3; round++) {
      await turn()
      await turn()
      const before = immediates()
      for (let n = 0; n < 10; n++) {
        TimeSlice.isFree()
        await TimeSlice.next()
      }
      assert.strictEqual(immediates(), before)
    }
  })

  it("is free again in the next turn of the loop", async () => {
    await turn()
    assert.isTrue(TimeSlice.isFree())
    work(25)
    assert.isFalse(TimeSlice.isFree())
    await turn()
    assert.isTrue(TimeSlice.isFree())
  })

  it("counts the work after a promise, so that the loop turns between those that wait for theirs", async () => {
    await turn()
    const done: Array<number> = []
    const run = async (n: number) => {
      for (let window = 0; window < 2; window++) {
        await TimeSlice.next()
        work(15)
      }
      done.push(n)
    }
    for (let n = 0; n < 20; n++) setImmediate(() => void run(n))
    let longest = 0
    let last = performance.now()
    while (done.length < 20) {
      await turn()
      const now = performance.now()
      longest = Math.max(longest, now - last)
      last = now
    }
    // Each phase of a turn ends with the step that goes over its slice.
    assert.isBelow(longest, 150)
  })

  it("charges the work after a promise to its share", async () => {
    await turn()
    await turn()
    const [greedy, modest] = [Share.make(), Share.make()]
    const order: Array<string> = []
    const long = async () => {
      await TimeSlice.next(greedy)
      work(30)
      order.push("greedy")
    }
    TimeSlice.take(() => {
      work(25)
      for (let n = 0; n < 10; n++) void long()
      TimeSlice.take(() => void order.push("modest"), modest)
    })
    while (order.length < 11) await turn()
    assert.isAtMost(order.indexOf("modest"), 2)
    assert.isBelow(greedy.credit, 0)
  })
})

/** Puts steps of several principals in the queue, behind one that takes all of a turn, and returns in which order they ran. */
const runTogether = async (
  principals: ReadonlyArray<{ readonly name: string; readonly millis: ReadonlyArray<number> }>,
) => {
  await turn()
  await turn()
  const done: Array<{ readonly name: string; readonly millis: number }> = []
  let left = principals.reduce((sum, { millis }) => sum + millis.length, 0)
  const finished = Promise.withResolvers<void>()
  TimeSlice.take(() => {
    work(25)
    for (const { name, millis } of principals) {
      const share = Share.make()
      for (const each of millis)
        TimeSlice.take(() => {
          // A busy machine takes longer, which is what counts.
          const began = performance.now()
          work(each)
          done.push({ name, millis: performance.now() - began })
          if (--left === 0) finished.resolve()
        }, share)
    }
  })
  await finished.promise
  return done
}

/** In ms. */
const steps = (count: number) => Array.from({ length: count }, () => 5)

describe("principals whose steps wait together", () => {
  it("are not delayed by another's many long steps", async () => {
    const done = await runTogether([
      { name: "greedy", millis: Array.from({ length: 40 }, () => 30) },
      { name: "modest", millis: [1] },
    ])
    assert.isAtMost(
      done.findIndex(({ name }) => name === "modest"),
      2,
    )
  })

  it("have the same of the processor, however long their steps and however many they are", async () => {
    const done = await runTogether([
      { name: "long", millis: Array.from({ length: 12 }, () => 40) },
      { name: "short", millis: Array.from({ length: 200 }, () => 2) },
    ])
    // As long as both want it.
    const both = done.slice(
      0,
      Math.min(...["long", "short"].map((name) => done.findLastIndex((one) => one.name === name))),
    )
    const used = (name: string) => both.reduce((sum, one) => sum + (one.name === name ? one.millis : 0), 0)
    const longest = Math.max(...done.map(({ millis }) => millis))
    assert.isAtMost(Math.abs(used("long") - used("short")), longest + 3 * 20)
  })

  it("do not take turns by the number of their requests", async () => {
    const done = await runTogether([
      { name: "many", millis: steps(64) },
      { name: "few", millis: steps(8) },
      { name: "one", millis: steps(1) },
    ])
    const at = (name: string) => done.findLastIndex((one) => one.name === name)
    assert.isBelow(at("few"), 30)
    assert.isBelow(at("one"), 12)
  })

  it("lose nothing and run in the order of each, whatever they bring", async () => {
    const order: Array<string> = []
    const shares = Array.from({ length: 20 }, Share.make)
    const expected: Array<string> = []
    await turn()
    await turn()
    TimeSlice.take(() => {
      work(25)
      for (let n = 0; n < 2_000; n++) {
        const owner = (n * 7) % 20
        expected.push(`${owner}:${n}`)
        TimeSlice.take(() => void order.push(`${owner}:${n}`), shares[owner])
      }
    })
    while (order.length < 2_000) await turn()
    assert.sameMembers(order, expected)
    for (let owner = 0; owner < 20; owner++) {
      const own = (all: ReadonlyArray<string>) => all.filter((one) => one.startsWith(`${owner}:`))
      assert.deepStrictEqual(own(order), own(expected))
    }
    assert.strictEqual(TimeSlice.behind(), 0)
  })
})
