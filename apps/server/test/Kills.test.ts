/**
 * One of three servers, by chance, is killed again and again while all are written to: nothing that was acknowledged is lost, and what
 * was not is there as a whole or not at all. DRAWBAR_KILLS sets how often.
 */
import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import { afterAll, assert, beforeAll, it } from "vitest"
import * as Shared from "./SharedDatabase.ts"
import * as Spawned from "./Spawned.ts"

const { ask, ml } = Shared

const kills = Number(process.env["DRAWBAR_KILLS"] ?? 4)
const lanes = 4

let shared: Shared.SharedDatabase
beforeAll(async () => {
  shared = await Shared.start()
})
afterAll(() => shared[Symbol.asyncDispose]())

const connector = (id: string, n: number) => ({
  connector_id: id,
  name: id,
  version: "1",
  protocol: "http",
  parameters: { first: `${n}`, second: `${n}` },
  credential: { key: `key-${n}` },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: "https://api.cohere.ai/v1/embed",
      headers: { Authorization: "Bearer ${credential.key}" },
      request_body: '{"x": "${parameters.first}"}',
    },
  ],
})
const model = (id: string, connectorId: string) => ({
  model_id: id,
  name: id,
  function_name: "remote",
  connector_id: connectorId,
})

/** What a lane has written, and whether that was acknowledged. */
interface Written {
  readonly lane: number
  /** By number; the connector of the lane has it twice. */
  readonly updates: Array<readonly [n: number, isAcknowledged: boolean]>
  readonly models: Array<readonly [id: string, isAcknowledged: boolean]>
  readonly connectors: Array<readonly [id: string, isAcknowledged: boolean]>
}

it(`${kills} kills of a server during writes lose nothing and leave nothing half`, async () => {
  const flags = ["--database", shared.databaseUrl, "--data", shared.folder, "--keyring", shared.keyring, "--log", "off"]
  await using servers = new AsyncDisposableStack()
  const open = async () => servers.use(await Spawned.start(flags))
  const alive = [await open(), await open(), await open()]
  const any = () => alive[Math.floor(Math.random() * alive.length)]!
  const done = new AbortController()

  /** Whether it was acknowledged; a server that was killed acknowledges nothing. */
  const write = async (method: string, path: string, body: object): Promise<boolean> => {
    const { url, child } = any()
    try {
      const { status, json } = await ask(url, method, path, body)
      if (status !== 503) assert.strictEqual(status, 200, `${method} ${path}: ${JSON.stringify(json)}`)
      return status === 200
    } catch (failure) {
      if (!child.killed) throw failure
      return false
    }
  }
  const all: ReadonlyArray<Written> = Array.from({ length: lanes }, (_, lane) => ({
    lane,
    updates: [[0, true]],
    models: [],
    connectors: [],
  }))
  const run = async ({ lane, updates, models, connectors }: Written) => {
    for (let n = 1; !done.signal.aborted; n++) {
      const id = `k-${lane}-${n}`
      if (n % 3 === 0) connectors.push([id, await write("POST", `${ml}/connectors/_create`, connector(id, n))])
      else if (n % 3 === 1)
        models.push([id, await write("POST", `${ml}/models/_register?deploy=true`, model(id, `lane-${lane}`))])
      else {
        const parameters = { first: `${n}`, second: `${n}` }
        const body = { parameters, credential: { key: `key-${n}` } }
        updates.push([n, await write("PUT", `${ml}/connectors/lane-${lane}`, body)])
      }
      await wait(40)
    }
  }
  for (const { lane } of all)
    assert.isTrue(await write("POST", `${ml}/connectors/_create`, connector(`lane-${lane}`, 0)))
  const running = all.map(run)
  const failed = Promise.race(running.map((one) => one.then(() => {})))
  for (let n = 0; n < kills; n++) {
    await Promise.race([wait(50 + Math.random() * 250), failed])
    const [victim] = alive.splice(Math.floor(Math.random() * alive.length), 1)
    victim?.child.kill("SIGKILL")
    alive.push(await open())
  }
  done.abort()
  await Promise.all(running)

  const { url } = alive[0]!
  const get = (path: string) => ask(url, "GET", `${ml}${path}`)
  /** Whether it is there as a whole: with its versions, and found by a search; or that nothing of it is there. */
  const isWhole = async (kind: "connectors" | "models", id: string, again: () => Promise<Shared.Reply>) => {
    const { status } = await get(`/${kind}/${id}`)
    const listed = await get(`/${kind}/${id}/_versions`)
    const found = await ask(url, "POST", `${ml}/${kind}/_search`, { query: { term: { _id: id } } })
    assert.strictEqual(found.json.hits.total.value, status === 200 ? 1 : 0, id)
    assert.strictEqual(listed.status, status, id)
    if (status === 200) assert.lengthOf(listed.json.versions, 1, id)
    else assert.strictEqual((await again()).status, 200, `nothing is left that is in the way of ${id}`)
    return status === 200
  }
  let acknowledged = 0
  const unknown = { stored: 0, lost: 0 }
  const check = async ({ lane, updates, models, connectors }: Written) => {
    const kinds = [
      ["models", models, (id: string) => ask(url, "POST", `${ml}/models/_register`, model(id, `lane-${lane}`))],
      ["connectors", connectors, (id: string) => ask(url, "POST", `${ml}/connectors/_create`, connector(id, 1))],
    ] as const
    for (const [kind, written, again] of kinds)
      for (const [id, isAcknowledged] of written) {
        const isThere = await isWhole(kind, id, () => again(id))
        if (isAcknowledged) {
          assert.isTrue(isThere, `${id} was acknowledged`)
          acknowledged++
        } else unknown[isThere ? "stored" : "lost"]++
      }
    const { json } = await get(`/connectors/lane-${lane}`)
    assert.strictEqual(json.parameters.first, json.parameters.second)
    const numbers = await Promise.all(
      (await get(`/connectors/lane-${lane}/_versions`)).json.versions.map(async ({ version }: any) => {
        const { parameters } = (await get(`/connectors/lane-${lane}/_versions/${version}`)).json.source
        assert.strictEqual(parameters.first, parameters.second)
        return Number(parameters.first)
      }),
    )
    // Newest first, each once, and none that was acknowledged is missing but those that no history keeps any more.
    assert.deepStrictEqual(
      numbers,
      numbers.toSorted((a, b) => b - a),
    )
    assert.strictEqual(numbers[0], Number(json.parameters.first))
    assert.strictEqual(new Set(numbers).size, numbers.length)
    const oldest = numbers.at(-1) ?? 0
    for (const [n, isAcknowledged] of updates)
      if (isAcknowledged && n >= oldest) {
        assert.include(numbers, n, `update ${n} of lane ${lane} was acknowledged`)
        acknowledged++
      } else if (n >= oldest) unknown[numbers.includes(n) ? "stored" : "lost"]++
  }
  await Promise.all(all.map(check))
  const { json } = await ask(url, "GET", `${ml}/keys/_doctor`)
  assert.deepStrictEqual(json.unreadable, [], "every credential opens")
  console.log(
    `${kills} kills: all of ${acknowledged} acknowledged writes are there; of ${unknown.stored + unknown.lost} others ${unknown.stored} are there as a whole, and nothing of ${unknown.lost}`,
  )
  assert.isAbove(acknowledged, kills * 5)
}, 900_000)
