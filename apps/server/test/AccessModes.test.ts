/**
 * Who may use whose connectors, groups and models: each cell of the table people × modes × operations, against the rules of
 * https://docs.opensearch.org/latest/ml-commons-plugin/model-access-control/, which are written here a second time.
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

/** The rule itself. */
const mayUse = (name: Name, mode: Mode): boolean =>
  name === "admin" ||
  mode === "public" ||
  mode === "unowned" ||
  name === "owner" ||
  (mode === "restricted" && name === "colleague")

/** A connector that nobody owns may be used by who knows its id, and is not found; a group that nobody owns is public. */
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

/** Every way in which one record of the three is touched by its id. */
const operations: Readonly<Record<string, Operation>> = {
  "read a connector": (who, { connector }) => server.as(who, "GET", `${ml}/connectors/${connector}`),
  "change a connector": (who, { connector }) =>
    server.as(who, "PUT", `${ml}/connectors/${connector}`, { description: "other" }),
  "delete a connector": async (who, { connector, model }) => {
    await server.as("admin", "DELETE", `${ml}/models/${model}`)
    return await server.as(who, "DELETE", `${ml}/connectors/${connector}`)
  },
  "try a connector": (who, { connector }) => server.as(who, "POST", `${ml}/connectors/${connector}/_test`, predictBody),
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
  "ask a model that nobody deployed": (who, { model }) =>
    server.as(who, "POST", `${ml}/models/${model}/_predict`, predictBody),
  "ask a deployed model": async (who, { model }) => {
    await server.as("admin", "POST", `${ml}/models/${model}/_deploy`)
    return await server.as(who, "POST", `${ml}/models/${model}/_predict`, predictBody)
  },
  "look at a model's request": (who, { model }) => server.as(who, "POST", `${ml}/models/${model}/_render`, predictBody),
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
  it.each(cells)("$who may $operation that is $mode: $may", async ({ operation, mode, who, may }) => {
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
  it.each(searchCells)("$who finds $kind that are $mode: $may", async ({ kind, mode, who, may }) => {
    const records = await created(mode)
    const query = { ids: { values: [records[kinds[kind]]] } }
    // However it is asked, the records of others are not among the hits, nor in their number.
    for (const asked of [query, { bool: { should: [query], must_not: [{ ids: { values: ["x"] } }] } }]) {
      const { status, json, text } = await server.as(who, "POST", `${ml}/${kind}/_search`, { query: asked })
      assert.strictEqual(status, 200, text)
      assert.strictEqual(json.hits.total.value, may ? 1 : 0, text)
    }
  })
})

/** What a server that overlooks a rule would let happen. */
interface Overlooking {
  readonly ids?: (cell: (typeof cells)[number]) => boolean
  readonly searches?: (who: Name, mode: Mode, kind: string) => boolean
}

const overlooking: Readonly<Record<string, Overlooking>> = {
  "that private is private": { ids: ({ may, mode }) => may || mode === "private" },
  "that restricted is restricted": { ids: ({ may, mode }) => may || mode === "restricted" },
  "who the owner is": { ids: ({ may, who, mode }) => may && !(who === "owner" && mode === "private") },
  "that colleagues share": { ids: ({ may, who, mode }) => may && !(who === "colleague" && mode === "restricted") },
  "that admins may": { ids: ({ may, who, mode }) => may && !(who === "admin" && mode === "private") },
  "that public is public": { ids: ({ may, who, mode }) => may && !(who === "stranger" && mode === "public") },
  "that nobody's are everybody's": { ids: ({ may, who, mode }) => may && !(who === "loner" && mode === "unowned") },
  "that a role of its own opens nothing": {
    ids: ({ may, who, mode }) => may || (who === "stranger" && mode === "restricted"),
  },
  "to look, where roles are none": { ids: ({ may, who, mode }) => may || (who === "loner" && mode === "restricted") },
  "that a search is access, too": { searches: () => true },
  "that a search shows nobody's to admins alone": {
    searches: (who, mode, kind) => mayFind(who, mode, kind) || mode === "unowned",
  },
  "that a search finds what is shared": { searches: (who, mode) => who === "admin" || mode === "public" },
  ...Object.fromEntries(
    Object.keys(operations).map((one) => [
      `to look before one may ${one}`,
      { ids: ({ may, operation }: (typeof cells)[number]) => may || operation === one },
    ]),
  ),
}

it.each(Object.entries(overlooking))("a server that overlooks %s would fail a cell above", (_, { ids, searches }) => {
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

describe("what a record says of its access", () => {
  it("names its owner, his roles and the mode", async () => {
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

  it("is private where nothing is said", async () => {
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
  ] as const)("%s cannot create a connector with %j", async (who, access, sentence) => {
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
  ] as const)("%s cannot register a group with %j", async (who, access, sentence) => {
    const { status, json } = await register(who, access)
    assert.strictEqual(status, 400)
    assert.include(json.error.reason, sentence)
  })

  it("is changed by its owner and by admins only, and holds for models that run", async () => {
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
    // Who made it has the role no more that it is now shared by.
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
  ] as const)("%s cannot change that of a group to %j", async (who, access, sentence) => {
    const { group } = await created("restricted")
    const { status, json } = await server.as(who, "PUT", `${ml}/model_groups/${group}`, access)
    assert.strictEqual(status, 400)
    assert.include(json.error.reason, sentence)
  })

  it("becomes restricted where roles are given, and needs roles to have", async () => {
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

  it("of its connector does not matter to who asks a model", async () => {
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
  ] as const)("refuses %s of %s in the known words", async (method, path, record, body, sentence) => {
    const records = await created("private")
    const { status, json } = await server.as("stranger", method, `${ml}/${path}/${records[record]}`, body)
    assert.strictEqual(status, 403)
    assert.include(json.error.reason, sentence)
  })

  it("is refused where access control is off, as a promise that would not be kept", async () => {
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

describe("what is another's", () => {
  const elsewhere = [{ ...blueprint.actions[0], url: "https://api.openai.com/v1/embed" }]
  const ways: ReadonlyArray<readonly [string, object, number]> = [
    ["another host", { actions: elsewhere }, 403],
    ["another issuer of tokens", { parameters: { oauth2_token_url: "https://oauth2.googleapis.com/token" } }, 403],
    ["another host, with a secret of his own beside it", { actions: elsewhere, credential: { mine: "sk-mine" } }, 403],
    ["another path", { actions: [{ ...blueprint.actions[0], url: "https://api.cohere.ai/v2/embed" }] }, 200],
    ["another host, with the credential anew", { actions: elsewhere, credential: { cohere_key: "sk-other" } }, 200],
  ]

  it.each(ways)("credential goes with a change to %s only as its owner wants", async (_, change, status) => {
    const { connector } = await created("public")
    const put = (who: Name) => server.as(who, "PUT", `${ml}/connectors/${connector}`, change)
    const his = await put("stranger")
    assert.strictEqual(his.status, status, his.text)
    if (status === 403)
      assert.include(his.json.error.reason, "Only the owner or an admin can point this connector at https")
    assert.strictEqual((await put("owner")).status, 200)
  })

  it("credential stays where it is when it stands in a model", async () => {
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

  it("credential stays where it is also where records have no owner, but for admins", async () => {
    await using open = await AuthenticatedServer.start({ dev: { roles: ["developer"] }, admin: { roles: ["admin"] } })
    const { connector_id } = (await open.as("dev", "POST", `${ml}/connectors/_create`, blueprint)).json
    const put = async (who: "dev" | "admin", change: object) =>
      (await open.as(who, "PUT", `${ml}/connectors/${connector_id}`, change)).status
    assert.strictEqual(await put("dev", { actions: elsewhere }), 403)
    assert.strictEqual(await put("dev", { actions: elsewhere, credential: { cohere_key: "sk-other" } }), 200)
    assert.strictEqual(await put("admin", { actions: blueprint.actions }), 200)
  })

  it("model is no judge", async () => {
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

  it("model hides no profile of one's own", async () => {
    const { model } = await created("private")
    const open = await created("public")
    for (const id of [model, open.model]) await server.as("owner", "POST", `${ml}/models/${id}/_deploy`)
    const { status, json } = await server.as("stranger", "GET", `${ml}/profile/models`)
    assert.strictEqual(status, 200)
    assert.containsAllKeys(json.nodes.drawbar.models, [open.model])
    assert.doesNotHaveAnyKeys(json.nodes.drawbar.models, [model])
  })
})

describe("a key", () => {
  const usage = { prompt_tokens: 30, completion_tokens: 5, total_tokens: 35 }

  it("may be for some models only", async () => {
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
  ] as const)("may have a quota of %s, which is told with when to ask again", async (_, quota, sentence) => {
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
