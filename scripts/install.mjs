// Installs what a script needs, where it is not there yet: `node scripts/install.mjs [start]`. With `start` it is what the
// bundle is built from, and nothing that only tests and checks need. Plain JavaScript for the oldest Node that runs pnpm.
import { spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { readFileSync, writeFileSync } from "node:fs"
import process from "node:process"
import { fileURLToPath } from "node:url"

const { packageManager } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))
const root = fileURLToPath(new URL("..", import.meta.url))
const marker = new URL("../node_modules/.drawbar-install", import.meta.url)
const lockfile = createHash("sha256")
  .update(readFileSync(new URL("../pnpm-lock.yaml", import.meta.url)))
  .digest("hex")

const scopes = {
  start: ["--prod", "--filter", "drawbar-workspace", "--filter-prod", "@drawbar/cli..."],
  all: [],
}
const scope = process.argv[2] === "start" ? "start" : "all"

const installed = () => {
  try {
    return readFileSync(marker, "utf8")
  } catch {
    return ""
  }
}

const isThere = [scope, "all"].some((one) => installed() === `${one} ${lockfile}`)
if (!isThere) {
  process.stderr.write(
    scope === "start"
      ? "Installing what the server is built from, once. Without a network this fails after some retries.\n"
      : "Installing all dependencies, those of tests and checks included.\n",
  )
  const { npm_execpath: pnpm = "" } = process.env
  const args = ["install", "--frozen-lockfile", ...scopes[scope]]
  const [command, ...before] = /pnpm[^/\\]*$/.test(pnpm)
    ? /\.[cm]?js$/.test(pnpm)
      ? [process.execPath, pnpm]
      : [pnpm]
    : ["npx", "-y", packageManager]
  const { status, error } = spawnSync(command, [...before, ...args], {
    cwd: root,
    // Standard output belongs to the script that needs the install.
    stdio: ["ignore", 2, 2],
    shell: process.platform === "win32" && command === "npx",
    // Otherwise it asks before it replaces an install of another extent.
    env: { ...process.env, CI: "true" },
  })
  if (status === 0) writeFileSync(marker, `${scope} ${lockfile}`)
  else {
    process.stderr.write(
      `The install failed${error === undefined ? "" : `: ${error.message}`}. Where there is no network, install the package instead: npm install -g drawbar\n`,
    )
    process.exitCode = 1
  }
}
