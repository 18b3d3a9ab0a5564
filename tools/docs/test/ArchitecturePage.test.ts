import { spawnSync } from "node:child_process"
import { join } from "node:path"
import process from "node:process"
import { assert, it } from "vitest"

it("ARCHITECTURE.md draws the graph of the package.json files, and names modules that exist, as CONTRIBUTING.md does", () => {
  const script = join(import.meta.dirname, "../../../scripts/graph.mjs")
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: "utf8" })
  assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: "" })
})
