// What the two programs are made of, as CycloneDX, beside their bundles: from the lockfile alone, by the package manager that made it.
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))
const { packageManager } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))

const options = ["--sbom-format", "cyclonedx", "--sbom-type", "application", "--lockfile-only", "--prod"]

const fail = (what) => {
  console.error(`FAILED: ${what}`)
  process.exit(1)
}

// `drawbar` is the bundle of the command, which holds the server.
const bundles = { server: "server", cli: "drawbar" }

for (const [app, bundle] of Object.entries(bundles)) {
  const { status, stdout, stderr } = spawnSync(
    "npx",
    ["-y", packageManager, "sbom", ...options, "--filter", `@drawbar/${app}`],
    { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 },
  )
  if (status !== 0) fail(`the bill of materials of ${app}: ${stdout}${stderr}`)
  const bill = JSON.parse(stdout)
  const components = new Set(bill.components.map(({ group, name }) => (group ? `${group}/${name}` : name)))
  const { dependencies } = JSON.parse(readFileSync(join(root, "apps", app, "package.json"), "utf8"))
  for (const name of Object.keys(dependencies))
    if (!components.has(name)) fail(`the bill of materials of ${app} does not name ${name}`)
  const folder = join(root, "apps", bundle, "dist")
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, "sbom.cdx.json"), `${JSON.stringify(bill, null, 2)}\n`)
  process.stdout.write(`apps/${bundle}/dist/sbom.cdx.json: ${components.size} components\n`)
}
