/** Servers that share a PostgreSQL database: each honours what the others change. */
import { writeFile } from "node:fs/promises"
import { setTimeout as wait } from "node:timers/promises"
import { afterAll, assert, beforeAll, it } from "vitest"
import * as Shared from "./SharedDatabase.ts"

const { ask, ml, predict, until, versionOf } = Shared

let shared: Shared.SharedDatabase
beforeAll(async () => {
  shared = await Shared.start()
})
afterAll(() => shared[Symbol.asyncDispose]())

const as = (authorization: string) => ({ authorization })
const ready = (url: string) => ask(url, "GET", "/_health/ready")

it("settings, models and API keys that one server changes are honoured by the other", async () => {
  const [admin, key] = await (async () => {
    await using open = await shared.listen()
    const user = await ask(open.url, "POST", `${ml}/users`, {
      name: "ada",
      password: "a long password",
      roles: ["admin"],
    })
    assert.strictEqual(user.status, 200, JSON.stringify(user.json))
    const key = await ask(open.url, "POST", `${ml}/api_keys`, { name: "shop", roles: ["admin"] })
    return [`Basic ${btoa("ada:a long password")}`, key.json] as const
  })()
  await using one = await shared.listen({ auth: true })
  await using other = await shared.listen({ auth: true })
  const holder = as(`Bearer ${key.api_key}`)
  assert.strictEqual((await ask(other.url, "GET", "/_cluster/settings", undefined, holder)).status, 200)
  await ask(one.url, "DELETE", `${ml}/api_keys/${key.id}`, undefined, as(admin))
  await until(
    async () => (await ask(other.url, "GET", "/_cluster/settings", undefined, holder)).status === 401,
    "the deleted key is refused",
  )
  const name = "plugins.ml_commons.remote_inference.enabled"
  for (const value of ["false", null]) {
    await ask(one.url, "PUT", "/_cluster/settings", { persistent: { [name]: value } }, as(admin))
    const path = "/_cluster/settings?flat_settings=true"
    await until(
      async () => ((await ask(other.url, "GET", path, undefined, as(admin))).json.persistent[name] ?? null) === value,
      `the setting is ${value}`,
    )
  }
})

it("a restart of PostgreSQL under load fails no predict; changes fail with 503, and succeed again", async () => {
  await using one = await shared.listen()
  await using other = await shared.listen()
  const { connector, model } = await Shared.createModel(one.url)
  await until(async () => (await predict(other.url, model)).status === 200, "the model is called by the other server")
  const load = Shared.load([one.url, other.url], model)
  await wait(200)
  await shared.server.stop("immediate")
  const change = (n: number) => ask(one.url, "PUT", `${ml}/connectors/${connector}`, { parameters: { model: `v${n}` } })
  const refused = await change(1)
  assert.strictEqual(refused.status, 503, JSON.stringify(refused.json))
  assert.strictEqual(refused.headers.get("retry-after"), "2")
  assert.match(refused.json.error.reason, /^PostgreSQL /)
  await until(async () => (await ready(other.url)).json.status === "degraded", "it is degraded")
  assert.strictEqual((await ready(other.url)).status, 200)
  await wait(500)
  await shared.server.start()
  await until(async () => (await change(2)).status === 200, "changes succeed again")
  await until(async () => versionOf(await predict(other.url, model)) === 2, "the other server follows again")
  await until(async () => (await ready(other.url)).json.status === "ok", "it is ready again")
  const { failed } = await load.stop()
  assert.deepStrictEqual(failed, [])
})

it("a server without the newest encryption key does not encrypt, and one that shares the ring's file takes it up", async () => {
  await using one = await shared.listen()
  await using other = await shared.listen()
  const keyring = `${shared.keyring}.other`
  const ring = { active: "other", keys: { other: Buffer.alloc(32, 7).toString("base64") } }
  await writeFile(keyring, JSON.stringify(ring), { mode: 0o600 })
  await using stranger = await shared.listen({ files: { database: "PostgreSQL", keyring } })
  const create = (url: string) =>
    ask(url, "POST", `${ml}/connectors/_create`, { ...connector, name: `c${Math.random()}` })
  const connector = {
    version: "1",
    protocol: "http",
    credential: { key: "key-1" },
    actions: [
      {
        action_type: "predict",
        method: "POST",
        url: "https://api.cohere.ai/v1/embed",
        headers: { Authorization: "Bearer ${credential.key}" },
        request_body: "{}",
      },
    ],
  }
  const refused = await create(stranger.url)
  assert.strictEqual(refused.status, 500)
  assert.match(
    refused.json.error.reason,
    /does not have the key \[\w+\], with which the servers of this database encrypt/,
  )

  const { model } = await Shared.createModel(one.url)
  const rotated = await ask(one.url, "POST", `${ml}/keys/_rotate`)
  assert.strictEqual(rotated.status, 200)
  await until(
    async () => (await predict(other.url, model)).status === 200,
    "the other server opens what was sealed again",
  )
  assert.strictEqual((await create(other.url)).status, 200)
  const { json } = await ask(one.url, "GET", `${ml}/keys/_doctor`)
  assert.deepStrictEqual(json.unreadable, [])
})

it("two servers count a rate limit together where the operator asks for it", async () => {
  await using one = await shared.listen({ sharedLimits: true })
  await using other = await shared.listen({ sharedLimits: true })
  const { model } = await Shared.createModel(one.url)
  const limit = { rate_limiter: { limit: "10", unit: "DAYS" } }
  assert.strictEqual((await ask(one.url, "PUT", `${ml}/models/${model}`, limit)).status, 200)
  await until(
    async () => (await ask(other.url, "GET", `${ml}/models/${model}`)).json.rate_limiter?.limit === "10",
    "the other server has the limit",
  )
  await wait(500)
  const statuses: Array<number> = []
  for (let n = 0; n < 12; n++) statuses.push((await predict(n % 2 === 0 ? one.url : other.url, model)).status)
  assert.deepStrictEqual(statuses, [...Array.from({ length: 10 }, () => 200), 429, 429])
})

it("lists the servers of the database, and no longer those that stopped", async () => {
  await using one = await shared.listen()
  const list = async () =>
    (await ask(one.url, "GET", "/_plugins/_drawbar/replicas")).json.replicas as ReadonlyArray<any>
  {
    await using other = await shared.listen()
    await until(async () => (await list()).length === 2, "both are listed")
    const all = await list()
    assert.sameMembers(
      all.map(({ address }) => `http://${address}`),
      [one.url, other.url],
    )
    assert.deepStrictEqual(
      all.map(({ self }) => self),
      [true, false],
    )
  }
  assert.strictEqual((await list()).length, 1)
})
