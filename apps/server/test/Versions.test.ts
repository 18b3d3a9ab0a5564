/** Versions of records over HTTP: who changed what, and going back to it. */
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import * as Loopback from "./Loopback.ts"

const ml = "/_plugins/_ml"
const settingsPath = "/_plugins/_drawbar/settings"
const secret = "sk-planted-0123456789"

const handler: Answer.Handler = ({ text }) => Answer.json({ sent: JSON.parse(text) })

let platform: StubPlatform.StubPlatform
let other: StubPlatform.StubPlatform
let server: InProcess.InProcess
beforeAll(async () => {
  ;[platform, other] = await Promise.all([StubPlatform.start({ handler }), StubPlatform.start({ handler })])
  server = await InProcess.listen({ settings: Loopback.settings })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await Promise.all([platform.close(), other.close()])
})

const send = (method: string, path: string, body?: unknown) => ask(server.url, undefined, method, path, body)
const ok = async (...request: Parameters<typeof send>) => {
  const answered = await send(...request)
  assert.strictEqual(answered.status, 200, answered.text)
  return answered.json
}
const actionsTo = ({ port }: StubPlatform.StubPlatform, key = "key") => [
  {
    action_type: "predict",
    method: "POST",
    url: `http://127.0.0.1:${port}/v1`,
    headers: { authorization: `Bearer \${credential.${key}}` },
    request_body: '{"x":"${parameters.x}"}',
  },
]
const connectorDocument = () => ({
  name: "c",
  version: 1,
  protocol: "http",
  parameters: { x: "one" },
  credential: { key: secret },
  actions: actionsTo(platform),
})
const create = async (): Promise<string> =>
  (await ok("POST", `${ml}/connectors/_create`, connectorDocument())).connector_id
const header = ({ requests }: StubPlatform.StubPlatform) =>
  requests.at(-1)?.headers.find(([name]) => name === "authorization")?.[1]
const numbers = ({ versions }: { readonly versions: ReadonlyArray<{ readonly version: number }> }) =>
  versions.map(({ version }) => version)

