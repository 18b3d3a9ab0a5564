// Plays a machine whose Node is too old and expects the sentence that says what to do.
import { spawnSync } from "node:child_process"

const preflight = new URL("./preflight.mjs", import.meta.url).href
const old = `Object.defineProperty(process.versions, "node", { value: "20.0.0" }); await import(${JSON.stringify(preflight)})`
const { status, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", old], { encoding: "utf8" })
if (status !== 1 || !stderr.includes("Drawbar needs Node")) {
  console.error(`Expected the preflight to refuse Node 20 with a sentence; it ended with ${status} and said: ${stderr}`)
  process.exitCode = 1
}
