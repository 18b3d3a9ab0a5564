// Known vulnerabilities in what is shipped. If the registry does not respond, this is reported and the build does not fail.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
const refused = ["high", "critical"]

const { stdout, stderr, error } = spawnSync("npx", ["-y", packageManager, "audit", "--prod", "--json"], {
  cwd: root,
  encoding: "utf8",
  timeout: 120_000,
  maxBuffer: 64 * 1024 * 1024,
})

const answer = (() => {
  try {
    return JSON.parse(stdout)
  } catch {
    return undefined
  }
})()
const found = answer?.metadata?.vulnerabilities
if (found === undefined) {
  const why = /ERR_PNPM_\w+|E[A-Z]{4,}/.exec(`${stdout}${stderr}`)?.[0] ?? error?.code ?? "no answer"
  process.stdout.write(`Not audited: the registry has no answer (${why})\n`)
} else {
  process.stdout.write(
    `${Object.entries(found)
      .map(([severity, count]) => `${severity} ${count}`)
      .join(", ")}\n`,
  )
  if (refused.some((severity) => found[severity] > 0)) {
    process.stderr.write(`${stdout}\nFAILED: update what is named above, or override it in pnpm-workspace.yaml\n`)
    process.exitCode = 1
  }
}
