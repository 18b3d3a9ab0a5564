/** Texts that every package must share are defined in one file, and in no other source. */
import { globSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { basePath } from "@drawbar/http-api/routes/BasePath"
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import { version } from "@drawbar/http-api/routes/Version"
import { assert, describe, it } from "vitest"

const root = join(import.meta.dirname, "../../..")
const read = (path: string) => readFileSync(join(root, path), "utf8")
const sources = globSync("{packages,apps}/*/src/**/*.ts", { cwd: root })
const packages = globSync("{packages,apps}/*/package.json", { cwd: root })

/** The files in which a string or a template begins so; comments, examples in single quotes, and prose that quotes it in a sentence do not count. */
const holding = (literal: RegExp) =>
  sources.filter((path) => literal.test(read(path).replaceAll(/\/\*\*[^]*?\*\/|'[^'\n]*'/g, "")))

describe("one home", () => {
  it("has the path of ML Commons' API", () =>
    assert.deepStrictEqual(holding(new RegExp(`["\`}]${basePath}`)), ["packages/http-api/src/routes/BasePath.ts"]))

  it("has the version", () =>
    assert.deepStrictEqual(holding(new RegExp(`"${version.replaceAll(".", "\\.")}"`)), [
      "packages/http-api/src/routes/Version.ts",
    ]))

  // Names that mean other things elsewhere, such as fields of tokens, or a word that messages have.
  const common = new Set<string>([
    Reserved.region,
    Reserved.model,
    Reserved.location,
    Reserved.scopes,
    Reserved.charset,
    Reserved.clientSecret,
    Reserved.privateKey,
    Reserved.clientEmail,
    Reserved.tokenUri,
  ])
  const reserved = [...Reserved.parameters, ...Reserved.credentials].map(({ name }) => name)
  // The server's own AWS identity is read from files and environments of AWS, which have names of their own.
  it.each(reserved.filter((name) => !common.has(name)))("has the reserved name %s", (name) =>
    assert.deepStrictEqual(
      holding(new RegExp(`"${name}"`)).filter((path) => !path.startsWith("apps/server/src/aws/")),
      ["packages/blueprint-schema/src/ReservedParameters.ts"],
    ),
  )

  it("has what is specific to one provider or API, which template-renderer is handed in", () => {
    const specific = new RegExp(
      [
        ...reserved,
        "aws",
        "amz",
        "amazon",
        "bedrock",
        "google",
        "opensearch",
        "ml_commons",
        "connector\\.(?:pre|post)_process",
      ]
        .filter((name) => name !== Reserved.location && name !== Reserved.charset && name !== Reserved.model)
        .map((name) => `\\b${name}\\b`)
        .join("|"),
      "i",
    )
    const found = sources.filter((path) => path.startsWith("packages/template-renderer/") && specific.test(read(path)))
    assert.deepStrictEqual(found, [])
  })

  it("has each file name, but for programs and the tree of commands", () => {
    const named = sources.filter((path) => !path.startsWith("apps/cli/src/commands/")).map((path) => basename(path))
    const twice = named.filter((name, at) => name !== "main.ts" && named.indexOf(name) !== at)
    assert.deepStrictEqual(twice, [])
  })

  it.each(packages)("%s has that version", (path) => {
    const manifest: unknown = JSON.parse(read(path))
    assert.deepInclude(manifest, { version })
  })
})