describe("a connector's versions", () => {
  it("list who changed what, and when, newest first", async () => {
    const at = `${ml}/connectors/${await create()}`
    await ok("PUT", at, { parameters: { x: "two" } })
    await ok("PUT", at, { description: "d", credential: { key: "sk-other-0123456789" } })
    const listed = await ok("GET", `${at}/_versions`)
    assert.deepStrictEqual(numbers(listed), [3, 2, 1])
    assert.deepStrictEqual(
      listed.versions.map(({ changed }: { readonly changed: unknown }) => changed),
      [["description", "credential"], ["parameters"], []],
    )
    assert.strictEqual(listed._version, 3)
    for (const { time } of listed.versions) assert.closeTo(time, Date.now(), 60_000)
  })

  it("have the content that GET showed, without secrets", async () => {
    const at = `${ml}/connectors/${await create()}`
    const before = await ok("GET", at)
    await ok("PUT", at, { parameters: { x: "two" } })
    const first = await send("GET", `${at}/_versions/1`)
    assert.deepStrictEqual(first.json.source, before)
    assert.deepStrictEqual(first.json.credential_keys, ["key"])
    assert.notInclude(first.text, secret)
    assert.deepStrictEqual((await ok("GET", `${at}/_versions/2`)).source, await ok("GET", at))
    for (const number of ["3", "0"]) {
      const absent = await send("GET", `${at}/_versions/${number}`)
      assert.strictEqual(absent.status, 404)
      assert.include(absent.text, "Its versions are 1 to 2")
    }
    assert.strictEqual((await send("GET", `${at}/_versions/x`)).status, 400)
    assert.strictEqual((await send("GET", `${ml}/connectors/absent/_versions`)).status, 404)
  })

  it("are compared place by place", async () => {
    const at = `${ml}/connectors/${await create()}`
    await ok("PUT", at, { parameters: { x: "two", "a/b": "new" } })
    await ok("PUT", at, { description: "d" })
    assert.deepStrictEqual((await ok("GET", `${at}/_diff?from=1&to=2`)).changes, [
      { op: "replace", path: "/parameters/x", before: "one", after: "two" },
      { op: "add", path: "/parameters/a~1b", after: "new" },
    ])
    assert.deepStrictEqual(await ok("GET", `${at}/_diff`), {
      from: 2,
      to: 3,
      changes: [{ op: "add", path: "/description", after: "d" }],
    })
    assert.lengthOf((await ok("GET", `${at}/_diff?from=3&to=1`)).changes, 3)
    assert.strictEqual((await send("GET", `${at}/_diff?from=9`)).status, 404)
  })

  it("are restored by a rollback, from the next predict on", async () => {
    const connector_id = await create()
    const at = `${ml}/connectors/${connector_id}`
    const { model_id } = await ok("POST", `${ml}/models/_register`, {
      name: "m",
      function_name: "remote",
      connector_id,
    })
    const sent = async () =>
      (await ok("POST", `${ml}/models/${model_id}/_predict`, { parameters: {} })).inference_results[0].output[0]
        .dataAsMap.sent.x
    const before = await ok("GET", at)
    assert.strictEqual(await sent(), "one")
    await ok("PUT", at, { name: "renamed", description: "d", parameters: { x: "two", y: "3" } })
    assert.strictEqual(await sent(), "two")
    const restored = await ok("POST", `${at}/_rollback`, { version: 1 })
    assert.deepInclude(restored, { _id: connector_id, _version: 3, result: "updated" })
    assert.strictEqual(await sent(), "one")
    const { last_updated_time: _, ...after } = await ok("GET", at)
    assert.deepStrictEqual({ ...after, last_updated_time: before.last_updated_time }, before)
    assert.deepInclude((await ok("GET", `${at}/_versions`)).versions[0], { version: 3, restored: 1 })
    // It is taken back like any other change.
    await ok("POST", `${at}/_rollback`, { version: 2 })
    assert.strictEqual(await sent(), "two")
  })

  it("keep the present credential where names and origins agree, and need it again elsewhere", async () => {
    const at = `${ml}/connectors/${await create()}`
    await ok("PUT", at, { credential: { key: "sk-present-0123456789" }, parameters: { x: "two" } })
    await ok("POST", `${at}/_rollback`, { version: 1 })
    await ok("POST", `${at}/_test`, { parameters: {} })
    assert.strictEqual(header(platform), "Bearer sk-present-0123456789")
    await ok("PUT", at, { actions: actionsTo(other) })
    const elsewhere = await send("POST", `${at}/_rollback`, { version: 1 })
    assert.strictEqual(elsewhere.status, 400, elsewhere.text)
    assert.include(elsewhere.text, "[key]")
    assert.include(elsewhere.text, `:${platform.port}`)
    await ok("POST", `${at}/_rollback`, { version: 1, credential: { key: "sk-again-0123456789" } })
    await ok("POST", `${at}/_test`, { parameters: {} })
    assert.strictEqual(header(platform), "Bearer sk-again-0123456789")
    // A secret of that name that the connector does not have any more.
    await ok("PUT", at, {
      actions: actionsTo(platform, "token"),
      credential: { token: "sk-token-0123456789", key: null },
    })
    const renamed = await send("POST", `${at}/_rollback`, { version: 1 })
    assert.strictEqual(renamed.status, 400, renamed.text)
    assert.include(renamed.text, "[key]")
    for (const { text } of [elsewhere, renamed]) assert.notMatch(text, /sk-/)
  })

  it("are not restored where they could not be stored now", async () => {
    const at = `${ml}/connectors/${await create()}`
    await ok("PUT", at, { actions: actionsTo(other), credential: { key: secret } })
    const trusted = (port: string) =>
      ok("PUT", "/_cluster/settings", {
        transient: { "plugins.ml_commons.trusted_connector_endpoints_regex": [`^http://127\\.0\\.0\\.1:${port}/.*$`] },
      })
    await trusted(String(other.port))
    try {
      const refused = await send("POST", `${at}/_rollback`, { version: 1, credential: { key: secret } })
      assert.strictEqual(refused.status, 400, refused.text)
      assert.include(refused.text, "trusted")
      assert.deepStrictEqual(numbers(await ok("GET", `${at}/_versions`)), [2, 1])
    } finally {
      await trusted("\\d+")
    }
  })

  it("go with their record", async () => {
    const document = { ...connectorDocument(), connector_id: "again" }
    await ok("POST", `${ml}/connectors/_create`, document)
    await ok("PUT", `${ml}/connectors/again`, { description: "of the first" })
    await ok("DELETE", `${ml}/connectors/again`)
    assert.strictEqual((await send("GET", `${ml}/connectors/again/_versions`)).status, 404)
    await ok("POST", `${ml}/connectors/_create`, document)
    assert.deepStrictEqual(numbers(await ok("GET", `${ml}/connectors/again/_versions`)), [1])
  })

  it.each([{}, { version: "1" }, { version: 1.5 }, { version: -1 }, { version: null }])(
    "reject the rollback %j",
    async (body) => {
      const refused = await send("POST", `${ml}/connectors/${await create()}/_rollback`, body)
      assert.include([400, 404], refused.status, refused.text)
    },
  )
})

