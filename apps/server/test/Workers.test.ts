/** `--workers`: several processes that serve one port, on SQLite and on PostgreSQL. */
import { writeFile } from "node:fs/promises"
import process from "node:process"
import { setTimeout as wait } from "node:timers/promises"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as Shared from "./SharedDatabase.ts"
import * as Spawned from "./Spawned.ts"

const { ask, ml, until } = Shared

let shared: Shared.SharedDatabase
beforeAll(async () => {
  shared = await Shared.start()
})
afterAll(() => shared[Symbol.asyncDispose]())

const list = async (url: string): Promise<ReadonlyArray<{ pid: number }>> =>
  (await ask(url, "GET", "/_plugins/_drawbar/replicas")).json.replicas

/** On connections of their own, which go to any worker. */
const each = <A>(read: () => Promise<A>) => Promise.all(Array.from({ length: 6 }, read))

const stores: ReadonlyArray<readonly [string, () => ReadonlyArray<string>]> = [
  ["SQLite", () => ["--data", `${shared.folder}/sqlite`]],
  ["PostgreSQL", () => ["--data", `${shared.folder}/postgres`, "--database", shared.databaseUrl]],
]

describe.each(stores)("two workers on %s", (_, flags) => {
  it("see versions, rollbacks and switches of an alias that any of them makes", async () => {
    await writeFile(`${shared.folder}/ca.pem`, shared.platform.ca)
    const upstream = ["--connect-to", `api.cohere.ai:443:127.0.0.1:${shared.platform.port}`]
    const common = [...flags(), ...upstream, "--ca-file", `${shared.folder}/ca.pem`, "--log", "off"]
    await using server = await Spawned.start([...common, "--workers", "2"])
    const { url } = server
    await until(async () => (await list(url)).length === 2, "both workers are listed")
    const close = { connection: "close" }
    const models = [await Shared.createModel(url), await Shared.createModel(url)] as const
    const [first, second] = models
    const connector = `${ml}/connectors/${first.connector}`
    const alias = `/_plugins/_drawbar/aliases/live-${first.model}`
    const path = `${ml}/models/live-${first.model}/_predict`
    const changes: ReadonlyArray<readonly [string, string, object, number]> = [
      ["PUT", alias, { model_id: first.model }, 0],
      ["PUT", connector, { parameters: { model: "v1" } }, 1],
      ["PUT", connector, { parameters: { model: "v2" } }, 2],
      ["POST", `${connector}/_rollback`, { version: 2 }, 1],
      ["PUT", alias, { model_id: second.model }, 0],
      ["PUT", alias, { model_id: first.model }, 1],
      ["POST", `${connector}/_rollback`, { version: 3 }, 2],
    ]
    for (const [method, target, body, version] of changes) {
      const { status, json } = await ask(url, method, target, body, close)
      assert.strictEqual(status, 200, JSON.stringify(json))
      await until(async () => {
        const all = await each(() => ask(url, "POST", path, { parameters: { texts: ["x"] } }, close))
        // The other worker may not know an alias yet that was just made.
        const isMade = body === changes[0]?.[2]
        for (const reply of all) if (!isMade) assert.strictEqual(reply.status, 200, JSON.stringify(reply.json))
        return all.every((reply) => Shared.versionOf(reply) === version)
      }, `${method} ${target}: ${version}`)
    }
    const versions = await each(async () => (await ask(url, "GET", `${connector}/_versions`, undefined, close)).json)
    for (const { versions: all } of versions)
      assert.deepStrictEqual(
        all.map(({ version }: { readonly version: number }) => version),
        [5, 4, 3, 2, 1],
      )
  })

  it("honour each other's changes, replace one that is killed, add up metrics, and drain on SIGTERM", async () => {
    await using server = await Spawned.start([...flags(), "--workers", "2", "--log", "off"])
    const { url } = server
    await until(async () => (await list(url)).length === 2, "both workers are listed")
    const pids = new Set((await list(url)).map(({ pid }) => pid))
    assert.strictEqual(pids.size, 2)
    assert.isFalse(pids.has(server.child.pid ?? 0), "the parent serves no request")

    for (const level of ["persistent", "transient"])
      for (const value of ["true", "false"]) {
        const name = "plugins.ml_commons.connector_access_control_enabled"
        await ask(url, "PUT", "/_cluster/settings", { [level]: { [name]: value } }, { connection: "close" })
        await until(async () => {
          const all = await each(() =>
            ask(url, "GET", "/_cluster/settings?flat_settings=true", undefined, { connection: "close" }),
          )
          return all.every(({ json }) => json[level][name] === value)
        }, `the ${level} setting is ${value} in both`)
      }

    const acknowledged: Array<string> = []
    const write = async (lane: number) => {
      for (let n = 0; n < 25; n++) {
        const { status, json } = await ask(
          url,
          "POST",
          `${ml}/model_groups/_register`,
          { name: `g-${lane}-${n}` },
          { connection: "close" },
        )
        assert.strictEqual(status, 200, JSON.stringify(json))
        acknowledged.push(json.model_group_id)
      }
    }
    await Promise.all([write(0), write(1), write(2), write(3)])
    for (const id of acknowledged) assert.strictEqual((await ask(url, "GET", `${ml}/model_groups/${id}`)).status, 200)
    const metrics = await (await fetch(`${url}/metrics`)).text()
    const [, count] =
      /drawbar_http_requests_total\{route="[^"]*model_groups\/_register",method="POST",status="200"\} (\d+)/.exec(
        metrics,
      ) ?? [undefined, "none"]
    assert.strictEqual(count, "100")

    const [victim = 0] = pids
    process.kill(victim, "SIGKILL")
    await until(async () => {
      const now = await list(url).catch(() => [])
      return now.filter(({ pid }) => pid !== victim).length === 2
    }, "another worker takes its place")
    assert.include(server.said(), `Worker ${victim} ended (SIGKILL); another one starts.`)

    server.child.kill("SIGTERM")
    assert.strictEqual(await server.ended, 0)
    await wait(50)
    for (const pid of pids) assert.throws(() => process.kill(pid, 0))
  })
})

it("a start that fails says why once, and exits", async () => {
  const server = Spawned.run(["--port", "0", "--workers", "3", "--database", shared.server.url("missing")])
  assert.strictEqual(await server.ended, 1)
  assert.strictEqual(server.said().match(/has no such database/g)?.length, 1)
})
