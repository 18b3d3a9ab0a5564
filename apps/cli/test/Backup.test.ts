/** `drawbar backup` beside a server that is written to, and `drawbar restore` for a server of its own. */
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Server from "@drawbar/server/Server"
import { Effect } from "effect"
import { assert, describe, it } from "vitest"
import { open } from "./Terminal.ts"

const connector = (name: string) => ({
  name,
  description: "for a backup",
  version: "1",
  protocol: "http",
  parameters: { model: "m" },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: "https://api.openai.com/v1/embeddings",
      headers: {},
      request_body: '{ "model": "${parameters.model}" }',
    },
  ],
})

const created = async (url: string, name: string): Promise<string> => {
  const response = await fetch(`${url}/_plugins/_ml/connectors/_create`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(connector(name)),
  })
  const body = (await response.json()) as { readonly connector_id: string }
  assert.strictEqual(response.status, 200, JSON.stringify(body))
  return body.connector_id
}

describe("a backup", () => {
  it("is made while records are written, and restored for another server", async () => {
    await using terminal = await open()
    const folder = await mkdtemp(join(tmpdir(), "drawbar-backup-"))
    try {
      const before: Array<string> = []
      for (let i = 0; i < 5; i++) before.push(await created(terminal.url, `before ${i}`))
      const done = new AbortController()
      const writer = (async () => {
        let count = 0
        while (!done.signal.aborted) await created(terminal.url, `while ${count++}`)
        return count
      })()
      const file = join(folder, "records.db")
      const backup = await terminal.drawbar(["backup", file])
      done.abort()
      assert.isAbove(await writer, 0)
      assert.strictEqual(backup.code, 0, backup.err)
      assert.include(backup.out, "The key ring is not in it")

      const data = join(folder, "data")
      const restored = await terminal.drawbar(["restore", file, "--data", data])
      assert.strictEqual(restored.code, 0, restored.err)
      assert.include(restored.out, `copy the one of the server that was backed up to ${join(data, "keyring.json")}`)
      assert.include(restored.out, `Next: drawbar serve --data ${data}`)

      await Effect.gen(function* () {
        const { url } = yield* Server.listen({
          host: "127.0.0.1",
          port: 0,
          files: { database: join(data, "drawbar.db"), keyring: join(data, "keyring.json") },
        })
        for (const id of before) {
          const response = yield* Effect.promise(() => fetch(`${url}/_plugins/_ml/connectors/${id}`))
          assert.strictEqual(response.status, 200, id)
        }
        const inUse = yield* Effect.promise(() => terminal.drawbar(["restore", file, "--data", data, "--force"]))
        assert.strictEqual(inUse.code, 1)
        assert.include(inUse.err, "A server uses")
      }).pipe(Effect.scoped, Effect.runPromise)

      const again = await terminal.drawbar(["restore", file, "--data", data])
      assert.strictEqual(again.code, 1)
      assert.include(again.err, "replace them with --force")
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })

  it("never replaces a file, and leaves none behind when it fails", async () => {
    await using terminal = await open()
    const folder = await mkdtemp(join(tmpdir(), "drawbar-backup-"))
    try {
      const file = join(folder, "records.db")
      await writeFile(file, "mine")
      const refused = await terminal.drawbar(["backup", file])
      assert.deepStrictEqual([refused.code, refused.err], [2, `drawbar: ${file} already exists; name another file\n`])
      const unwritable = await terminal.drawbar(["backup", join(folder, "missing", "records.db")])
      assert.strictEqual(unwritable.code, 1)
      assert.include(unwritable.err, "was not written: no such file or folder")
      const unreachable = await terminal.drawbar(["backup", join(folder, "new.db"), "--url", "http://127.0.0.1:1"])
      assert.strictEqual(unreachable.code, 1)
      assert.include(unreachable.err, "cannot connect to http://127.0.0.1:1")
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
