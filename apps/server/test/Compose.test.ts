/** The compose file of examples/compose: its servers' flags are valid, with the variables that it sets. */
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { Result } from "effect"
import { assert, it } from "vitest"
import * as Flags from "../src/options/Flags.ts"

const text = readFileSync(join(import.meta.dirname, "../../../examples/compose/compose.yaml"), "utf8")

it("starts servers with flags that this version takes", () => {
  const flags = [...text.matchAll(/^ {6}- (--\S+)$/gm)].map(([, flag = ""]) => flag)
  assert.isAbove(flags.length, 5)
  const read = Flags.read(flags, { DATABASE_PASSWORD: "p", DRAWBAR_KEYRING: "{}" })
  const { database, sharedLimits, auth, keyring } = Result.getOrThrow(read)
  assert.include(database, { host: "postgres", port: 5432, database: "drawbar", user: "drawbar", sslMode: "disable" })
  assert.deepStrictEqual([sharedLimits, auth, keyring], [true, true, "env:DRAWBAR_KEYRING"])
})
