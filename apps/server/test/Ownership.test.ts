/**
 * The owner of a model does not change with its group: random sequences of changes by an owner, a colleague who may use
 * the model, and a stranger, each with their own groups. A change is an update or a rollback to a random version. After
 * each step every model and connector is called, and no upstream receives a credential that is not bound to it.
 * DRAWBAR_SEED and DRAWBAR_WALK set the seed and the number of steps.
 */
import process from "node:process"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"
import * as Loopback from "./Loopback.ts"

const ml = "/_plugins/_ml"
const seed = Number(process.env["DRAWBAR_SEED"] ?? Math.floor(Math.random() * 1e6))
const steps = Number(process.env["DRAWBAR_WALK"] ?? 150)

const people = {
  owner: { roles: ["developer"], backend_roles: ["ml"] },
  colleague: { roles: ["developer"], backend_roles: ["ml"] },
  stranger: { roles: ["developer"], backend_roles: ["finance"] },
  admin: { roles: ["admin"] },
} as const satisfies Record<string, AuthenticatedServer.Person>
type Name = keyof typeof people
const walkers = ["owner", "colleague", "stranger"] as const
type Walker = (typeof walkers)[number]

const settings = {
  ...Loopback.settings,
  "plugins.ml_commons.connector_access_control_enabled": true,
  "plugins.ml_commons.model_access_control_enabled": true,
}

let server: AuthenticatedServer.Guarded<Name>
let platforms: ReadonlyArray<StubPlatform.StubPlatform>
beforeAll(async () => {
  platforms = await Promise.all([0, 1, 2].map(() => StubPlatform.start({ handler: () => Answer.json({ ok: 1 }) })))
  server = await AuthenticatedServer.start(people, { settings })
}, 60_000)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await Promise.all(platforms.map((platform) => platform.close()))
})

const originOf = (at: number) => `http://127.0.0.1:${platforms[at]!.port}`
const actions = (at: number) => [
  {
    action_type: "predict",
    method: "POST",
    url: `${originOf(at)}/v1`,
    headers: { Authorization: "Bearer ${credential.key}", "X-Second": "${credential.second}" },
    request_body: '{"x":"${parameters.x}"}',
  },
]
const connectorOf = (at: number, key: string) => ({
  name: "c",
  version: 1,
  protocol: "http",
  parameters: { x: "1" },
  credential: { key, second: `${key}-second` },
  actions: actions(at),
})

const idOf = (answer: AuthenticatedServer.Answered, field: string): string => {
  assert.strictEqual(answer.status, 200, answer.text)
  return answer.json[field]
}
let counter = 0
const groupOf = async (who: Name, access: object) =>
  idOf(
    await server.as(who, "POST", `${ml}/model_groups/_register`, { name: `g${(counter += 1)}`, ...access }),
    "model_group_id",
  )
const modelIn = async (who: Name, group: string, source: object) =>
  idOf(
    await server.as(who, "POST", `${ml}/models/_register`, {
      name: `m${(counter += 1)}`,
      function_name: "remote",
      model_group_id: group,
      ...source,
    }),
    "model_id",
  )
const put = (who: Name, model: string, body: object) => server.as(who, "PUT", `${ml}/models/${model}`, body)
const open = { access_mode: "public" }

const random = (() => {
  let state = seed
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
})()
const below = (count: number) => Math.floor(random() * count)
const one = <A>(all: ReadonlyArray<A>): A => all[below(all.length)]!

/** The upstreams that received a text since the last check. */
const looks = () => {
  const seen = platforms.map(({ requests }) => requests.length)
  return (text: string) =>
    platforms.flatMap(({ requests }, at) =>
      requests.slice(seen[at]).some(({ headers }) => headers.some(([, value]) => value.includes(text))) ? [at] : [],
    )
}

