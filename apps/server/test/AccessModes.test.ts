/**
 * Access to connectors, groups and models: each cell of the table principals × modes × operations, compared with an
 * independent implementation of the rules of
 * https://docs.opensearch.org/latest/ml-commons-plugin/model-access-control/.
 */
import * as Answer from "@drawbar/stub-platform/Answer"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"
import { blueprint } from "./Drawbar.ts"

const ml = "/_plugins/_ml"

const people = {
  owner: { roles: ["developer"], backend_roles: ["search", "ml"] },
  colleague: { roles: ["developer"], backend_roles: ["ml"] },
  stranger: { roles: ["developer"], backend_roles: ["finance"] },
  loner: { roles: ["developer"] },
  admin: { roles: ["admin"] },
} as const satisfies Record<string, AuthenticatedServer.Person>
type Name = keyof typeof people
const names = Object.keys(people) as Array<Name>

const modes = ["public", "private", "restricted", "unowned"] as const
type Mode = (typeof modes)[number]

const fieldsOf = {
  public: { access_mode: "public" },
  private: { access_mode: "private" },
  restricted: { backend_roles: ["ml"] },
} as const

/** The expected rule. */
const mayUse = (name: Name, mode: Mode): boolean =>
  name === "admin" ||
  mode === "public" ||
  mode === "unowned" ||
  name === "owner" ||
  (mode === "restricted" && name === "colleague")

/**
 * A connector without an owner can be used by its id, and is not found by searches; a group without an owner is public.
 */
const mayFind = (name: Name, mode: Mode, kind: string): boolean =>
  mayUse(name, mode) && (mode !== "unowned" || name === "admin" || kind !== "connectors")

const settings = {
  "plugins.ml_commons.connector_access_control_enabled": true,
  "plugins.ml_commons.model_access_control_enabled": true,
}

interface Records {
  readonly connector: string
  readonly group: string
  readonly model: string
}

let server: AuthenticatedServer.Guarded<Name>
const unowned: Array<Records> = []

let counter = 0
type Send = (method: string, path: string, body: unknown) => Promise<AuthenticatedServer.Answered>

const idOf = (answer: AuthenticatedServer.Answered, field: string): string => {
  assert.strictEqual(answer.status, 200, answer.text)
  return answer.json[field]
}

const make = async (send: Send, access: object): Promise<Records> => {
  const connector = idOf(
    await send("POST", `${ml}/connectors/_create`, { ...blueprint, name: `c${(counter += 1)}`, ...access }),
    "connector_id",
  )
  const group = idOf(
    await send("POST", `${ml}/model_groups/_register`, { name: `g${(counter += 1)}`, ...access }),
    "model_group_id",
  )
  const model = idOf(
    await send("POST", `${ml}/models/_register`, {
      name: `m${(counter += 1)}`,
      function_name: "remote",
      model_group_id: group,
      connector_id: connector,
    }),
    "model_id",
  )
  return { connector, group, model }
}

const created = (mode: Mode): Promise<Records> =>
  mode === "unowned"
    ? Promise.resolve(unowned.pop()!)
    : make((method, path, body) => server.as("owner", method, path, body), fieldsOf[mode])

type Operation = (who: Name, records: Records) => Promise<AuthenticatedServer.Answered>

const predictBody = { parameters: { texts: ["a"] } }

