// Breaks a source file of a package and expects the tests of a package that imports it to fail: a cache that answers
// "passed" without looking would be the worst of all tests.
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"

const upstream = "packages/blueprint-schema/src/Json.ts"
const downstream = "@drawbar/registry"

const source = readFileSync(upstream, "utf8")
try {
  writeFileSync(upstream, `${source}\nthrow new Error("canary")\n`)
  const { status } = spawnSync("turbo", ["run", "test", `--filter=${downstream}`, "--output-logs=none"], {
    stdio: "inherit",
    shell: true,
  })
  if (status === 0) {
    console.error(`The tests of ${downstream} pass although ${upstream} is broken: turbo answered from a stale cache.`)
    process.exitCode = 1
  }
} finally {
  writeFileSync(upstream, source)
}
