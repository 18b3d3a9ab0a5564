/** Published texts in the syntax of the console; what lint says of the documents is held against `_create` by the server's tests. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Lint from "../src/Lint.ts"

const reference = process.env["DRAWBAR_REFERENCE"] ?? resolve(import.meta.dirname, "../../../../shared/reference")
const folder = resolve(reference, "blueprints")
const raw = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".raw.txt")) : []

describe.skipIf(raw.length === 0)("a published text (skipped: ../shared/reference is absent)", () => {
  it.each(raw)("%s is read, or its faults are shown at line and column", (name) => {
    const findings = Lint.text(readFileSync(resolve(folder, name), "utf8"))
    assert.isNotEmpty(findings)
    for (const { line, column } of findings) {
      assert.isAtLeast(line ?? 0, 1)
      assert.isAtLeast(column ?? 0, 1)
    }
  })
})