/** Every operation on a record by its id. */
const operations: Readonly<Record<string, Operation>> = {
  "read a connector": (who, { connector }) => server.as(who, "GET", `${ml}/connectors/${connector}`),
  "change a connector": (who, { connector }) =>
    server.as(who, "PUT", `${ml}/connectors/${connector}`, { description: "other" }),
  "delete a connector": async (who, { connector, model }) => {
    await server.as("admin", "DELETE", `${ml}/models/${model}`)
    return await server.as(who, "DELETE", `${ml}/connectors/${connector}`)
  },
  "test a connector": (who, { connector }) =>
    server.as(who, "POST", `${ml}/connectors/${connector}/_test`, predictBody),
  "register a model with a connector": (who, { connector }) =>
    server.as(who, "POST", `${ml}/models/_register`, {
      name: `m${(counter += 1)}`,
      function_name: "remote",
      connector_id: connector,
    }),
  "read a group": (who, { group }) => server.as(who, "GET", `${ml}/model_groups/${group}`),
  "change a group": (who, { group }) => server.as(who, "PUT", `${ml}/model_groups/${group}`, { description: "other" }),
  "delete a group": async (who, { group, model }) => {
    await server.as("admin", "DELETE", `${ml}/models/${model}`)
    return await server.as(who, "DELETE", `${ml}/model_groups/${group}`)
  },
  "register a model in a group": (who, { group }) =>
    server.as(who, "POST", `${ml}/models/_register`, {
      name: `m${(counter += 1)}`,
      function_name: "remote",
      model_group_id: group,
      connector: blueprint,
    }),
  "read a model": (who, { model }) => server.as(who, "GET", `${ml}/models/${model}`),
  "change a model": (who, { model }) => server.as(who, "PUT", `${ml}/models/${model}`, { description: "other" }),
  "delete a model": (who, { model }) => server.as(who, "DELETE", `${ml}/models/${model}`),
  "deploy a model": (who, { model }) => server.as(who, "POST", `${ml}/models/${model}/_deploy`),
  "undeploy a model": async (who, { model }) => {
    await server.as("admin", "POST", `${ml}/models/${model}/_deploy`)
    return await server.as(who, "POST", `${ml}/models/${model}/_undeploy`)
  },
  "call a model that is not deployed": (who, { model }) =>
    server.as(who, "POST", `${ml}/models/${model}/_predict`, predictBody),
  "call a deployed model": async (who, { model }) => {
    await server.as("admin", "POST", `${ml}/models/${model}/_deploy`)
    return await server.as(who, "POST", `${ml}/models/${model}/_predict`, predictBody)
  },
  "render a model's request": (who, { model }) => server.as(who, "POST", `${ml}/models/${model}/_render`, predictBody),
  "limit a model": (who, { model }) => server.as(who, "POST", `${ml}/controllers/${model}`, limits),
  "read a model's limits": async (who, { model }) => {
    await server.as("admin", "POST", `${ml}/controllers/${model}`, limits)
    return await server.as(who, "GET", `${ml}/controllers/${model}`)
  },
}
const limits = { user_rate_limiter: { alice: { limit: "4", unit: "MINUTES" } } }

beforeAll(async () => {
  server = await AuthenticatedServer.start(people, {
    settings,
    before: async (url) => {
      const send: Send = (method, path, body) => AuthenticatedServer.ask(url, undefined, method, path, body)
      const wanted = (Object.keys(operations).length + 3) * names.length
      while (unowned.length < wanted) unowned.push(await make(send, {}))
    },
  })
}, 60_000)
afterAll(() => server[Symbol.asyncDispose]())

const cells = Object.keys(operations).flatMap((operation) =>
  modes.flatMap((mode) => names.map((who) => ({ operation, mode, who, may: mayUse(who, mode) }))),
)

describe("by its id", () => {
  it.each(cells)("$who: $operation, $mode: $may", async ({ operation, mode, who, may }) => {
    const { status, text } = await operations[operation]!(who, await created(mode))
    if (may) assert.strictEqual(status, 200, text)
    else assert.strictEqual(status, 403, text)
  })
})

const kinds = { connectors: "connector", model_groups: "group", models: "model" } as const
const searchCells = (Object.keys(kinds) as Array<keyof typeof kinds>).flatMap((kind) =>
  modes.flatMap((mode) => names.map((who) => ({ kind, mode, who, may: mayFind(who, mode, kind) }))),
)

