/**
 * A server whose key ring does not decrypt the stored secrets: it reports this at startup, names the records and how to
 * repair them, and keeps running.
 */
import { mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as Received from "@drawbar/stub-platform/Received"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { DatabaseSync } from "node:sqlite"
import { afterEach, assert, beforeEach, describe, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"
import { ask } from "./AuthenticatedServer.ts"
import * as Spawned from "./Spawned.ts"

const ml = "/_plugins/_ml"

let folder = ""
let platform: StubPlatform.StubPlatform
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "drawbar-"))
  platform = await StubPlatform.start({
    handler: (received) =>
      Answer.json(
        { embeddings: [[1]] },
        Received.header(received, "authorization") === `Bearer ${Drawbar.secret}` ? 200 : 401,
      ),
    tls: ["api.cohere.ai"],
  })
  await writeFile(join(folder, "ca.pem"), platform.ca)
})
afterEach(async () => {
  await platform.close()
  await rm(folder, { recursive: true })
})

const start = () => {
  const files = ["--data", join(folder, "data"), "--ca-file", join(folder, "ca.pem")]
  return Spawned.start([...files, "--log", "off", "--connect-to", `api.cohere.ai:443:127.0.0.1:${platform.port}`])
}

/** A server that stored a connector and its model, and stopped. */
const stored = async () => {
  await using server = await start()
  const made = await ask(server.url, undefined, "POST", `${ml}/connectors/_create`, Drawbar.blueprint)
  const { connector_id } = made.json
  const model = await ask(server.url, undefined, "POST", `${ml}/models/_register`, {
    name: "m",
    function_name: "remote",
    connector_id,
  })
  server.child.kill("SIGTERM")
  await server.ended
  return { connector: connector_id as string, model: model.json.model_id as string }
}

const ring = () => join(folder, "data", "keyring.json")

const until = async (server: Spawned.Spawned, output: string) => {
  for (let tries = 0; tries < 100 && !server.said().includes(output); tries++) await setTimeout(20)
  assert.include(server.said(), output)
}

const predict = (server: Spawned.Spawned, model: string) =>
  ask(server.url, undefined, "POST", `${ml}/models/${model}/_predict`, { parameters: { texts: ["a"] } })

/**
 * If a record's secret cannot be decrypted, startup, `doctor` and predict report it, and sending it again repairs it.
 */
const isRepairable = async ({ connector, model }: Awaited<ReturnType<typeof stored>>, why: string) => {
  await using server = await start()
  await until(server, why)
  assert.include(server.said(), `The credential [cohere_key] of connector [${connector}]`)
  const doctor = await ask(server.url, undefined, "GET", `${ml}/keys/_doctor`)
  assert.deepInclude(doctor.json.unreadable[0], { collection: "connector", id: connector, field: "cohere_key" })
  const failed = await predict(server, model)
  assert.strictEqual(failed.status, 500)
  assert.include(failed.json.error.reason, why)
  const credential = { cohere_key: Drawbar.secret }
  const repaired = await ask(server.url, undefined, "PUT", `${ml}/connectors/${connector}`, { credential })
  assert.strictEqual(repaired.status, 200, repaired.text)
  assert.strictEqual((await predict(server, model)).status, 200)
  assert.deepStrictEqual((await ask(server.url, undefined, "GET", `${ml}/keys/_doctor`)).json.unreadable, [])
}

describe("stored credentials", () => {
  it("of another database's key ring are named, and repaired by sending them again", async () => {
    const records = await stored()
    await rename(ring(), join(folder, "aside"))
    const keys = { other: Buffer.alloc(32, 7).toString("base64") }
    await writeFile(ring(), JSON.stringify({ active: "other", keys }), { mode: 0o600 })
    await isRepairable(records, "which is not in the key ring: put it back, or send the credential again")
  })

  it("that were modified are named, and repaired by sending them again", async () => {
    const records = await stored()
    const database = new DatabaseSync(join(folder, "data", "drawbar.db"))
    const tables = database.prepare("select name from sqlite_master where type = 'table'").all()
    const table =
      tables.map(({ name }) => String(name)).find((name) => /document/i.test(name)) ?? String(tables[0]?.["name"])
    const changed = database.prepare(
      `update "${table}" set sealed = replace(sealed, 'v3.', 'v3.f') where sealed like '%v3.%'`,
    )
    assert.isAbove(Number(changed.run().changes), 0)
    database.close()
    await isRepairable(records, "which is not in the key ring")
  })

  it("without their key ring prevent the server from starting, until another is created", async () => {
    await stored()
    await rename(ring(), join(folder, "aside"))
    const refused = await start().then(
      () => "it started",
      (cause: unknown) => String(cause),
    )
    assert.include(refused, "is missing, but stored credentials are sealed with the keys")
    assert.include(refused, "drawbar keyring create --keyring")
    await rename(join(folder, "aside"), ring())
    await using server = await start()
    assert.notInclude(server.said(), "cannot be opened")
  })

  it("without their database are reported: a key ring with an empty database, at startup", async () => {
    await stored()
    {
      await using server = await start()
      assert.notInclude(server.said(), "is empty")
    }
    await rename(join(folder, "data", "drawbar.db"), join(folder, "aside"))
    await using server = await start()
    await until(server, `but the database ${join(folder, "data", "drawbar.db")} is empty`)
    assert.include(server.said(), "check --data and --keyring")
  })

  it("are listed by name and never by value, replaced by an update and removed by null", async () => {
    const { connector } = await stored()
    await using server = await start()
    const put = (credential: object) =>
      ask(server.url, undefined, "PUT", `${ml}/connectors/${connector}`, { credential })
    const get = () => ask(server.url, undefined, "GET", `${ml}/connectors/${connector}?drawbar=true`)
    assert.deepStrictEqual((await get()).json.credential_keys, ["cohere_key"])
    assert.strictEqual((await put({ second: "another-secret" })).status, 200)
    assert.deepStrictEqual((await get()).json.credential_keys, ["cohere_key", "second"])
    assert.strictEqual((await put({ second: null })).status, 200)
    const { json, text } = await get()
    assert.deepStrictEqual(json.credential_keys, ["cohere_key"])
    assert.notInclude(text, Drawbar.secret)
    assert.notInclude(await readFile(join(folder, "data", "drawbar.db"), "latin1"), "another-secret")
  })
})
