// Runs Effect's diagnostics over every package. A run that checks no file is a failure.
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"

const projects = ["packages", "apps", "examples", "tools"]
  .flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`))
  .flatMap((folder) =>
    ["tsconfig.src.json", "tsconfig.json"]
      .map((file) => `${folder}/${file}`)
      .filter(existsSync)
      .slice(0, 1),
  )

let failed = false
for (const project of projects) {
  const { status, stdout, stderr } = spawnSync("effect-tsgo", ["diagnostics", "--project", project], {
    encoding: "utf8",
  })
  const checked = Number(/Checked (\d+) files?/.exec(`${stdout}${stderr}`)?.[1] ?? 0)
  if (status !== 0 || checked === 0) {
    failed = true
    console.error(`${project}: ${checked} files checked, exit ${status}\n${stdout}${stderr}`)
  } else console.log(`${project}: ${checked} files`)
}
process.exitCode = failed ? 1 : 0