describe("by a search", () => {
  it.each(searchCells)("$who finds $kind, $mode: $may", async ({ kind, mode, who, may }) => {
    const records = await created(mode)
    const query = { ids: { values: [records[kinds[kind]]] } }
    // Records of other owners are neither among the hits nor in the total, whatever the query.
    for (const requested of [query, { bool: { should: [query], must_not: [{ ids: { values: ["x"] } }] } }]) {
      const { status, json, text } = await server.as(who, "POST", `${ml}/${kind}/_search`, { query: requested })
      assert.strictEqual(status, 200, text)
      assert.strictEqual(json.hits.total.value, may ? 1 : 0, text)
    }
  })
})

/** Faulty servers that ignore one rule. */
interface Overlooking {
  readonly ids?: (cell: (typeof cells)[number]) => boolean
  readonly searches?: (who: Name, mode: Mode, kind: string) => boolean
}

const overlooking: Readonly<Record<string, Overlooking>> = {
  "that private is private": { ids: ({ may, mode }) => may || mode === "private" },
  "that restricted is restricted": { ids: ({ may, mode }) => may || mode === "restricted" },
  ownership: { ids: ({ may, who, mode }) => may && !(who === "owner" && mode === "private") },
  "sharing by backend roles": { ids: ({ may, who, mode }) => may && !(who === "colleague" && mode === "restricted") },
  "admin access": { ids: ({ may, who, mode }) => may && !(who === "admin" && mode === "private") },
  "that public is public": { ids: ({ may, who, mode }) => may && !(who === "stranger" && mode === "public") },
  "that records without an owner are public": {
    ids: ({ may, who, mode }) => may && !(who === "loner" && mode === "unowned"),
  },
  "that a backend role alone grants no other access": {
    ids: ({ may, who, mode }) => may || (who === "stranger" && mode === "restricted"),
  },
  "the check for missing roles": { ids: ({ may, who, mode }) => may || (who === "loner" && mode === "restricted") },
  "access checks in searches": { searches: () => true },
  "that a search finds records without an owner for admins only": {
    searches: (who, mode, kind) => mayFind(who, mode, kind) || mode === "unowned",
  },
  "that a search finds shared records": { searches: (who, mode) => who === "admin" || mode === "public" },
  ...Object.fromEntries(
    Object.keys(operations).map((one) => [
      `the permission to ${one}`,
      { ids: ({ may, operation }: (typeof cells)[number]) => may || operation === one },
    ]),
  ),
}

it.each(Object.entries(overlooking))("a server that ignores %s fails a cell above", (_, { ids, searches }) => {
  const found = [
    ...cells.filter((cell) => (ids?.(cell) ?? cell.may) !== cell.may),
    ...searchCells.filter(({ who, mode, kind, may }) => (searches?.(who, mode, kind) ?? may) !== may),
  ]
  assert.isAbove(found.length, 0)
  assert.isAtLeast(cells.length + searchCells.length, 400)
})

const register = (who: Name, access: object) =>
  server.as(who, "POST", `${ml}/model_groups/_register`, { name: `g${(counter += 1)}`, ...access })

const create = (who: Name, access: object) =>
  server.as(who, "POST", `${ml}/connectors/_create`, { ...blueprint, ...access })

