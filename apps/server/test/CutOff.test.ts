/**
 * A server that is cut off from PostgreSQL, while another one is not: what it responds meanwhile, how long a request may take, and that it
 * follows again. DRAWBAR_CUT_SECONDS sets for how long; of 60 s or more, the timeout of statements is the one that servers have by default.
 */
import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import * as BrokenNetwork from "@drawbar/test-postgres/BrokenNetwork"
import { afterAll, assert, beforeAll, it } from "vitest"
import * as Shared from "./SharedDatabase.ts"

const { ask, ml, predict, until, versionOf } = Shared

const seconds = Number(process.env["DRAWBAR_CUT_SECONDS"] ?? 8)
const statementTimeoutMillis = seconds >= 60 ? 30_000 : 3_000
/** A few seconds, and some for a busy machine. */
const mostMillis = 15_000

let shared: Shared.SharedDatabase
beforeAll(async () => {
  shared = await Shared.start()
})
afterAll(() => shared[Symbol.asyncDispose]())

const timed = async <A>(ask: () => Promise<A>) => {
  const began = performance.now()
  const value = await ask()
  return { value, millis: performance.now() - began }
}
const most = (times: ReadonlyArray<number>) => `${Math.max(...times).toFixed()} ms`

const ways: ReadonlyArray<readonly [string, (network: BrokenNetwork.BrokenNetwork) => unknown]> = [
  ["refuses connections", (network) => network.refuse()],
  ["is silent", (network) => network.swallow()],
]

it.each(ways)(
  "while the network to PostgreSQL %s",
  async (way, breakNetwork) => {
    await using network = await BrokenNetwork.start(shared.server.port)
    await using one = await shared.listen()
    await using cut = await shared.listen({
      postgres: { ...shared.postgres, port: network.port, statementTimeoutMillis },
    })
    const { connector, model } = await Shared.createModel(one.url)
    const path = `${ml}/connectors/${connector}`
    await until(async () => (await predict(cut.url, model)).status === 200, "it is called")
    const state = async () => (await ask(cut.url, "GET", "/_health/ready")).json.status

    const load = Shared.load([cut.url], model)
    await breakNetwork(network)
    const end = performance.now() + seconds * 1_000
    const times: Record<"change" | "read" | "search" | "health", Array<number>> = {
      change: [],
      read: [],
      search: [],
      health: [],
    }
    const again = async (kind: keyof typeof times, request: () => Promise<Shared.Reply>, fails: boolean) => {
      while (performance.now() < end) {
        const { value, millis } = await timed(request)
        times[kind].push(millis)
        // Those that wait when the network is back may succeed.
        if (fails && performance.now() < end) {
          assert.strictEqual(value.status, 503, JSON.stringify(value.json))
          assert.match(value.headers.get("retry-after") ?? "", /^\d+$/)
        } else if (!fails) assert.strictEqual(value.status, 200)
        await wait(100)
      }
    }
    await Promise.all([
      again("change", () => ask(cut.url, "PUT", path, { description: "of the one that is cut off" }), true),
      again("read", () => ask(cut.url, "GET", path), true),
      again("search", () => ask(cut.url, "POST", `${ml}/models/_search`, { query: { match_all: {} } }), true),
      again("health", () => ask(cut.url, "GET", "/_health/ready"), false),
      (async () => {
        const millis = await until(async () => (await state()) === "degraded", "it is degraded", mostMillis)
        console.log(`${way}: degraded after ${millis.toFixed()} ms`)
      })(),
      (async () => {
        for (let n = 1; n <= 3; n++) {
          await wait((seconds * 1_000) / 4)
          const changed = await ask(one.url, "PUT", path, { parameters: { model: `v${n}` } })
          assert.strictEqual(changed.status, 200, JSON.stringify(changed.json))
          assert.strictEqual(versionOf(await predict(one.url, model)), n)
        }
      })(),
    ])
    assert.strictEqual(versionOf(await predict(cut.url, model)), 0, "it uses what it knew")
    await network.restore()
    const followed = await until(async () => versionOf(await predict(cut.url, model)) === 3, "it follows again")
    await until(async () => (await state()) === "ok", "it is ready again")
    await until(
      async () => (await ask(cut.url, "PUT", path, { parameters: { model: "v4" } })).status === 200,
      "it changes records again",
    )
    assert.strictEqual(versionOf(await predict(cut.url, model)), 4)
    await until(async () => versionOf(await predict(one.url, model)) === 4, "the other one follows")
    const { failed, answers } = await load.stop()
    assert.deepStrictEqual(failed, [])
    const latencies = answers.map(({ millis }) => millis)
    for (const kind of ["change", "read", "search"] as const) assert.isBelow(Math.max(...times[kind]), mostMillis)
    assert.isBelow(Math.max(...latencies, ...times.health), 5_000)
    console.log(
      `${way} for ${seconds} s: ${answers.length} predicts, none failed, ${most(latencies)} at most; changes ${most(times.change)}, ` +
        `reads ${most(times.read)}, searches ${most(times.search)}, readiness ${most(times.health)}; followed after ${followed.toFixed()} ms`,
    )
  },
  300_000,
)
