// Bundles `drawbar` where a source has changed, and runs it: `node scripts/run.mjs [arguments of drawbar]`.
import { spawnSync } from "node:child_process"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { endWithLaunchers } from "./launchers.mjs"

const root = new URL("..", import.meta.url)
const turbo = fileURLToPath(new URL("node_modules/turbo/bin/turbo", root))
const { status, stdout, stderr } = spawnSync(
  process.execPath,
  [turbo, "run", "bundle", "--filter=drawbar", "--output-logs=errors-only", "--log-prefix=none"],
  { cwd: root, encoding: "utf8", env: { ...process.env, TURBO_TELEMETRY_DISABLED: "1" } },
)

if (status === 0) {
  if (process.argv[2] === "serve") endWithLaunchers()
  // A package manager runs scripts in the folder of the package; the names of files are meant where the user stands.
  const { INIT_CWD } = process.env
  if (INIT_CWD !== undefined) process.chdir(INIT_CWD)
  await import(new URL("apps/drawbar/dist/main.mjs", root))
} else {
  process.stderr.write(`${stdout}${stderr}`)
  process.exitCode = 1
}
