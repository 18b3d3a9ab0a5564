/** `drawbar db` on real stores: a registry moves from SQLite to PostgreSQL and back, and its secrets stay sealed. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import * as Server from "@drawbar/server/Server"
import type { StartOptions } from "@drawbar/server/options/StartOptions"
import * as PostgresServer from "@drawbar/test-postgres/PostgresServer"
import { Effect } from "effect"
import { afterAll, beforeAll, expect, it } from "vitest"
import * as Terminal from "./Terminal.ts"

let terminal: Terminal.Terminal
let postgres: PostgresServer.PostgresServer
let folder: string
beforeAll(async () => {
  ;[terminal, postgres] = await Promise.all([Terminal.open(), PostgresServer.start()])
  folder = await mkdtemp(join(tmpdir(), "drawbar-db-"))
})
afterAll(async () => {
  await Promise.all([terminal[Symbol.asyncDispose](), postgres.close(), rm(folder, { recursive: true })])
})

/** Runs `work` with the URL of a server on these records. */
const serving = <A>(options: Partial<StartOptions>, work: (url: string) => Promise<A>): Promise<A> =>
  Effect.runPromise(
    Effect.scoped(
      Effect.flatMap(Server.listen({ host: "127.0.0.1", port: 0, ...options }), ({ url }) =>
        Effect.promise(() => work(url)),
      ),
    ),
  )

const json = async (url: string, method = "GET", body?: unknown): Promise<unknown> => {
  const headers = { "Content-Type": "application/json" }
  const response = await fetch(url, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  return response.json()
}

const connector = (name: string) => ({
  name,
  version: "1",
  protocol: "http",
  credential: { key: Terminal.secret },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: "https://api.openai.com/v1/chat/completions",
      headers: { Authorization: "Bearer ${credential.key}" },
      request_body: "{}",
    },
  ],
})

it("moves a registry from SQLite to PostgreSQL and back, with secrets that only the key ring opens", async () => {
  const { drawbar, file } = terminal
  const keyring = join(folder, "keyring.json")
  await serving({ files: { database: join(folder, "drawbar.db"), keyring } }, async (url) => {
    for (const name of ["one", "two", "three"])
      await json(`${url}/_plugins/_ml/connectors/_create`, "POST", connector(name))
    const busy = await drawbar(["db", "status", "--data", folder])
    expect(busy).toMatchObject({ code: 1, out: "" })
    expect(busy.err).toContain("another process has it open")
  })

  const database = await postgres.createDatabase()
  const target = postgres.url(database)
  const moved = await drawbar(["db", "migrate", "--data", folder, "--to", target])
  expect(moved).toMatchObject({ code: 0, err: "" })
  expect(moved.out).toMatch(/^Copied \d+ records from .*drawbar\.db to postgres:\/\/127\.0\.0\.1:\d+\/test_1\./)
  expect((await drawbar(["db", "status", "--database", target])).out).toMatch(/connector +3\n/)

  const exported = await drawbar(["db", "export", "--database", target])
  expect(exported.code).toBe(0)
  expect(exported.out).not.toContain(Terminal.secret)
  expect(exported.out).toBe((await drawbar(["db", "export", "--data", folder])).out)

  const options = { files: { database: "PostgreSQL", keyring }, postgres: postgres.optionsOf(database) }
  const report = await serving(options, (url) => json(`${url}/_plugins/_ml/keys/_doctor`))
  expect(report).toMatchObject({ keys: [{ secrets: 3 }], unreadable: [] })

  await file("export.jsonl", exported.out)
  // The second import finds everything there already.
  for (let i = 0; i < 2; i++)
    expect(await drawbar(["db", "import", "export.jsonl", "--data", "copy"])).toMatchObject({ code: 0, err: "" })
  expect((await drawbar(["db", "export", "--data", "copy"])).out).toBe(exported.out)

  await file("cut.jsonl", exported.out.split("\n").slice(0, 3).join("\n"))
  expect((await drawbar(["db", "import", "cut.jsonl", "--data", "cut"])).err).toContain("it was cut off")
  await file("other.jsonl", exported.out.replace('"name":"one"', '"name":"uno"'))
  expect((await drawbar(["db", "import", "other.jsonl", "--data", "copy"])).err).toContain("Import into an empty store")
}, 120_000)

it("names a store that does not exist, and a file that is not an export", async () => {
  const { drawbar, file } = terminal
  expect((await drawbar(["db", "export", "--data", "missing"])).err).toContain("There is no database in missing")
  await file("none.jsonl", '{"name":"x"}\n')
  expect((await drawbar(["db", "import", "none.jsonl", "--data", "none"])).err).toContain("Line 1 is not")
  expect((await drawbar(["db", "status", "--database", `${postgres.url("nowhere")}`])).err).toContain(
    "has no such database",
  )
})