describe("access fields of a record", () => {
  it("contain its owner, the owner's roles and the mode", async () => {
    const { json } = await register("owner", { add_all_backend_roles: true })
    const group = await server.as("owner", "GET", `${ml}/model_groups/${json.model_group_id}`)
    assert.deepInclude(group.json, {
      access: "restricted",
      backend_roles: ["search", "ml"],
      owner: {
        name: "owner",
        backend_roles: ["search", "ml"],
        roles: ["developer"],
        custom_attribute_names: [],
        user_requested_tenant: null,
      },
    })
  })

  it("default to private", async () => {
    const { json } = await create("owner", {})
    const connector = await server.as("owner", "GET", `${ml}/connectors/${json.connector_id}`)
    assert.strictEqual(connector.json.access, "private")
  })

  it.each([
    ["admin", { add_all_backend_roles: true }, "Admin can't add all backend roles"],
    ["owner", { access_mode: "public", backend_roles: ["ml"] }, "only for a connector with the restricted access mode"],
    ["owner", { backend_roles: ["ml"], add_all_backend_roles: true }, "at same time"],
    ["loner", { access_mode: "restricted", backend_roles: ["ml"] }, "at least one backend role to create"],
    ["owner", { access_mode: "restricted" }, "must specify at least one backend role"],
    ["owner", { backend_roles: ["finance"] }, "You don't have the backend roles specified."],
  ] as const)("reject a connector by %s with %j", async (who, access, sentence) => {
    const { status, json } = await create(who, access)
    assert.strictEqual(status, 400)
    assert.include(json.error.reason, sentence)
  })

  it.each([
    ["admin", { add_all_backend_roles: true }, "Admin users cannot add all backend roles"],
    ["owner", { access_mode: "private", backend_roles: ["ml"] }, "only for a model group with the restricted"],
    ["owner", { backend_roles: ["ml"], add_all_backend_roles: true }, "at the same time"],
    ["loner", { add_all_backend_roles: true }, "at least one backend role to register"],
    ["owner", { access_mode: "restricted" }, "You must specify one or more backend roles"],
    ["owner", { backend_roles: ["finance"] }, "You don't have the backend roles specified."],
  ] as const)("reject a group by %s with %j", async (who, access, sentence) => {
    const { status, json } = await register(who, access)
    assert.strictEqual(status, 400)
    assert.include(json.error.reason, sentence)
  })

  it("can be changed only by the owner and admins, and apply to deployed models", async () => {
    const { group, model } = await created("public")
    const predict = (who: Name) => server.as(who, "POST", `${ml}/models/${model}/_predict`, predictBody)
    assert.strictEqual((await predict("stranger")).status, 200)
    const path = `${ml}/model_groups/${group}`
    const refused = await server.as("stranger", "PUT", path, { access_mode: "private" })
    assert.strictEqual(refused.status, 403)
    assert.include(refused.json.error.reason, "Only owner or admin can update access control data.")
    assert.strictEqual((await server.as("owner", "PUT", path, { access_mode: "private" })).status, 200)
    assert.strictEqual((await predict("stranger")).status, 403)
    assert.strictEqual((await predict("owner")).status, 200)
    const opened = await server.as("admin", "PUT", path, { access_mode: "restricted", backend_roles: ["finance"] })
    assert.strictEqual(opened.status, 200, opened.text)
    assert.strictEqual((await predict("stranger")).status, 200)
    // The creator no longer has the role with which it is now shared.
    assert.strictEqual((await predict("owner")).status, 403)
  })

  it.each([
    ["admin", { add_all_backend_roles: true }, "Admin users cannot add all backend roles to a model group."],
    ["owner", { access_mode: "public", backend_roles: ["ml"] }, "You can specify backend roles only for a model group"],
    ["owner", { backend_roles: ["ml"], add_all_backend_roles: true }, "at the same time."],
    ["owner", { backend_roles: ["finance"] }, "You don't have the backend roles specified."],
    [
      "owner",
      { add_all_backend_roles: false },
      "You have to specify backend roles when add all backend roles is set to false.",
    ],
  ] as const)("reject a change of a group by %s to %j", async (who, access, sentence) => {
    const { group } = await created("restricted")
    const { status, json } = await server.as(who, "PUT", `${ml}/model_groups/${group}`, access)
    assert.strictEqual(status, 400)
    assert.include(json.error.reason, sentence)
  })

  it("become restricted if roles are given, which the owner must have", async () => {
    const { group } = await created("private")
    const path = `${ml}/model_groups/${group}`
    assert.strictEqual((await server.as("owner", "PUT", path, { backend_roles: ["ml"] })).status, 200)
    const { json } = await server.as("colleague", "GET", path)
    assert.deepInclude(json, { access: "restricted", backend_roles: ["ml"] })
    const own = await register("loner", {})
    const refused = await server.as("loner", "PUT", `${ml}/model_groups/${own.json.model_group_id}`, {
      add_all_backend_roles: true,
    })
    assert.include(refused.json.error.reason, "You don't have any backend roles.")
  })

  it("of a connector do not restrict callers of its model", async () => {
    const { connector } = await created("private")
    const model = await server.as("owner", "POST", `${ml}/models/_register`, {
      name: `m${(counter += 1)}`,
      function_name: "remote",
      connector_id: connector,
      access_mode: "public",
    })
    assert.strictEqual(model.status, 200, model.text)
    const path = `${ml}/models/${model.json.model_id}/_predict`
    assert.strictEqual((await server.as("stranger", "POST", path, predictBody)).status, 200)
  })

  it.each([
    ["GET", "connectors", "connector", undefined, "You don't have permission to access this connector"],
    ["PUT", "connectors", "connector", {}, "You don't have permission to update the connector, connector id: "],
    ["DELETE", "connectors", "connector", undefined, "You are not allowed to delete this connector"],
    [
      "GET",
      "model_groups",
      "group",
      undefined,
      "User doesn't have privilege to perform this operation on this model group",
    ],
    ["PUT", "model_groups", "group", { name: "x" }, "You don't have permission to update this model group."],
    ["DELETE", "model_groups", "group", undefined, "User doesn't have privilege to delete this model group"],
    ["GET", "models", "model", undefined, "User doesn't have privilege to perform this operation on this model"],
    ["PUT", "models", "model", {}, "User doesn't have privilege to perform this operation on this model, model ID "],
    ["POST", "controllers", "model", limits, "on this model controller. Model ID: "],
  ] as const)("reject %s of %s in ML Commons' words", async (method, path, record, body, sentence) => {
    const records = await created("private")
    const { status, json } = await server.as("stranger", method, `${ml}/${path}/${records[record]}`, body)
    assert.strictEqual(status, 403)
    assert.include(json.error.reason, sentence)
  })

  it("are rejected if access control is off, because they would have no effect", async () => {
    await using open = await AuthenticatedServer.start({ owner: people.owner })
    const connector = await open.as("owner", "POST", `${ml}/connectors/_create`, {
      ...blueprint,
      access_mode: "private",
    })
    assert.strictEqual(connector.status, 400)
    assert.include(connector.json.error.reason, "connector access control is disabled on your cluster")
  })
})