describe("a model's versions", () => {
  it("are those of its settings and its inline connector, not of its state", async () => {
    const id = await Loopback.register(server.url, platform.port, { request_body: '{"x":"1"}' })
    const at = `${ml}/models/${id}`
    await ok("POST", `${at}/_deploy`)
    await ok("PUT", at, { name: "second", rate_limiter: { limit: 100, unit: "MINUTES" } })
    await ok("PUT", at, {
      connector: { actions: [{ ...actionsTo(platform)[0], headers: {}, request_body: '{"x":"2"}' }] },
    })
    await ok("POST", `${at}/_undeploy`)
    assert.deepStrictEqual(numbers(await ok("GET", `${at}/_versions`)), [3, 2, 1])
    assert.deepStrictEqual((await ok("GET", `${at}/_diff?from=1&to=2`)).changes, [
      { op: "replace", path: "/name", before: "m", after: "second" },
      { op: "add", path: "/rate_limiter", after: { limit: "100", unit: "MINUTES" } },
    ])
    await ok("POST", `${at}/_deploy`)
    await ok("POST", `${at}/_rollback`, { version: 1 })
    const now = await ok("GET", at)
    assert.deepInclude(now, { name: "m", model_state: "DEPLOYED" })
    assert.notProperty(now, "rate_limiter")
    const predicted = await ok("POST", `${at}/_predict`, { parameters: {} })
    assert.strictEqual(predicted.inference_results[0].output[0].dataAsMap.sent.x, "1")
    assert.doesNotHaveAnyKeys((await ok("GET", `${at}/_versions/1`)).source, ["owned_by", "guarded_by"])
  })

  it("include the connector that it refers to", async () => {
    const [a, b] = [await create(), await create()]
    const { model_id } = await ok("POST", `${ml}/models/_register`, {
      name: "m",
      function_name: "remote",
      connector_id: a,
    })
    const at = `${ml}/models/${model_id}`
    await ok("PUT", at, { connector_id: b })
    await ok("POST", `${at}/_rollback`, { version: 1 })
    assert.strictEqual((await ok("GET", at)).connector_id, a)
    await ok("POST", `${at}/_rollback`, { version: 2 })
    await ok("DELETE", `${ml}/connectors/${a}`)
    const gone = await send("POST", `${at}/_rollback`, { version: 1 })
    assert.strictEqual(gone.status, 404)
    assert.include(gone.text, a)
  })
})

it("a model group's versions restore its name and description", async () => {
  const { model_group_id } = await ok("POST", `${ml}/model_groups/_register`, { name: "first name", description: "d" })
  const at = `${ml}/model_groups/${model_group_id}`
  await ok("PUT", at, { name: "second name", description: null })
  await ok("POST", `${ml}/models/_register`, {
    name: "m",
    function_name: "remote",
    model_group_id,
    connector_id: await create(),
  })
  assert.deepStrictEqual(numbers(await ok("GET", `${at}/_versions`)), [2, 1])
  await ok("POST", `${at}/_rollback`, { version: 1 })
  assert.deepInclude(await ok("GET", at), { name: "first name", description: "d", latest_version: 1 })
  // Its name may be taken by then.
  await ok("POST", `${at}/_rollback`, { version: 2 })
  await ok("POST", `${ml}/model_groups/_register`, { name: "first name" })
  assert.strictEqual((await send("POST", `${at}/_rollback`, { version: 1 })).status, 400)
})

it("the settings' versions restore the persistent settings", async () => {
  await using own = await InProcess.listen()
  const at = async (method: string, path: string, body?: unknown) => {
    const answered = await ask(own.url, undefined, method, path, body)
    assert.strictEqual(answered.status, 200, answered.text)
    return answered.json
  }
  const name = "plugins.ml_commons.stream_enabled"
  await at("PUT", "/_cluster/settings", { persistent: { [name]: false } })
  await at("PUT", "/_cluster/settings", {
    persistent: { [name]: true, "plugins.ml_commons.monitoring_request_count": 7 },
  })
  assert.deepStrictEqual(numbers(await at("GET", `${settingsPath}/_versions`)), [2, 1])
  assert.lengthOf((await at("GET", `${settingsPath}/_diff`)).changes, 2)
  await at("POST", `${settingsPath}/_rollback`, { version: 1 })
  assert.deepStrictEqual((await at("GET", "/_cluster/settings?flat_settings=true")).persistent, { [name]: "false" })
  assert.deepInclude((await at("GET", `${settingsPath}/_versions`)).versions[0], { version: 3, restored: 1 })
})