describe(`a model's credential (DRAWBAR_SEED=${seed})`, () => {
  it(`reaches only the destinations of its owner, in ${steps} changes by three principals`, async () => {
    const groups = [
      await groupOf("owner", open),
      await groupOf("owner", { backend_roles: ["ml"] }),
      await groupOf("owner", { access_mode: "private" }),
      await groupOf("colleague", open),
      await groupOf("colleague", { access_mode: "private" }),
      await groupOf("stranger", open),
      await groupOf("stranger", { access_mode: "private" }),
    ]
    const canary = "sk-canary-0123456789"
    // The connectors are shared: only one principal can test private ones.
    const connector = idOf(
      await server.as("owner", "POST", `${ml}/connectors/_create`, { ...connectorOf(0, `${canary}-c`), ...open }),
      "connector_id",
    )
    const models = [
      await modelIn("owner", groups[0]!, { connector: connectorOf(0, `${canary}-0`) }),
      await modelIn("owner", groups[1]!, { connector: connectorOf(0, `${canary}-1`) }),
      await modelIn("owner", groups[3]!, { connector: connectorOf(0, `${canary}-2`) }),
    ]
    /** The allowed destinations of a record's secret: those set by its owner or an admin. */
    const bound = new Map([...models, connector].map((id) => [id, new Set([0])]))
    const canaryOf = new Map([
      ...models.map((id, n) => [id, `${canary}-${n}`] as const),
      [connector, `${canary}-c`] as const,
    ])
    const changes: ReadonlyArray<() => object> = [
      () => ({ actions: actions(below(3)) }),
      () => ({ actions: actions(below(3)), credential: { second: "sk-other" } }),
      () => ({ actions: actions(below(3)), credential: { key: "sk-other" } }),
      () => ({ actions: actions(below(3)), credential: { third: "sk-other" } }),
      () => ({ client_config: { skip_ssl_verification: true } }),
      () => ({ parameters: { x: String(below(9)) } }),
    ]
    let refused = 0
    let rolledBack = 0
    const done: Array<string> = []
    for (let step = 0; step < steps; step++) {
      const who: Walker = one(walkers)
      const record = one([...models, ...models, connector])
      const change = one(changes)()
      const [path, body]: [string, object] =
        record === connector
          ? [`connectors/${record}`, change]
          : [`models/${record}`, one([{ model_group_id: one(groups) }, { connector: change }])]
      const isRollback = below(4) === 0
      const rollback = { version: 1 + below(1 + step / 8), ...one([{}, {}, { credential: { key: "sk-other" } }]) }
      const { status, text } = isRollback
        ? await server.as(who, "POST", `${ml}/${path}/_rollback`, rollback)
        : await server.as(who, "PUT", `${ml}/${path}`, body)
      assert.include(isRollback ? [200, 400, 403, 404] : [200, 400, 403], status, text)
      done.push(`${who} ${path} ${JSON.stringify(isRollback ? rollback : body)}: ${status}`)
      if (isRollback && status === 200) rolledBack++
      if (status === 403) refused++
      const target = "actions" in change && "actions" in ("connector" in body ? Object(body.connector) : body)
      const at =
        target && !isRollback ? platforms.findIndex(({ port }) => JSON.stringify(body).includes(`:${port}/`)) : -1
      if (status === 200 && at >= 0 && who === "owner") bound.get(record)!.add(at)
      const seen = looks()
      for (const name of ["admin", ...walkers] as const) {
        const called =
          record === connector
            ? await server.as(name, "POST", `${ml}/connectors/${record}/_test`, { parameters: { x: "1" } })
            : await server.as(name, "POST", `${ml}/models/${record}/_predict`, { parameters: { x: "1" } })
        assert.notInclude(called.text, canary)
      }
      const astray = seen(canaryOf.get(record)!).filter((platform) => !bound.get(record)!.has(platform))
      assert.deepStrictEqual(astray, [], done.join("\n"))
    }
    // A sequence in which every change is rejected, or none, would test nothing.
    assert.isAbove(rolledBack, steps / 50)
    assert.isAbove(refused, steps / 20)
    assert.isAbove(steps - refused, steps / 20)
  }, 120_000)

  it("stays when a model is moved into another principal's group in any number of steps", async () => {
    const shared = await groupOf("owner", open)
    const [theirs, further] = [await groupOf("colleague", open), await groupOf("stranger", open)]
    const model = await modelIn("owner", shared, { connector: connectorOf(0, "sk-moved-0123456789") })
    const moved = await put("colleague", model, { model_group_id: theirs })
    assert.strictEqual(moved.status, 403)
    assert.include(moved.text, "Only the owner of this model, the owner of its model group or an admin can move it")
    // Moved by a permitted principal, the model keeps its owner in every group.
    for (const [by, group] of [
      ["owner", theirs],
      ["colleague", further],
      ["stranger", theirs],
    ] as const) {
      assert.strictEqual((await put(by, model, { model_group_id: group })).status, 200)
      for (const who of ["colleague", "stranger"] as const)
        assert.strictEqual((await put(who, model, { connector: { actions: actions(1) } })).status, 403)
    }
    assert.strictEqual((await put("owner", model, { connector: { actions: actions(1) } })).status, 200)
    assert.strictEqual((await put("admin", model, { connector: { actions: actions(2) } })).status, 200)
  })

  it("does not follow a rollback, by whomever, to a version that another principal pointed elsewhere", async () => {
    const model = await modelIn("owner", await groupOf("owner", open), {
      connector: connectorOf(0, "sk-first-0123456789"),
    })
    const rollback = (who: Name, body: object) => server.as(who, "POST", `${ml}/models/${model}/_rollback`, body)
    const theirs = { actions: actions(1), credential: { key: "sk-theirs-0123456789", second: "sk-theirs-second" } }
    const back = { actions: actions(0), credential: { key: "sk-back-0123456789", second: "sk-back-second" } }
    assert.strictEqual((await put("stranger", model, { connector: theirs })).status, 200)
    assert.strictEqual((await put("owner", model, { connector: back })).status, 200)
    for (const who of ["stranger", "colleague", "owner", "admin"] as const)
      for (const credential of [{}, { key: "sk-half-0123456789" }]) {
        const refused = await rollback(who, { version: 2, credential })
        assert.strictEqual(refused.status, 400, refused.text)
        assert.include(refused.text, Object.keys(credential).length === 0 ? "[key, second]" : "[second]")
      }
    // What it needs again is what is sent, and nothing else.
    assert.strictEqual((await rollback("stranger", { version: 2, credential: theirs.credential })).status, 200)
    const seen = looks()
    await server.as("stranger", "POST", `${ml}/models/${model}/_predict`, { parameters: { x: "1" } })
    assert.deepStrictEqual([seen("sk-back"), seen("sk-theirs-0123456789")], [[], [1]])
  })

  it("can be replaced by a principal that may use the model, and is then sent where that principal says", async () => {
    const model = await modelIn("owner", await groupOf("owner", open), {
      connector: connectorOf(0, "sk-old-0123456789"),
    })
    const change = { actions: actions(1), credential: { key: "sk-new-0123456789", second: "sk-new-second" } }
    assert.strictEqual((await put("stranger", model, { connector: change })).status, 200)
    const seen = looks()
    assert.strictEqual(
      (await server.as("stranger", "POST", `${ml}/models/${model}/_predict`, { parameters: { x: "1" } })).status,
      200,
    )
    assert.deepStrictEqual([seen("sk-old-0123456789"), seen("sk-new-0123456789")], [[], [1]])
  })
})

