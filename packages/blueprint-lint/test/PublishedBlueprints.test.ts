/** Published texts in console syntax. The server's tests compare lint's findings with `_create`. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Lint from "../src/Lint.ts"

const reference = process.env["DRAWBAR_REFERENCE"] ?? resolve(import.meta.dirname, "../../../../shared/reference")
const folder = resolve(reference, "blueprints")
const raw = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".raw.txt")) : []

describe.skipIf(raw.length === 0)("a published text (skipped: ../shared/reference is absent)", () => {
  it.each(raw)("%s is parsed, or its faults are reported with line and column", (name) => {
    const findings = Lint.text(readFileSync(resolve(folder, name), "utf8"))
    assert.isNotEmpty(findings)
    for (const { line, column } of findings) {
      assert.isAtLeast(line ?? 0, 1)
      assert.isAtLeast(column ?? 0, 1)
    }
  })
})
