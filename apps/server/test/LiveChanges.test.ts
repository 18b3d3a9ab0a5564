/**
 * Connectors, credentials, aliases and the key ring change while models are called, on servers and workers that share PostgreSQL, each
 * a process of its own. DRAWBAR_UPDATES sets how many updates there are, with a fifth as many rollbacks, rotations and switches;
 * DRAWBAR_RATE sets how many predicts are sent a second.
 */
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Received from "@drawbar/stub-platform/Received"
import { afterAll, assert, beforeAll, it } from "vitest"
import * as OpenLoad from "./OpenLoad.ts"
import * as Shared from "./SharedDatabase.ts"
import * as Spawned from "./Spawned.ts"

const { ask, ml, until } = Shared

const updates = Number(process.env["DRAWBAR_UPDATES"] ?? 10)
const perSecond = Number(process.env["DRAWBAR_RATE"] ?? 40)
const callers = 8
/** docs/scaling.md */
const boundMillis = 1_000

let shared: Shared.SharedDatabase
beforeAll(async () => {
  shared = await Shared.start(async (received) => {
    // As long as the fastest providers take.
    await wait(5)
    const [, version = "none"] = /"model": ?"v(\d+)"/.exec(received.text) ?? []
    const [, key = "none"] = /^Bearer key-(\d+)$/.exec(Received.header(received, "authorization") ?? "") ?? []
    return Answer.json({ embeddings: [[Number(version), Number(key)]] })
  })
})
afterAll(() => shared[Symbol.asyncDispose]())

const contentOf = ({ status, json }: Shared.Reply): string => {
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(json)}`)
  return json.inference_results[0].output[0].data.join(" with key ")
}

const pause = () => wait(100)

const both = (values: ReadonlyArray<number>) =>
  `p50 ${OpenLoad.percentile(values, 0.5).toFixed(1)} ms, p99 ${OpenLoad.percentile(values, 0.99).toFixed(1)} ms, most ${Math.max(...values).toFixed(1)} ms`

const kinds: ReadonlyArray<readonly [string, number, ReadonlyArray<string>]> = [
  ["two servers", 2, []],
  ["three servers", 3, []],
  ["two workers of one server", 1, ["--workers", "2"]],
]

it.each(kinds)(
  `%s: no predict fails while ${updates} updates are made, and none is answered by what was before`,
  async (name, count, flags) => {
    const ca = join(shared.folder, "ca.pem")
    await writeFile(ca, shared.platform.ca)
    const common = ["--data", shared.folder, "--keyring", shared.keyring, "--database", shared.databaseUrl]
    const upstream = ["--ca-file", ca, "--connect-to", `api.cohere.ai:443:127.0.0.1:${shared.platform.port}`]
    await using servers = new AsyncDisposableStack()
    const urls: Array<string> = []
    for (let n = 0; n < count; n++)
      urls.push(servers.use(await Spawned.start([...common, ...upstream, ...flags, "--log", "off"])).url)
    const any = () => urls[Math.floor(Math.random() * urls.length)] ?? ""
    const replicas = flags.length === 0 ? count : 2
    await until(
      async () => (await ask(any(), "GET", "/_plugins/_drawbar/replicas")).json.replicas.length === replicas,
      "all are listed",
    )

    const change = async (method: string, path: string, body?: object) => {
      const { status, json } = await ask(any(), method, path, body)
      assert.strictEqual(status, 200, `${method} ${path}: ${JSON.stringify(json)}`)
    }
    const models = [await Shared.createModel(any()), await Shared.createModel(any())] as const
    const alias = `live-${models[0].model}`
    /** By connector: what its versions were, and the number of its key now. */
    const states = models.map(() => ({ versions: [0], key: 0 }))
    let live = 0
    const content = () => `${states[live]?.versions.at(-1)} with key ${states[live]?.key}`
    const steps: Array<OpenLoad.Step> = []
    const step = async (make: () => Promise<void>, then: () => void) => {
      const begunAt = performance.now()
      await make()
      then()
      steps.push({ content: content(), begunAt, acknowledgedAt: performance.now() })
    }
    const counts = { updates: 0, rollbacks: 0, credentials: 0, keyrings: 0, switches: 0 }
    const update = (n: number) => {
      const state = states[live]!
      const rotates = n % 10 === 1
      const path = `${ml}/connectors/${models[live]?.connector}`
      const credential = rotates ? { credential: { cohere_key: `key-${n}` } } : {}
      counts.updates++
      if (rotates) counts.credentials++
      return step(
        () => change("PUT", path, { parameters: { model: `v${n}` }, ...credential }),
        () => {
          state.versions.push(n)
          if (rotates) state.key = n
        },
      )
    }
    const rollBack = () => {
      const { versions } = states[live]!
      const version = versions.length - 1
      counts.rollbacks++
      return step(
        () => change("POST", `${ml}/connectors/${models[live]?.connector}/_rollback`, { version }),
        () => void versions.push(versions[version - 1] ?? 0),
      )
    }
    const switchTo = (next: number) =>
      step(
        () => change("PUT", `/_plugins/_drawbar/aliases/${alias}`, { model_id: models[next]?.model }),
        () => void (live = next),
      )
    await switchTo(0)
    // The alias is new: a server may not know it yet.
    await wait(boundMillis)
    // Servers that have just started compile what they run, and would refuse some of a load that they bear a moment later.
    for (const url of urls)
      for (let n = 0; n < perSecond; n++) assert.strictEqual((await Shared.predict(url, alias)).status, 200)

    // The first call of a connection decides which worker has it: a new one now and then goes to others, too.
    const headers = flags.length === 0 ? {} : { connection: "close" }
    let sent = 0
    const load = OpenLoad.start(perSecond, callers, async () => {
      const path = `${ml}/models/${alias}/_predict`
      return contentOf(
        await ask(any(), "POST", path, { parameters: { texts: ["x"] } }, ++sent % 4 === 0 ? headers : {}),
      )
    })
    for (let n = 1; n <= updates; n++) {
      await update(n)
      await pause()
      if (n % 5 === 2) {
        counts.switches++
        await switchTo(1 - live)
        await pause()
      }
      if (n % 5 === 4 && states[live]!.versions.length > 1) {
        await rollBack()
        await pause()
      }
      if (n % 10 === 6) {
        counts.keyrings++
        await change("POST", `${ml}/keys/_rotate`)
      }
    }
    // What is stale for longer than the bound would be seen after it.
    await wait(boundMillis)
    const { answers, failures, rate, behindMillis } = await load.stop()
    const stale = OpenLoad.staleness(steps, answers)
    const latencies = answers.map(({ sentAt, receivedAt }) => receivedAt - sentAt)
    console.log(
      `${name}: ${answers.length} predicts, ${rate.toFixed()} a second (${perSecond} asked for, ${behindMillis.toFixed()} ms behind at most), ${failures.length} failed; ` +
        `${JSON.stringify(counts)}; staleness ${both(stale)}; latency ${both(latencies)}`,
    )
    assert.deepStrictEqual(failures.slice(0, 3), [])
    assert.deepStrictEqual(OpenLoad.tooOld(steps, answers, boundMillis).slice(0, 5), [])
    assert.isAbove(new Set(answers.map((answer) => answer.content)).size, updates / 2)
    assert.isAtLeast(Math.min(...Object.values(counts)), Math.floor(updates / 10))
  },
  300_000,
)