describe("a model's owner", () => {
  it("may move it out of a group that has become inaccessible", async () => {
    const theirs = await groupOf("colleague", open)
    const model = await modelIn("owner", theirs, { connector: connectorOf(0, "sk-out-0123456789") })
    const closed = await server.as("colleague", "PUT", `${ml}/model_groups/${theirs}`, { access_mode: "private" })
    assert.strictEqual(closed.status, 200)
    assert.strictEqual((await put("owner", model, { model_group_id: await groupOf("owner", open) })).status, 200)
  })

  it("is not in responses, and is not searchable", async () => {
    const group = await groupOf("owner", open)
    const model = await modelIn("owner", group, { connector: connectorOf(0, "sk-shown-0123456789") })
    const got = await server.as("owner", "GET", `${ml}/models/${model}`)
    assert.doesNotHaveAnyKeys(got.json, ["owner", "owned_by", "guarded_by"])
    const searched = (query: object, rest: object = {}) =>
      server.as("admin", "POST", `${ml}/models/_search`, { query, ...rest })
    for (const rest of [{}, { _source: ["owned_by", "name"] }, { _source: { includes: ["own*"] } }]) {
      const { json } = await searched({ ids: { values: [model] } }, rest)
      assert.strictEqual(json.hits.total.value, 1)
      assert.doesNotHaveAnyKeys(json.hits.hits[0]._source, ["owner", "owned_by", "guarded_by"])
    }
    for (const query of [
      { exists: { field: "owned_by" } },
      { match: { "owned_by.name": "owner" } },
      { query_string: { query: "developer" } },
    ])
      assert.strictEqual((await searched(query)).json.hits.total.value, 0, JSON.stringify(query))
  })
})

describe("skip_ssl_verification", () => {
  it("is set on a connector only by its owner or an admin, even with another credential", async () => {
    await using unverified = await AuthenticatedServer.start(people, { settings, allowUnverifiedTls: true })
    const made = await unverified.as("owner", "POST", `${ml}/connectors/_create`, {
      ...connectorOf(0, "sk-tls-0123456789"),
      ...open,
    })
    const set = async (who: Name, change: object = {}) => {
      const path = `${ml}/connectors/${made.json.connector_id}`
      const body = { client_config: { skip_ssl_verification: true }, ...change }
      const { status } = await unverified.as(who, "PUT", path, body)
      await unverified.as("owner", "PUT", path, { client_config: { skip_ssl_verification: false } })
      return status
    }
    const own = { credential: { key: "sk-own", second: "sk-own" } }
    assert.deepStrictEqual(
      [await set("colleague"), await set("colleague", own), await set("owner"), await set("admin")],
      [403, 403, 200, 200],
    )
  })
})
