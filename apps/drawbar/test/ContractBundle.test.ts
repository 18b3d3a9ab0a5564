/** A client is made from the contracts alone: what they import is bundled here as the command's own bundle is. */
import { globSync } from "node:fs"
import { builtinModules } from "node:module"
import { join } from "node:path"
import { rolldown } from "rolldown"
import { assert, describe, it } from "vitest"
import config from "../rolldown.config.ts"

const root = join(import.meta.dirname, "../../..")
const contracts = globSync("packages/http-api/src/*/*Api.ts", { cwd: root }).map((path) => join(root, path))

/** What modules that are bundled import from outside, and the bundled modules themselves. */
const bundled = async (input: ReadonlyArray<string>) => {
  const { output: _, ...options } = config
  const bundle = await rolldown({ ...options, input: [...input], logLevel: "silent" })
  const { output } = await bundle.generate({ format: "esm" })
  await bundle.close()
  const chunks = output.filter((file) => file.type === "chunk")
  const own = new Set(chunks.map(({ fileName }) => fileName))
  return {
    imports: chunks
      .flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports])
      .filter((id) => !own.has(id)),
    modules: chunks.flatMap(({ moduleIds }) => moduleIds),
  }
}

const builtin = new Set(builtinModules.flatMap((name) => [name, `node:${name}`]))
const isOfNode = (id: string) => builtin.has(id) || id.startsWith("node:")
// The bundle takes its part of `node:http` by a module of its own.
const servers = /node_modules\/(?:undici|better-sqlite3)\/|^\0node:https?$/

describe("the contracts", () => {
  it("are found", () => assert.isAbove(contracts.length, 10))

  it("import nothing of Node and no client or server of HTTP", { timeout: 120_000 }, async () => {
    const { imports, modules } = await bundled(contracts)
    assert.deepStrictEqual(imports.filter(isOfNode), [])
    assert.deepStrictEqual(
      modules.filter((id) => servers.test(id)),
      [],
    )
    assert.isTrue(modules.some((id) => id.endsWith("routes/DrawbarApi.ts")))
  })

  it("differ in this from the handlers", { timeout: 120_000 }, async () => {
    const { imports, modules } = await bundled([join(root, "packages/http-api/src/ApiServer.ts")])
    assert.include(imports.filter(isOfNode), "node:net")
    assert.include(modules, "\0node:http")
    assert.isTrue(modules.some((id) => id.includes("node_modules/undici/")))
  })
})
