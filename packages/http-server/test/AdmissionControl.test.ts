/** A workload whose time and work are the test's: `look` is what it sees when its timer fires. */
import { afterEach, assert, beforeEach, describe, it, vi } from "vitest"
import { Effect, Scope } from "effect"
import * as AdmissionControl from "../src/admission/AdmissionControl.ts"

beforeEach(() => void vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] }))
afterEach(() => void vi.useRealTimers())

const start = () => {
  let [now, used] = [0, 0]
  const scope = Effect.runSync(Scope.make())
  const workload = Effect.runSync(
    AdmissionControl.make({ now: () => now, used: () => used, behind: () => 0 }).pipe(Scope.provide(scope)),
  )
  return {
    /** So many ms later than it should, and so much of the processor used meanwhile. */
    look: (lag: number, work = 0) => {
      now += AdmissionControl.sampleIntervalMs + lag
      used += work
      vi.advanceTimersByTime(AdmissionControl.sampleIntervalMs)
    },
    pass: (millis: number) => void (now += millis),
    enter: (count: number) => Array.from({ length: count }, () => workload.enter()),
    isRefused: workload.isTooMuch,
  }
}

/** A guard that has learnt that a predict takes so much of a processor, in ms. */
const taught = (millis: number) => {
  const guard = start()
  for (let n = 0; n < 50; n++) {
    for (const leave of guard.enter(10)) leave()
    guard.look(0, 10 * millis)
  }
  return guard
}

const hasLess = () => true

describe("a workload", () => {
  it("refuses more work than is soon done, where the loop is late", () => {
    const guard = taught(20)
    guard.enter(24)
    guard.look(300)
    assert.isFalse(guard.isRefused())
    guard.enter(10)
    assert.isTrue(guard.isRefused())
    guard.look(0)
    assert.isFalse(guard.isRefused())
  })

  it("lets ever fewer in while the loop stays late, and more again when it does not", () => {
    const guard = taught(10)
    guard.enter(40)
    guard.look(300)
    assert.isFalse(guard.isRefused())
    for (let n = 0; n < 20 && !guard.isRefused(); n++) guard.look(300)
    assert.isTrue(guard.isRefused())
    guard.look(0)
    assert.isTrue(guard.isRefused())
    for (let n = 0; n < 60; n++) guard.look(0)
    assert.isFalse(guard.isRefused())
  })

  it("lets a few in however late the loop is", () => {
    const guard = taught(1_000)
    guard.enter(31)
    for (let n = 0; n < 20; n++) guard.look(300)
    assert.isFalse(guard.isRefused())
    guard.enter(1)
    assert.isTrue(guard.isRefused())
  })

  it("lets a few in of principals that have less than their part, and none of those that have more", () => {
    const guard = taught(20)
    guard.enter(64)
    guard.look(300)
    assert.isTrue(guard.isRefused())
    assert.isTrue(guard.isRefused(() => false))
    for (let n = 0; n < 32; n++) {
      assert.isFalse(guard.isRefused(hasLess))
      guard.enter(1)
    }
    assert.isTrue(guard.isRefused(hasLess))
  })

  it("gives back the place of such a one that has left", () => {
    const guard = taught(20)
    guard.enter(64)
    guard.look(300)
    const beyond = guard.enter(32)
    assert.isTrue(guard.isRefused(() => true))
    for (let n = 0; n < 3; n++) beyond[0]?.()
    assert.isFalse(guard.isRefused(() => true))
    guard.enter(1)
    assert.isTrue(guard.isRefused(() => true))
  })

  it("counts a predict as done once, however often it is reported", () => {
    const guard = taught(20)
    const left = guard.enter(40)
    guard.look(300)
    assert.isTrue(guard.isRefused())
    for (const leave of left.slice(0, 5)) for (let n = 0; n < 5; n++) leave()
    assert.isTrue(guard.isRefused())
    for (const leave of left) leave()
    assert.isFalse(guard.isRefused())
  })

  it("minds no number of predicts that wait for their platforms", () => {
    const guard = taught(0.01)
    guard.enter(5_000)
    for (let n = 0; n < 3; n++) guard.look(300)
    assert.isFalse(guard.isRefused())
  })

  it("does not wait for its next look to see that it is overdue", () => {
    const guard = taught(20)
    guard.enter(40)
    assert.isFalse(guard.isRefused())
    guard.pass(1_000)
    assert.isTrue(guard.isRefused())
  })
})
