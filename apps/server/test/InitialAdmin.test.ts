/** The operator's key creates the first admin, once, and is never printed. */
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "vitest"
import * as Spawned from "./Spawned.ts"

const key = "first-0123456789abcdef0123456789abcdef"
const other = "other-0123456789abcdef0123456789abcdef"

const inFolder = async (test: (folder: string) => Promise<void>) => {
  const folder = await mkdtemp(join(tmpdir(), "drawbar-admin-"))
  try {
    await test(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The status of a request that needs permission `operate`. */
const statusWith = async (url: string, bearer: string): Promise<number> => {
  const response = await fetch(`${url}/_plugins/_ml/api_keys`, { headers: { authorization: `Bearer ${bearer}` } })
  await response.arrayBuffer()
  return response.status
}

const start = (folder: string, env: Readonly<Record<string, string>>) =>
  Spawned.start(["--auth", "on", "--data", join(folder, "data")], { env })

const stop = async ({ child, ended }: Spawned.Spawned) => {
  child.kill("SIGTERM")
  assert.strictEqual(await ended, 0)
}

describe("the first admin's key", () => {
  it("opens a server with --auth on on new data, from a file, and is not printed", () =>
    inFolder(async (folder) => {
      const file = join(folder, "key")
      await writeFile(file, `${key}\n`)
      await using server = await start(folder, { DRAWBAR_INITIAL_ADMIN_KEY_FILE: file })
      assert.strictEqual(await statusWith(server.url, key), 200)
      assert.strictEqual(await statusWith(server.url, other), 401)
      assert.strictEqual(await statusWith(server.url, `${key}x`), 401)
      assert.include(server.said(), "The first admin was created")
      await stop(server)
      assert.notInclude(server.said(), key)
    }))

  it("has no effect once there is a principal", () =>
    inFolder(async (folder) => {
      {
        await using server = await start(folder, { DRAWBAR_INITIAL_ADMIN_KEY: key })
        await stop(server)
      }
      await using server = await start(folder, { DRAWBAR_INITIAL_ADMIN_KEY: other })
      assert.strictEqual(await statusWith(server.url, key), 200)
      assert.strictEqual(await statusWith(server.url, other), 401)
      assert.notInclude(server.said(), "The first admin was created")
    }))

  it("may have the form of Drawbar's own keys", () =>
    inFolder(async (folder) => {
      const own = `dbk_0123456789abcdef01_${"A".repeat(43)}`
      await using server = await start(folder, { DRAWBAR_INITIAL_ADMIN_KEY: own })
      assert.strictEqual(await statusWith(server.url, own), 200)
    }))

  const sentence = "must hold a key of 20 to 512 ASCII characters without blanks"
  it.each<[string, Readonly<Record<string, string>>, string]>([
    ["a short key", { DRAWBAR_INITIAL_ADMIN_KEY: "short" }, `DRAWBAR_INITIAL_ADMIN_KEY ${sentence}`],
    ["a key with blanks", { DRAWBAR_INITIAL_ADMIN_KEY: "a b ".repeat(10) }, `DRAWBAR_INITIAL_ADMIN_KEY ${sentence}`],
    [
      "a missing file",
      { DRAWBAR_INITIAL_ADMIN_KEY_FILE: "/missing/key" },
      "/missing/key, which cannot be read: ENOENT",
    ],
    [
      "both variables",
      { DRAWBAR_INITIAL_ADMIN_KEY: key, DRAWBAR_INITIAL_ADMIN_KEY_FILE: "/missing/key" },
      "are both set. Set only one of them.",
    ],
    ["neither", {}, "Set DRAWBAR_INITIAL_ADMIN_KEY_FILE to a file"],
  ])("is refused at the start: %s", (_, env, expected) =>
    inFolder(async (folder) => {
      await using server = Spawned.run(["--port", "0", "--auth", "on", "--data", join(folder, "data")], { env })
      assert.strictEqual(await server.ended, 1)
      assert.include(server.said(), expected)
    }),
  )
})
