/** A document that runs another pnpm than the lockfile was made by installs something else. */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, it } from "vitest"

const root = join(import.meta.dirname, "../../..")
const read = (path: string) => readFileSync(join(root, path), "utf8")
const { packageManager } = JSON.parse(read("package.json"))

const paths = [
  ".ci/run",
  "README.md",
  "CONTRIBUTING.md",
  "apps/server/src/Serve.ts",
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".md"))
    .map((path) => `docs/${path}`),
]

it.each(paths)("%s runs no other pnpm than the pinned one", (path) => {
  for (const [found] of read(path).matchAll(/pnpm@[\w.]+/g)) assert.strictEqual(found, packageManager)
})

it("is run by its version where a machine has none", () =>
  assert.include(read("README.md"), `npx -y ${packageManager} start`))
