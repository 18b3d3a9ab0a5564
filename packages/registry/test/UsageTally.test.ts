/** Calls that are counted until they are written. */
import { assert, it } from "@effect/vitest"
import { Result } from "effect"
import { UsageTally } from "../src/spend/UsageTally.ts"
import * as UsageRow from "../src/spend/UsageRow.ts"

const one: UsageRow.Counts = { ...UsageRow.none, calls: 1, cost_nano_usd: 5 }
const day = "2026-11-28"

it("each row is taken once, with those that could not be written before", () => {
  const tally = new UsageTally()
  tally.add(day, "k", "u", "m", one)
  tally.add(day, "k", "u", "m", one)
  tally.add(day, "", "v", "m", one)
  const taken = tally.take()
  assert.deepStrictEqual(
    taken.map((row) => [row.day, row.key, row.user, row.calls, row.cost_nano_usd]),
    [
      [day, "k", "u", 2, 10],
      ["", "k", "u", 2, 10],
      [day, "", "v", 1, 5],
    ],
  )
  assert.deepStrictEqual(tally.take(), [])
  tally.putBack(taken)
  tally.add("2026-11-29", "k", "u", "m", one)
  const again = tally.take()
  assert.deepStrictEqual(
    again.map((row) => [row.day, row.key, row.calls]).toSorted(),
    [
      ["", "k", 3],
      [day, "", 1],
      [day, "k", 2],
      ["2026-11-29", "k", 1],
    ].toSorted(),
  )
})

it("a day has so many rows at most, and no call is left out", () => {
  const tally = new UsageTally()
  const calls = 12_000
  for (let n = 0; n < calls; n++) tally.add(day, "", `user ${n}`, "m", one)
  const taken = tally.take()
  assert.isAtMost(taken.length, 10_001)
  assert.strictEqual(
    taken.reduce((sum, row) => sum + row.calls, 0),
    calls,
  )
  assert.strictEqual(taken.find(({ user }) => user === "(others)")?.calls, 2_000)
})

it("a sum stays at what a record can hold, so that it can be written", () => {
  const tally = new UsageTally()
  const most = { ...UsageRow.none, calls: 1, cost_nano_usd: Number.MAX_SAFE_INTEGER, input_tokens: 1e15 }
  for (let n = 0; n < 20; n++) tally.add(day, "k", "u", "m", most)
  for (const row of tally.take()) {
    assert.deepStrictEqual(Result.getOrThrow(UsageRow.read({ ...row })), row)
    assert.strictEqual(row.cost_nano_usd, Number.MAX_SAFE_INTEGER)
  }
  assert.strictEqual(UsageRow.plus(most, most).cost_nano_usd, Number.MAX_SAFE_INTEGER)
})
