// Breaks a source file of a package and expects the tests of a dependent package to fail, to verify that the cache does
// not report stale results.
import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"

const upstream = "packages/json-text/src/Json.ts"
const downstream = "@drawbar/deployments"

const passes = () => spawnSync("turbo", ["run", "test", `--filter=${downstream}`, "--output-logs=none"]).status === 0

const fail = (sentence) => {
  console.error(sentence)
  process.exitCode = 1
}

const source = readFileSync(upstream, "utf8")
if (!passes()) fail(`The tests of ${downstream} fail before anything is broken.`)
try {
  writeFileSync(upstream, `${source}\nthrow new Error("canary")\n`)
  if (passes())
    fail(`The tests of ${downstream} pass although ${upstream} is broken: the cache returned a stale result.`)
} finally {
  writeFileSync(upstream, source)
}
