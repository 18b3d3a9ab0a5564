/** Each setting is read somewhere, or says that it is not. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join, resolve } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { isForeign, isInert, names, table } from "../src/settings/SettingTable.ts"

const root = resolve(import.meta.dirname, "../../..")

const sources = ["packages", "apps"].flatMap((folder) =>
  readdirSync(join(root, folder)).flatMap((name) => {
    const src = join(root, folder, name, "src")
    if (!existsSync(src)) return []
    return readdirSync(src, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !file.endsWith("SettingTable.ts"))
      .map((file) => readFileSync(join(src, file), "utf8"))
  }),
)

/** A reader gets a setting by its name, or lists it among those that it gets. */
const isRead = (name: string) =>
  sources.some(
    (text) => text.includes(`get("${name}")`) || new RegExp(`[:=]\\s*"${name.replaceAll(".", "\\.")}"`).test(text),
  )

/** Given a reader by another change. */
const awaited = new Set(["plugins.ml_commons.max_json_size"])

describe("a setting that has an effect is read", () => {
  for (const name of names)
    if (!isInert(name) && !awaited.has(name)) it(name, () => assert.isTrue(isRead(name), `${name} is read nowhere`))
})

describe("a setting without effect is not read", () => {
  for (const name of names) if (isInert(name)) it(name, () => assert.isFalse(isRead(name), `${name} is read`))
})

it("names of other parts of a cluster never hide one of the table", () => {
  assert.deepStrictEqual(
    names.filter((name) => isForeign(name)),
    [],
  )
  for (const name of ["cluster.max_shards_per_node", "logger.org.opensearch", "indices.a-b.c_1"])
    assert.isTrue(isForeign(name), name)
  for (const name of [
    "cluster",
    "cluster.",
    "clusters.a",
    "plugins.x",
    "cluster.__proto__",
    `cluster.${"x".repeat(300)}`,
  ])
    assert.isFalse(isForeign(name), name)
})

it("each setting without effect has a default that its own reader takes", () => {
  for (const name of names) {
    const { fallback, read } = table[name]
    const shown = Array.isArray(fallback) ? fallback.map(String) : String(fallback)
    assert.strictEqual(read(name, shown)._tag, "Success", name)
  }
})

const reference = process.env["DRAWBAR_REFERENCE"] ?? resolve(root, "../../shared/reference")

const documented = (): ReadonlyArray<string> => {
  try {
    const [, section = ""] = readFileSync(join(reference, "ml-commons-rest.md"), "utf8").split(
      "## 16. Cluster settings",
    )
    return section
      .split("\n## ")[0]!
      .split("\n")
      .flatMap((line) => /^\| (`[^|]*) \|/.exec(line)?.[1]?.split(", ") ?? [])
      .flatMap((cell) => /^`([a-z_]+[a-z_.]*)`/.exec(cell)?.[1] ?? [])
  } catch {
    return []
  }
}

describe.skipIf(documented().length === 0)("ML Commons documents (skipped: ../shared/reference is absent)", () => {
  it("more than thirty settings", () => assert.isAbove(documented().length, 30))
  for (const name of documented())
    it(`${name}, which is known`, () => assert.include<string>(names, `plugins.ml_commons.${name}`))
})
