import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { assert, expect, it } from "vitest"
import { inPage, rows } from "../src/BoundsPage.ts"
import * as RequestLimits from "@drawbar/http-api/routes/RequestLimits"

const operating = join(import.meta.dirname, "../../../docs/operating.md")

it("docs/operating.md says what the table of bounds says", async () =>
  expect(inPage(await readFile(operating, "utf8"))).toMatchFileSnapshot(operating))

it("every bound is a number above zero, and is named once", () => {
  assert.isTrue(rows.every(({ most }) => Number.isFinite(most) && most > 0))
  assert.strictEqual(new Set(rows.map(({ of }) => of)).size, rows.length)
})

it("a setting raises the bound of bodies, and never lowers it", () => {
  assert.deepStrictEqual([-1, 0, 1_000, 2_000_000].map(RequestLimits.recordBodyLimit), [
    Infinity,
    1_000_000,
    1_000_000,
    2_000_000,
  ])
})
