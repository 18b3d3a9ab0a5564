/** `plugins.drawbar.trusted_hosts`: from the setting to the connection. */
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"

const { ask } = AuthenticatedServer
const name = "plugins.drawbar.trusted_hosts"

let platform: StubPlatform.StubPlatform
beforeAll(async () => {
  platform = await StubPlatform.start({ handler: () => Answer.json({ embeddings: [[0.5]] }) })
})
afterAll(() => platform.close())

const put = (url: string, trusted: unknown, level = "persistent") =>
  ask(url, undefined, "PUT", "/_cluster/settings", { [level]: { [name]: trusted } })

const create = (url: string, upstream: string) =>
  ask(url, undefined, "POST", "/_plugins/_ml/connectors/_create", {
    name: "c",
    version: 1,
    protocol: "http",
    actions: [{ action_type: "predict", method: "POST", url: `${upstream}/v1`, request_body: "{}" }],
  })

const predict = async (url: string, upstream: string) => {
  const { json } = await create(url, upstream)
  const model = await ask(url, undefined, "POST", "/_plugins/_ml/models/_register?deploy=true", {
    name: "m",
    function_name: "remote",
    connector_id: json.connector_id,
  })
  return () => ask(url, undefined, "POST", `/_plugins/_ml/models/${model.json.model_id}/_predict`, { parameters: {} })
}

describe("the setting of trusted hosts", () => {
  it("opens a model on this machine with the command that the refusal prints, and closes it again", async () => {
    await using server = await InProcess.listen()
    const upstream = `http://localhost:${platform.port}`
    const refused = await create(server.url, upstream)
    assert.strictEqual(refused.status, 400)
    const origin = /drawbar trust (\S+)$/.exec(refused.json.error.reason)?.[1]
    assert.strictEqual(origin, upstream)

    const changed = await put(server.url, [origin])
    assert.strictEqual(changed.status, 200, changed.text)
    const call = await predict(server.url, upstream)
    const answered = await call()
    assert.strictEqual(answered.status, 200, answered.text)
    // Another port of the same host stays closed.
    assert.strictEqual((await create(server.url, "http://localhost:9")).status, 400)
    assert.strictEqual((await create(server.url, "https://api.openai.com")).status, 200)

    await put(server.url, null)
    const closed = await call()
    assert.strictEqual(closed.status, 400, closed.text)
    assert.include(closed.json.error.reason, `drawbar trust ${upstream}`)
  })

  it("adds to a list of patterns that replaced the default", async () => {
    await using server = await InProcess.listen()
    await ask(server.url, undefined, "PUT", "/_cluster/settings", {
      persistent: {
        "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https://api\\.example\\.com/.*$"],
        [name]: [`http://localhost:${platform.port}`],
      },
    })
    assert.strictEqual((await create(server.url, `http://localhost:${platform.port}`)).status, 200)
    assert.strictEqual((await create(server.url, "https://api.example.com")).status, 200)
    assert.strictEqual((await create(server.url, "https://api.openai.com")).status, 400)
  })

  it.each([
    ["a path", "http://localhost:11434/v1", "no path"],
    ["a host alone", "localhost:11434", "such as http://localhost:11434"],
    ["a metadata service", "http://169.254.169.254", "no setting allows it"],
    ["a link-local address", "http://[fe80::1]:80", "no setting allows it"],
  ])("rejects %s", async (_, entry, reason) => {
    await using server = await InProcess.listen()
    const answered = await put(server.url, [entry])
    assert.strictEqual(answered.status, 400)
    assert.include(answered.json.error.reason, entry)
    assert.include(answered.json.error.reason, reason)
  })

  it.each(["persistent", "transient"])(
    "keeps all that is added and removed side by side while it is %s",
    async (level) => {
      await using server = await InProcess.listen()
      const hosts = Array.from({ length: 40 }, (_, n) => `http://host-${n}.example`)
      const edit = (change: object) =>
        ask(server.url, undefined, "POST", "/_plugins/_drawbar/trusted_hosts/_update", change)
      await put(server.url, hosts.slice(0, 20), level)
      const answers = await Promise.all(
        hosts.map((host, n) => edit(n < 20 ? { remove: [`${host}:80/`] } : { add: [host, host.toUpperCase()] })),
      )
      assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [200])
      const { json } = await edit({ add: [] })
      assert.sameMembers(json.trusted_hosts, hosts.slice(20))
      const shown = (await ask(server.url, undefined, "GET", "/_cluster/settings?flat_settings=true")).json
      assert.sameMembers(shown[level][name], hosts.slice(20))
      const refused = await edit({ add: ["http://169.254.169.254"] })
      assert.strictEqual(refused.status, 400)
      assert.include(refused.json.error.reason, "no setting allows it")
    },
  )

  it("rejects more entries than its limit", async () => {
    await using server = await InProcess.listen()
    const many = Array.from({ length: 1_001 }, (_, n) => `http://host-${n}.example`)
    assert.include((await put(server.url, many)).json.error.reason, "more than 1000 entries")
    assert.strictEqual((await put(server.url, many.slice(1))).status, 200)
  })

  it("is shown as it was set, in either spelling, with its default", async () => {
    await using server = await InProcess.listen()
    const shown = (query: string) => ask(server.url, undefined, "GET", `/_cluster/settings?${query}`)
    assert.deepStrictEqual((await shown("flat_settings=true&include_defaults=true")).json.defaults[name], [])
    await put(server.url, ["http://localhost:11434/"], "transient")
    assert.deepStrictEqual((await shown("")).json.transient, {
      plugins: { drawbar: { trusted_hosts: ["http://localhost:11434/"] } },
    })
  })

  it("needs permission operate", async () => {
    await using server = await AuthenticatedServer.start({
      admin: { roles: ["admin"] },
      application: { roles: ["application"] },
    })
    const body = { persistent: { [name]: ["http://localhost:11434"] } }
    assert.strictEqual((await server.as("application", "PUT", "/_cluster/settings", body)).status, 403)
    assert.strictEqual((await server.as("admin", "PUT", "/_cluster/settings", body)).status, 200)
  })

  it("holds after a restart", async () => {
    await using server = await AuthenticatedServer.start(
      { admin: { roles: ["admin"] } },
      { before: async (url) => void (await put(url, [`http://localhost:${platform.port}`])) },
    )
    const answered = await server.as("admin", "POST", "/_plugins/_ml/connectors/_create", {
      name: "c",
      version: 1,
      protocol: "http",
      actions: [
        { action_type: "predict", method: "POST", url: `http://localhost:${platform.port}/v1`, request_body: "{}" },
      ],
    })
    assert.strictEqual(answered.status, 200, answered.text)
  })
})
