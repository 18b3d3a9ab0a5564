/** Budgets, quotas and usage of servers that share PostgreSQL and count together (`--limits shared`), also where one of them is killed. */
import { writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import * as Answer from "@drawbar/stub-platform/Answer"
import { afterAll, assert, beforeAll, it } from "vitest"
import * as Shared from "./SharedDatabase.ts"
import * as Spawned from "./Spawned.ts"

const { ask, ml, until } = Shared

/** Each call costs 0.01 USD, which is what it reserves. */
const prices = { models: { "model-of-test": { input: 0, output: 1_000 } } }
const usage = { prompt_tokens: 0, completion_tokens: 10, total_tokens: 10 }
const connector = {
  name: "c",
  version: 1,
  protocol: "http",
  credential: { key: "key-1" },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: "https://api.cohere.ai/v1/embed",
      request_body: '{"model":"model-of-test","max_tokens":10,"q":"${parameters.q}"}',
    },
  ],
}

let shared: Shared.SharedDatabase
/** While true, the provider does not respond. */
const upstreamState = { hangs: false }
let flags: ReadonlyArray<string>
const keys: Record<string, string> = {}
beforeAll(async () => {
  shared = await Shared.start(async () => {
    while (upstreamState.hangs) await wait(50)
    return Answer.json({ answer: 1, usage })
  })
  const files = { ca: join(shared.folder, "ca.pem"), prices: join(shared.folder, "prices.json") }
  await writeFile(files.ca, shared.platform.ca)
  await writeFile(files.prices, JSON.stringify(prices))
  const common = [
    "--data",
    shared.folder,
    "--keyring",
    shared.keyring,
    "--database",
    shared.databaseUrl,
    "--log",
    "off",
  ]
  const upstream = ["--ca-file", files.ca, "--connect-to", `api.cohere.ai:443:127.0.0.1:${shared.platform.port}`]
  flags = [...common, ...upstream, "--prices", files.prices, "--limits", "shared"]

  await using server = await Spawned.start(flags)
  const made = async (path: string, body: object) => {
    const { status, json } = await ask(server.url, "POST", path, body)
    assert.strictEqual(status, 200, JSON.stringify(json))
    return json
  }
  await made(`${ml}/models/_register`, { name: "m", model_id: "m", function_name: "remote", connector })
  const people = {
    admin: { roles: ["admin"] },
    spender: { roles: ["application"], max_budget: 1 },
    killed: { roles: ["application"], max_budget: 0.3 },
    counted: { roles: ["application"], max_budget_tokens: 500, budget_window: "day" },
  }
  for (const [name, fields] of Object.entries(people))
    keys[name] = `Bearer ${(await made(`${ml}/api_keys`, { name, ...fields })).api_key}`
})
afterAll(async () => {
  upstreamState.hangs = false
  await shared[Symbol.asyncDispose]()
})

const start = () => Spawned.start([...flags, "--auth", "on"])
const predict = async (url: string, who: string) => {
  const path = `${ml}/models/m/_predict`
  const { status, json } = await ask(url, "POST", path, { parameters: { q: "" } }, { authorization: keys[who] ?? "" })
  assert.include([200, 429], status, JSON.stringify(json))
  return status === 200
}
/** Until it is refused for as long as leases of other servers may be under way; returns how many calls there were. */
const spendAll = async (urls: ReadonlyArray<string>, who: string) => {
  let [calls, refused] = [0, 0]
  const lane = async (url: string) => {
    for (let last = performance.now(); performance.now() - last < 2_500;) {
      if (await predict(url, who)) {
        calls++
        last = performance.now()
      } else {
        refused++
        await wait(100)
      }
    }
  }
  await Promise.all(urls.flatMap((url) => [lane(url), lane(url), lane(url)]))
  assert.isAbove(refused, 0)
  return calls
}
const usageOf = async (url: string) =>
  (await ask(url, "GET", "/_plugins/_drawbar/usage?by=user", undefined, { authorization: keys["admin"] ?? "" })).json

it.each([
  ["spender", 100],
  ["counted", 50],
] as const)("two servers together let the key %s make %i calls, and both say the same", async (who, limit) => {
  await using one = await start()
  await using other = await start()
  const calls = await spendAll([one.url, other.url], who)
  // The last call of each server takes what is left, and may use more than that.
  assert.isTrue(calls >= limit && calls < limit + 2, `${calls} calls`)
  // What the other one has used in the last second may be missing.
  await wait(1_500)
  for (const { url } of [one, other]) {
    const { rows, budgets } = await usageOf(url)
    const row = rows.find(({ user }: { readonly user: string }) => user === who)
    assert.deepInclude(row, { calls, output_tokens: 10 * calls })
    assert.closeTo(row.cost_usd, calls / 100, 1e-9)
    const { spent_usd, spent_tokens } = budgets.find(({ name }: { readonly name: string }) => name === who)
    assert.closeTo(spent_usd, calls / 100, 1e-9)
    assert.strictEqual(spent_tokens, 10 * calls)
  }
})

it("what a server that is killed had reserved and leased of a budget is free again when its lease ends", async () => {
  await using survivor = await start()
  {
    await using victim = await start()
    assert.isTrue(await predict(victim.url, "killed"))
    await wait(2_000)
    upstreamState.hangs = true
    const under = Array.from({ length: 20 }, () => predict(victim.url, "killed").catch(() => false))
    await until(
      async () => !(await Promise.race([predict(victim.url, "killed"), wait(500).then(() => true)])),
      "all is reserved",
    )
    assert.isFalse(await predict(survivor.url, "killed"), "the other one has nothing left")
    victim.child.kill("SIGKILL")
    await victim.ended
    await Promise.all(under)
    upstreamState.hangs = false
  }
  const millis = await until(() => predict(survivor.url, "killed"), "it is free again", 60_000)
  console.log(`free again ${(millis / 1_000).toFixed(1)} s after the kill`)
  // One of the killed server, and one that was just made.
  assert.strictEqual(await spendAll([survivor.url], "killed"), 28)
})