const judged = (judge: string) => ({
  guardrails: { type: "model", input_guardrail: { model_id: judge, response_validation_regex: ".*" } },
})

describe("a connector of another owner", () => {
  const elsewhere = [{ ...blueprint.actions[0], url: "https://api.openai.com/v1/embed" }]
  const ways: ReadonlyArray<readonly [string, object, number]> = [
    ["another host", { actions: elsewhere }, 403],
    ["another token issuer", { parameters: { oauth2_token_url: "https://oauth2.googleapis.com/token" } }, 403],
    ["another host, with an additional secret", { actions: elsewhere, credential: { mine: "sk-mine" } }, 403],
    ["another path", { actions: [{ ...blueprint.actions[0], url: "https://api.cohere.ai/v2/embed" }] }, 200],
    [
      "another host, with the credential sent again",
      { actions: elsewhere, credential: { cohere_key: "sk-other" } },
      200,
    ],
  ]

  it.each(ways)("allows a change to %s only to the owner and admins", async (_, change, status) => {
    const { connector } = await created("public")
    const put = (who: Name) => server.as(who, "PUT", `${ml}/connectors/${connector}`, change)
    const response = await put("stranger")
    assert.strictEqual(response.status, status, response.text)
    if (status === 403)
      assert.include(response.json.error.reason, "Only the owner or an admin can point this connector at https")
    assert.strictEqual((await put("owner")).status, 200)
  })

  it("protects the credential of an embedded connector", async () => {
    const { group } = await created("public")
    const model = await server.as("owner", "POST", `${ml}/models/_register`, {
      name: `m${(counter += 1)}`,
      function_name: "remote",
      model_group_id: group,
      connector: blueprint,
    })
    const put = (who: Name) =>
      server.as(who, "PUT", `${ml}/models/${model.json.model_id}`, { connector: { actions: elsewhere } })
    assert.deepStrictEqual([(await put("stranger")).status, (await put("owner")).status], [403, 200])
  })

  it("protects the credential also if records have no owner, except from admins", async () => {
    await using open = await AuthenticatedServer.start({ dev: { roles: ["developer"] }, admin: { roles: ["admin"] } })
    const { connector_id } = (await open.as("dev", "POST", `${ml}/connectors/_create`, blueprint)).json
    const put = async (who: "dev" | "admin", change: object) =>
      (await open.as(who, "PUT", `${ml}/connectors/${connector_id}`, change)).status
    assert.strictEqual(await put("dev", { actions: elsewhere }), 403)
    assert.strictEqual(await put("dev", { actions: elsewhere, credential: { cohere_key: "sk-other" } }), 200)
    assert.strictEqual(await put("admin", { actions: blueprint.actions }), 200)
  })

  it("cannot be used as a guardrail model", async () => {
    const { model } = await created("private")
    const own = await created("public")
    const statuses = async (who: Name) => {
      const registered = await server.as(who, "POST", `${ml}/models/_register`, {
        name: `m${(counter += 1)}`,
        function_name: "remote",
        connector_id: own.connector,
        ...judged(model),
      })
      const changed = await server.as(who, "PUT", `${ml}/models/${own.model}`, judged(model))
      return [registered.status, changed.status]
    }
    assert.deepStrictEqual(await statuses("stranger"), [403, 403])
    assert.deepStrictEqual(await statuses("owner"), [200, 200])
  })

  it("does not hide the profile of an accessible model", async () => {
    const { model } = await created("private")
    const open = await created("public")
    for (const id of [model, open.model]) await server.as("owner", "POST", `${ml}/models/${id}/_deploy`)
    const { status, json } = await server.as("stranger", "GET", `${ml}/profile/models`)
    assert.strictEqual(status, 200)
    assert.containsAllKeys(json.nodes.drawbar.models, [open.model])
    assert.doesNotHaveAnyKeys(json.nodes.drawbar.models, [model])
  })
})

