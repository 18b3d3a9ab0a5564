/** Random sequences of requests to one server on files. DRAWBAR_SEED and DRAWBAR_RUNS set the seed and how many there are. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import * as Loopback from "./Loopback.ts"
import * as RecordCommands from "./RecordCommands.ts"

const seed = Number(process.env["DRAWBAR_SEED"] ?? Math.floor(Math.random() * 1e9))
const runs = Number(process.env["DRAWBAR_RUNS"] ?? 500)

it(`${runs} random sequences of requests end as a simple model says (DRAWBAR_SEED=${seed})`, async () => {
  const platform = await RecordCommands.startPlatform()
  const folder = await mkdtemp(join(tmpdir(), "drawbar-"))
  const open = () =>
    InProcess.listen({
      settings: Loopback.settings,
      files: { database: join(folder, "drawbar.db"), keyring: join(folder, "keyring.json") },
    })
  let server = await open()
  const servers: RecordCommands.Servers = {
    send: (method, path, body) => ask(server.url, undefined, method, path, body),
    restart: async () => {
      await server[Symbol.asyncDispose]()
      server = await open()
    },
  }
  try {
    RecordCommands.assertOutcomes(await RecordCommands.check(servers, platform, { seed, runs }), runs)
  } finally {
    await server[Symbol.asyncDispose]()
    await platform.close()
    await rm(folder, { recursive: true })
  }
}, 600_000)
