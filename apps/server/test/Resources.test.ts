/**
 * The resources that callers may take. DRAWBAR_FUZZ_SECONDS (20) sets the duration, DRAWBAR_FUZZ_SEED (1) the random requests, DRAWBAR_FUZZ_ONLY names
 * generators, separated by commas. A search for new faults is `DRAWBAR_FUZZ_SEED=$RANDOM DRAWBAR_FUZZ_SECONDS=1800`.
 */
import process from "node:process"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as Generators from "./resources/ResourceGenerators.ts"
import { plants } from "./resources/ResourcePlants.ts"
import * as Resources from "./resources/Resources.ts"

const seconds = Number(process.env["DRAWBAR_FUZZ_SECONDS"] ?? 20)
const seed = Number(process.env["DRAWBAR_FUZZ_SEED"] ?? 1)
const only = process.env["DRAWBAR_FUZZ_ONLY"]?.split(",")

let prepared: Resources.Prepared
beforeAll(async () => void (prepared = await Resources.prepare()))
afterAll(() => prepared[Symbol.asyncDispose]())

describe(`random requests (DRAWBAR_FUZZ_SEED=${seed})`, () => {
  it(
    "end no server, are not answered 500, hold no loop up and leave nothing behind",
    async () => {
      const generators =
        only === undefined
          ? Generators.generators
          : Object.fromEntries(Object.entries(Generators.generators).filter(([name]) => only.includes(name)))
      const report = await Resources.run(prepared, { seed, seconds, generators })
      const { requests, longShare, most, bytes, table } = report
      process.stdout.write(
        `${requests} requests; ${Math.round(longShare * 100)} % of the time in long steps, at most ${Math.round(most)} ms; ${bytes.map((size) => Math.round(size / 1e6)).join(" → ")} MB\n${table}\n`,
      )
      assert.deepStrictEqual(report.wrong.slice(0, 20), [], report.table)
    },
    (seconds + 240) * 1_000,
  )
})

describe("a fuzzer of resources catches", () => {
  it("no fault where none is planted, in the same time", async () => {
    const { wrong, table } = await Resources.run(prepared, { seed, ...short })
    assert.deepStrictEqual(wrong, [], table)
  })

  it.each(Object.keys(plants))("%s", async (plant) => {
    const { wrong, table } = await Resources.run(prepared, { seed, plant, ...short, stopsEarly: true })
    assert.isNotEmpty(wrong, table)
  })
})

/** Without what takes long by itself, so that each plant is caught soon. */
const short = {
  seconds: 1,
  least: 300,
  patience: 6_000,
  generators: Object.fromEntries(
    Object.entries(Generators.generators).filter(([name]) =>
      [
        "heads of a reader",
        "ids that are made up",
        "a parameter in a body",
        "many parameters",
        "many documents",
      ].includes(name),
    ),
  ),
}
