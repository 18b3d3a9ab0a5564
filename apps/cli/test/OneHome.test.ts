/** What every package must say alike is written in one file, and in no other source. */
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { basePath } from "@drawbar/http-api/routes/BasePath"
import { version } from "@drawbar/http-api/routes/Version"
import { assert, describe, it } from "vitest"

const root = join(import.meta.dirname, "../../..")
const read = (path: string) => readFileSync(join(root, path), "utf8")
const sources = globSync("{packages,apps}/*/src/**/*.ts", { cwd: root })
const packages = globSync("{packages,apps}/*/package.json", { cwd: root })

/** The files in which a string or a template begins so; comments, and prose that quotes it in a sentence, do not count. */
const holding = (literal: RegExp) =>
  sources.filter((path) => literal.test(read(path).replaceAll(/\/\*\*[^]*?\*\//g, "")))

describe("one home", () => {
  it("has the path of ML Commons' API", () =>
    assert.deepStrictEqual(holding(new RegExp(`["\`}]${basePath}`)), ["packages/http-api/src/routes/BasePath.ts"]))

  it("has the version", () =>
    assert.deepStrictEqual(holding(new RegExp(`"${version.replaceAll(".", "\\.")}"`)), [
      "packages/http-api/src/routes/Version.ts",
    ]))

  it.each(packages)("%s has that version", (path) => {
    const manifest: unknown = JSON.parse(read(path))
    assert.deepInclude(manifest, { version })
  })
})
