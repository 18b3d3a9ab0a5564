/** The judge of the tests under load finds what it is there to find. */
import { assert, it } from "vitest"
import * as OpenLoad from "./OpenLoad.ts"

const step = (content: string, at: number): OpenLoad.Step => ({ content, begunAt: at - 10, acknowledgedAt: at })
const answer = (content: string, sentAt: number, caller = 0): OpenLoad.Answered => ({
  caller,
  content,
  sentAt,
  receivedAt: sentAt + 5,
})
/** `a` comes back after `b`. */
const steps = [step("a", 0), step("b", 1_000), step("a", 5_000)]

const tables: ReadonlyArray<readonly [string, ReadonlyArray<OpenLoad.Answered>, number]> = [
  ["answers of their time", [answer("a", 500), answer("b", 1_500), answer("a", 5_500)], 0],
  ["an earlier step within the bound", [answer("a", 1_900)], 0],
  ["an earlier step after the bound", [answer("a", 2_100)], 1],
  ["a step that has not begun", [answer("b", 500)], 1],
  ["what its caller saw before it was acknowledged", [answer("b", 990), answer("a", 1_500)], 0],
  ["what no step was", [answer("c", 500)], 1],
]
it.each(tables)("%s", (_, answers, found) => {
  assert.lengthOf(OpenLoad.tooOld(steps, answers, 1_000), found)
})

it("an older step than its caller had seen is found, also where the change is acknowledged late", () => {
  const late = [step("a", 0), { content: "b", begunAt: 990, acknowledgedAt: 60_000 }]
  assert.lengthOf(OpenLoad.tooOld(late, [answer("b", 1_000), answer("a", 2_500)], 1_000), 1)
  assert.lengthOf(OpenLoad.tooOld(late, [answer("b", 1_000), answer("a", 2_500, 1)], 1_000), 0)
})

it("staleness is the time from the acknowledgement to the last call that an earlier step answered", () => {
  const answers = [answer("a", 1_020), answer("a", 1_040), answer("b", 1_030), answer("b", 4_000)]
  assert.deepStrictEqual(OpenLoad.staleness(steps, answers), [40, 0])
})
