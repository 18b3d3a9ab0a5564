/**
 * Random sequences of requests to two servers that share a PostgreSQL database: each request goes to one of them by chance. One that
 * goes to the other server than a change did waits until that server has followed so far. DRAWBAR_SEED and DRAWBAR_RUNS set the
 * seed and how many sequences there are.
 */
import process from "node:process"
import { assert, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import * as Loopback from "./Loopback.ts"
import * as RecordCommands from "./RecordCommands.ts"
import * as Shared from "./SharedDatabase.ts"

const seed = Number(process.env["DRAWBAR_SEED"] ?? Math.floor(Math.random() * 1e9))
const runs = Number(process.env["DRAWBAR_RUNS"] ?? 30)
const aliases = "/_plugins/_drawbar/aliases"

it(`${runs} random sequences of requests to two servers end as a simple model says (DRAWBAR_SEED=${seed})`, async () => {
  await using shared = await Shared.start()
  const platform = await RecordCommands.startPlatform()
  const open = () => shared.listen({ settings: Loopback.settings })
  const servers: [InProcess.InProcess, InProcess.InProcess] = [await open(), await open()]
  const marked = await Loopback.register(servers[0].url, platform.port)
  let chance = 1
  const coin = (): 0 | 1 => {
    chance = (Math.imul(chance, 1_664_525) + 1_013_904_223) >>> 0
    return chance >>> 31 === 0 ? 0 : 1
  }
  /** Of the last change, where the other server may not have it yet. */
  let writer: 0 | 1 | undefined
  let marks = 0
  let longest = 0

  /** A change that comes after all others is seen by the other server once it has followed those, too. */
  const follow = async (from: InProcess.InProcess, to: InProcess.InProcess) => {
    const weight = (++marks % 1_000) + 1
    const targets = [{ model_id: marked, weight }]
    const set = await ask(from.url, undefined, "PUT", `${aliases}/mark`, { targets })
    assert.strictEqual(set.status, 200, set.text)
    const millis = await Shared.until(async () => {
      const { json } = await ask(to.url, undefined, "GET", aliases)
      return json.aliases.some((one: any) => one.name === "mark" && one.targets[0].weight === weight)
    }, "the other server has followed")
    longest = Math.max(longest, millis)
  }
  const all: RecordCommands.Servers = {
    begin: (number) => void (chance = number),
    send: async (method, path, body) => {
      const at = coin()
      if (writer !== undefined && writer !== at) await follow(servers[writer], servers[at])
      if (writer !== at) writer = undefined
      // A predict may deploy its model.
      if (method !== "GET") writer = at
      return ask(servers[at].url, undefined, method, path, body)
    },
    restart: async () => {
      const at = coin()
      await servers[at][Symbol.asyncDispose]()
      servers[at] = await open()
      // A start reads all that is stored; the other server may still be behind a change of the one that stopped.
      if (writer === at) await follow(servers[at], servers[at === 0 ? 1 : 0])
      writer = undefined
    },
  }
  try {
    await RecordCommands.check(all, platform, { seed, runs })
    console.log(`${marks} times a server waited for the other's changes, ${longest.toFixed()} ms at most`)
  } finally {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()))
    await platform.close()
  }
}, 600_000)