describe("if_seq_no and if_primary_term", () => {
  const kinds = {
    connectors: create,
    models: () => Loopback.register(server.url, platform.port),
    model_groups: async () =>
      (await ok("POST", `${ml}/model_groups/_register`, { name: `g${Math.random()}` })).model_group_id as string,
  }

  it.each(Object.entries(kinds))("let one of two concurrent changes of %s through", async (kind, make) => {
    const at = `${ml}/${kind}/${await make()}`
    const { headers } = await send("GET", at)
    const seqNo = headers.get("x-drawbar-seq-no")
    assert.strictEqual(headers.get("x-drawbar-primary-term"), "1")
    const condition = `if_seq_no=${seqNo}&if_primary_term=1`
    const both = await Promise.all(["a", "b"].map((description) => send("PUT", `${at}?${condition}`, { description })))
    assert.deepStrictEqual(both.map(({ status }) => status).toSorted(), [200, 409])
    const refused = both.find(({ status }) => status === 409)!
    assert.strictEqual(refused.json.error.type, "version_conflict_engine_exception")
    assert.include(refused.json.error.reason, `version conflict, required seqNo [${seqNo}], primary term [1]`)
    const rolledBack = await send("POST", `${at}/_rollback?${condition}`, { version: 1 })
    assert.strictEqual(rolledBack.status, 409)
    const { _seq_no, _primary_term } = await ok("GET", `${at}/_versions`)
    const now = `if_seq_no=${_seq_no}&if_primary_term=${_primary_term}`
    assert.strictEqual((await send("POST", `${at}/_rollback?${now}`, { version: 1 })).status, 200)
  })

  it.each(["if_seq_no=1", "if_primary_term=1", "if_seq_no=x&if_primary_term=1", "if_seq_no=-1&if_primary_term=1"])(
    "are rejected as %s",
    async (query) => {
      const refused = await send("PUT", `${ml}/connectors/${await create()}?${query}`, { description: "d" })
      assert.strictEqual(refused.status, 400, refused.text)
    },
  )

  it("conflict in another primary term", async () => {
    const at = `${ml}/connectors/${await create()}`
    const { _seq_no } = await ok("GET", `${at}?drawbar=true`)
    assert.strictEqual((await send("PUT", `${at}?if_seq_no=${_seq_no}&if_primary_term=2`, { name: "x" })).status, 409)
  })
})

it("a version names the principal that wrote it, and is closed with its record", async () => {
  const people = {
    owner: { roles: ["developer"], backend_roles: ["ml"] },
    stranger: { roles: ["developer"], backend_roles: ["finance"] },
    reader: { roles: ["reader"], backend_roles: ["ml"] },
  } as const satisfies Record<string, AuthenticatedServer.Person>
  const settings = { ...Loopback.settings, "plugins.ml_commons.connector_access_control_enabled": true }
  await using guarded = await AuthenticatedServer.start(people, { settings })
  const document = { ...connectorDocument(), backend_roles: ["ml"] }
  const made = await guarded.as("owner", "POST", `${ml}/connectors/_create`, document)
  const at = `${ml}/connectors/${made.json.connector_id}`
  await guarded.as("owner", "PUT", at, { description: "d" })
  const { json } = await guarded.as("reader", "GET", `${at}/_versions`)
  assert.deepStrictEqual(json.versions[0].by, { kind: "api_key", name: "owner" })
  for (const path of ["_versions", "_versions/1", "_diff"])
    assert.strictEqual((await guarded.as("stranger", "GET", `${at}/${path}`)).status, 403, path)
  assert.strictEqual((await guarded.as("stranger", "POST", `${at}/_rollback`, { version: 1 })).status, 403)
  assert.strictEqual((await guarded.as("reader", "POST", `${at}/_rollback`, { version: 1 })).status, 403)
  // A rollback opens nothing that was closed since.
  await guarded.as("owner", "PUT", at, { access_mode: "private" })
  await guarded.as("owner", "POST", `${at}/_rollback`, { version: 1 })
  assert.strictEqual((await guarded.as("reader", "GET", at)).status, 403)
}, 60_000)
