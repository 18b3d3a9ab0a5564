import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { parseArgs } from "node:util"
import * as SettingTable from "@drawbar/registry/settings/SettingTable"
import { assert, expect, it } from "vitest"
import { inPage } from "../src/ConfigurationPage.ts"
import * as FlagTable from "@drawbar/server/options/FlagTable"
import * as ServeCommand from "@drawbar/server/options/ServeCommand"

const page = join(import.meta.dirname, "../../../docs/configuration.md")

it("docs/configuration.md has the tables of the flags as they are now", async () =>
  expect(inPage(await readFile(page, "utf8"))).toMatchFileSnapshot(page))

it("docs/configuration.md lists every cluster setting that has an effect, and no other", async () => {
  const listed = [...(await readFile(page, "utf8")).matchAll(/^\| `(plugins\.[\w.]+)`/gm)].map(([, name]) => name)
  assert.sameMembers(
    listed,
    SettingTable.names.filter((name) => !SettingTable.isInert(name)),
  )
})

const help = ServeCommand.parse(["--help"])
const usage = help._tag === "Shown" ? help.text : ""

it("the help text has every flag that is parsed, with its variable and its section", () => {
  const flags = Object.keys(FlagTable.table)
  for (const flag of flags) {
    assert.include(usage, `  --${flag}`)
    assert.match(usage, new RegExp(`\\[${FlagTable.variableOf(flag)}\\b`))
  }
  assert.sameMembers(
    FlagTable.bySection.flatMap(([, rows]) => rows.map(([flag]) => flag)),
    flags,
  )
})

it("a line of the help text has at most 100 columns", () =>
  assert.deepStrictEqual(
    usage.split("\n").filter((line) => line.length > 100),
    [],
  ))

it("each row of the table is parsed as its type says", () => {
  for (const [flag, { type }] of Object.entries(FlagTable.table)) {
    const args = type === "boolean" ? [`--${flag}`] : [`--${flag}`, "a"]
    assert.isDefined(
      Object.entries(parseArgs({ args, options: FlagTable.table }).values).find(([name]) => name === flag),
    )
  }
})
