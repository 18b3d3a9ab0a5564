/** Servers of two adjacent versions on one database: what the previous one wrote, and goes on to write and to read. */
import { afterAll, assert, beforeAll, it } from "vitest"
import * as Previous from "./previous-release/PreviousRelease.ts"
import * as Shared from "./SharedDatabase.ts"

const { ask, ml, until } = Shared

let shared: Shared.SharedDatabase
let to: Previous.Connection
beforeAll(async () => {
  shared = await Shared.start()
  const { port, user, password } = shared.server
  const database = new URL(shared.databaseUrl).pathname.slice(1)
  to = { host: "127.0.0.1", port, database, user, password }
  await Previous.createSchema(to)
})
afterAll(() => shared[Symbol.asyncDispose]())

const idsOf = ({ json }: Shared.Reply) => json.hits.hits.map(({ _id }: { readonly _id: string }) => _id)
const entry = (id: string): Previous.Entry => ({ collection: "model-group", id })
const created = 1_795_838_663_171
const group = (name: string) => ({
  name,
  latest_version: 0,
  description: "kept",
  access: "public",
  created_time: created,
  last_updated_time: created,
})
const indexed = (name: string): Previous.Indexed => ({
  fields: { "name.keyword": name, access: "public", created_time: created, latest_version: 0 },
  words: { name, description: "kept" },
})

it("works on the previous release's schema, and that release goes on beside it", async () => {
  await Previous.create(to, entry("before-upgrade"), group("before upgrade"), indexed("before upgrade"))
  await using server = await shared.listen()
  const [{ newest } = {}] = await shared.server.run(
    "SELECT MAX(migration_id) AS newest FROM drawbar_migrations",
    to.database,
  )
  assert.isAtMost(
    Number(newest),
    Previous.newestMigration + Previous.migrationsAhead,
    "the previous release accepts it",
  )

  const search = (word: string) =>
    ask(server.url, "POST", `${ml}/model_groups/_search`, { query: { match: { name: word } }, sort: ["created_time"] })
  assert.deepEqual(idsOf(await search("before")), ["before-upgrade"])

  const [written] = await Previous.create(to, entry("beside"), group("beside it"), indexed("beside it"))
  assert.strictEqual(Number(written?.["version"]), 1)
  assert.deepEqual(idsOf(await search("beside")), ["beside"])
  await Previous.replace(to, entry("beside"), 1, group("renamed"), indexed("renamed"))
  assert.deepEqual([idsOf(await search("beside")), idsOf(await search("renamed"))], [[], ["beside"]])
  const { json } = await ask(server.url, "GET", `${ml}/model_groups/beside`)
  assert.strictEqual(json.name, "renamed")

  const { json: own } = await ask(server.url, "POST", `${ml}/model_groups/_register`, { name: "renamed too" })
  assert.deepEqual(await Previous.find(to, "model-group", "name", "renamed"), {
    total: 2,
    ids: ["beside", own.model_group_id],
  })
  const [read] = await Previous.get(to, entry(own.model_group_id))
  assert.strictEqual(JSON.parse(String(read?.["source"])).name, "renamed too")
  assert.include(
    (await Previous.since(to, -1)).map(({ id }) => id),
    own.model_group_id,
  )

  await Previous.remove(to, entry("beside"))
  assert.deepEqual(idsOf(await search("renamed")), [own.model_group_id])
  await Previous.beat(to, "previous")
  const { json: listed } = await ask(server.url, "GET", "/_plugins/_drawbar/replicas")
  assert.include(JSON.stringify(listed), "previous")
})

it("honours within the bound what the previous release changes", async () => {
  await using server = await shared.listen()
  const { connector, model } = await Shared.createModel(server.url)
  assert.strictEqual(Shared.versionOf(await Shared.predict(server.url, model)), 0)
  const [row] = await Previous.get(to, { collection: "connector", id: connector })
  const source = JSON.parse(String(row?.["source"]))
  const text = { "name.keyword": source.name, protocol: source.protocol }
  const changed = { ...source, description: "changed by the previous release" }
  await Previous.replace(to, { collection: "connector", id: connector }, Number(row?.["version"]), changed, {
    fields: text,
    words: { name: source.name },
  })
  const { json } = await ask(server.url, "GET", `${ml}/connectors/${connector}`)
  assert.strictEqual(json.description, changed.description)
  await until(async () => (await Shared.predict(server.url, model)).status === 200, "its model is called")
  await Previous.remove(to, { collection: "model", id: model })
  await until(async () => (await Shared.predict(server.url, model)).status === 404, "a deleted model is called no more")
})
