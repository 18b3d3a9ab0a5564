/**
 * Random sequences of requests to two servers that share a PostgreSQL database: each request goes to one of them by chance. One that
 * goes to the other server than a change did waits until that server has followed so far. Several pairs of servers, each with a database
 * of its own, do that side by side. DRAWBAR_SEED and DRAWBAR_RUNS set the seed and how many sequences there are.
 */
import process from "node:process"
import type * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import * as BrokenNetwork from "@drawbar/test-postgres/BrokenNetwork"
import { assert, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as Loopback from "./Loopback.ts"
import * as RecordCommands from "./RecordCommands.ts"
import * as Shared from "./SharedDatabase.ts"

const seed = Number(process.env["DRAWBAR_SEED"] ?? Math.floor(Math.random() * 1e9))
const runs = Number(process.env["DRAWBAR_RUNS"] ?? 500)
const pairs = 4
const aliases = "/_plugins/_drawbar/aliases"

/** A server with a network of its own to the database. */
const open = async (shared: Shared.SharedDatabase, database: string) => {
  const network = await BrokenNetwork.start(shared.server.port)
  const postgres = { ...shared.server.optionsOf(database), port: network.port }
  const server = await shared.listen({ settings: Loopback.settings, postgres })
  return {
    url: server.url,
    /** `crashes`: it is gone for the database before it can say so, as after a kill. */
    stop: async (crashes = false) => {
      if (crashes) await network.refuse()
      await server[Symbol.asyncDispose]()
      await network.refuse()
    },
  }
}

const checkPair = async (
  shared: Shared.SharedDatabase,
  platform: StubPlatform.StubPlatform,
  options: { readonly seed: number; readonly runs: number },
) => {
  const database = await shared.server.createDatabase()
  const again = () => open(shared, database)
  const servers = [await again(), await again()] as [Awaited<ReturnType<typeof open>>, Awaited<ReturnType<typeof open>>]
  const marked = await Loopback.register(servers[0].url, platform.port)
  let chance = 1
  const coin = (): 0 | 1 => {
    chance = (Math.imul(chance, 1_664_525) + 1_013_904_223) >>> 0
    return chance >>> 31 === 0 ? 0 : 1
  }
  /** Of the last change, where the other server may not have it yet. */
  let writer: 0 | 1 | undefined
  const seen = { marks: 0, longest: 0, crashes: 0 }

  /** A change that comes after all others is seen by the other server once it has followed those, too. */
  const follow = async (from: { readonly url: string }, to: { readonly url: string }) => {
    const weight = (++seen.marks % 1_000) + 1
    const targets = [{ model_id: marked, weight }]
    const set = await ask(from.url, undefined, "PUT", `${aliases}/mark`, { targets })
    assert.strictEqual(set.status, 200, set.text)
    const millis = await Shared.until(async () => {
      const { json } = await ask(to.url, undefined, "GET", aliases)
      return json.aliases.some((one: any) => one.name === "mark" && one.targets[0].weight === weight)
    }, "the other server has followed")
    seen.longest = Math.max(seen.longest, millis)
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
      const crashes = coin() === 1
      if (crashes) seen.crashes++
      await servers[at].stop(crashes)
      servers[at] = await again()
      // A start reads all that is stored; the other server may still be behind a change of the one that stopped.
      if (writer === at) await follow(servers[at], servers[at === 0 ? 1 : 0])
      writer = undefined
    },
  }
  try {
    return { outcomes: await RecordCommands.check(all, platform, options), ...seen }
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}

it(`${runs} random sequences of requests to two servers end as a simple model says (DRAWBAR_SEED=${seed})`, async () => {
  await using shared = await Shared.start()
  await using platform = await RecordCommands.startPlatform()
  const found = await Promise.all(
    Array.from({ length: pairs }, (_, i) =>
      checkPair(shared, platform, { seed: seed + i, runs: Math.ceil(runs / pairs) }),
    ),
  )
  RecordCommands.assertOutcomes(new Set(found.flatMap(({ outcomes }) => [...outcomes])), runs)
  const sum = (of: (one: (typeof found)[number]) => number) => found.reduce((total, one) => total + of(one), 0)
  console.log(
    `${sum(({ marks }) => marks)} times a server waited for the other's changes, ${Math.max(...found.map(({ longest }) => longest)).toFixed()} ms at most; ${sum(({ crashes }) => crashes)} crashes`,
  )
}, 900_000)
