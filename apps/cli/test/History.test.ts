/** history, diff and rollback of what has versions, as a user types them. Connectors are in Journey.test.ts. */
import { afterAll, beforeAll, expect, it } from "vitest"
import * as Terminal from "./Terminal.ts"

let terminal: Terminal.Terminal
beforeAll(async () => {
  terminal = await Terminal.open()
})
afterAll(() => terminal[Symbol.asyncDispose]())

const succeeds = async (...args: ReadonlyArray<string>): Promise<string> => {
  const { code, out, err } = await terminal.drawbar(args)
  expect({ code, err }, args.join(" ")).toEqual({ code: 0, err: "" })
  return out
}

it("restores an earlier version of a model group", async () => {
  const id = (await succeeds("group", "create", "bees", "-o", "name")).trim()
  await succeeds("group", "update", id, "--name", "wasps")
  expect(await succeeds("group", "history", id)).toMatch(/^VERSION +TIME +BY +CHANGED\n2 .+ name\n1 /)
  expect(await succeeds("group", "diff", id)).toBe('Version 1 to 2\n- /name: "bees"\n+ /name: "wasps"\n')
  expect(await succeeds("group", "rollback", id, "1")).toBe(`Restored version 1 of group ${id}\n`)
  expect(await succeeds("group", "get", id)).toMatch(/^name +bees\n/)
  expect(await succeeds("group", "history", id)).toContain("restored version 1")

  expect(await terminal.drawbar(["group", "rollback", id])).toMatchObject({
    code: 2,
    err: `drawbar: name a version: drawbar group rollback ${id} VERSION\n`,
  })
  expect((await terminal.drawbar(["group", "history", "bees"])).err).toMatch(
    /^drawbar: Failed to find model group .*bees \(status 404\)\. `drawbar group list` shows the ids\n$/,
  )
}, 120_000)

it("rejects an empty id before a request is sent", async () => {
  expect(await terminal.drawbar(["group", "history", ""])).toMatchObject({
    code: 2,
    err: expect.stringContaining("Expected: an id. A variable of the shell that is not set is empty"),
  })
}, 60_000)

it("restores an earlier version of the settings", async () => {
  const name = "plugins.ml_commons.stream_enabled"
  await succeeds("settings", "set", name, "false")
  await succeeds("settings", "set", name, "true")
  expect(await succeeds("settings", "history")).toMatch(/^VERSION +TIME +BY +CHANGED\n2 /)
  expect(await succeeds("settings", "diff", "--from", "1", "--to", "2")).toBe(
    `Version 1 to 2\n- /persistent/${name}: "false"\n+ /persistent/${name}: "true"\n`,
  )
  expect(await succeeds("settings", "rollback", "--to", "1")).toBe("Restored version 1 of the persistent settings\n")
  expect(await succeeds("settings", "get", name)).toBe("false\n")
  expect(JSON.parse(await succeeds("settings", "history", "-o", "json")).versions[0]).toMatchObject({
    version: 3,
    restored: 1,
  })

  expect(await terminal.drawbar(["settings", "rollback"])).toMatchObject({
    code: 2,
    err: "drawbar: name a version: drawbar settings rollback VERSION\n",
  })
  expect((await terminal.drawbar(["settings", "rollback", "9"])).err).toContain("no version 9")
}, 120_000)