describe("an API key", () => {
  const usage = { prompt_tokens: 30, completion_tokens: 5, total_tokens: 35 }

  it("can be restricted to some models", async () => {
    const { model } = await created("public")
    const other = await created("public")
    const key = await server.as("admin", "POST", `${ml}/api_keys`, {
      name: "one-model",
      roles: ["application"],
      models: [model],
    })
    const predict = (id: string) =>
      AuthenticatedServer.ask(
        server.url,
        `Bearer ${key.json.api_key}`,
        "POST",
        `${ml}/models/${id}/_predict`,
        predictBody,
      )
    assert.strictEqual((await predict(model)).status, 200)
    const refused = await predict(other.model)
    assert.strictEqual(refused.status, 403)
    assert.include(refused.json.error.reason, "This API key is not for the model")
  })

  it.each([
    ["requests", { requests_per_minute: 2 }, "2 requests per minute"],
    ["tokens", { tokens_per_day: 70 }, "70 tokens per day"],
  ] as const)("can have a quota of %s, and reports when to retry", async (_, quota, sentence) => {
    await using metered = await AuthenticatedServer.start(
      { admin: people.admin, metered: { roles: ["developer"], quota }, free: { roles: ["developer"] } },
      { handler: () => Answer.json({ embeddings: [[1]], usage }) },
    )
    const { model } = await make((method, path, body) => metered.as("admin", method, path, body), {})
    const predict = (who: "metered" | "free") => metered.as(who, "POST", `${ml}/models/${model}/_predict`, predictBody)
    assert.deepStrictEqual([(await predict("metered")).status, (await predict("metered")).status], [200, 200])
    const third = await predict("metered")
    assert.strictEqual(third.status, 429, third.text)
    assert.include(third.json.error.reason, sentence)
    assert.isAbove(Number(third.headers.get("retry-after")), 0)
    assert.strictEqual((await predict("free")).status, 200)
  })
})
