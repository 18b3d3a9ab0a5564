// Simulates a Node version that is too old and expects a message that says what to do.
import { spawnSync } from "node:child_process"

const preflight = new URL("./preflight.mjs", import.meta.url).href
const old = `Object.defineProperty(process.versions, "node", { value: "20.0.0" }); await import(${JSON.stringify(preflight)})`
const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", old], { encoding: "utf8" })
if (status !== 1 || !stderr.includes("Drawbar needs Node")) {
  console.error(
    `Expected the preflight to reject Node 20 with a message; it exited with ${status} and printed: ${stderr}`,
  )
  process.exitCode = 1
}
