/** Who may call a model that routes to others, who may name them, and what the operator sees of it. */
import * as Answer from "@drawbar/stub-platform/Answer"
import { assert, describe, it } from "vitest"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"
import { connector, from, ml, model } from "./Targets.ts"

const settings = {
  "plugins.ml_commons.connector_access_control_enabled": true,
  "plugins.ml_commons.model_access_control_enabled": true,
}

/** The first fails, and the second answers. */
const handler: Answer.Handler = ({ target }) =>
  target.startsWith("/first") ? Answer.json({}, 500) : Answer.json({ from: "second" })

const actions = (path: string) => ({
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: `https://api.cohere.ai${path}`,
      request_body: '{"q":"${parameters.q}"}',
    },
  ],
})

describe("access to the targets of a routing", () => {
  it("is needed by who names them, by who calls, and by the key", async () => {
    const lines: Array<string> = []
    await using server = await AuthenticatedServer.start(
      {
        owner: { roles: ["developer"], backend_roles: ["one"] },
        other: { roles: ["developer"], backend_roles: ["two"] },
        both: { roles: ["developer"], backend_roles: ["one", "two"] },
      },
      { handler, settings, auditLog: (line) => void lines.push(line) },
    )
    const as = (who: "owner" | "other" | "both") => (method: string, path: string, body?: unknown) =>
      server.as(who, method, path, body)
    const group = async (who: "owner" | "other" | "both", name: string, roles: ReadonlyArray<string>) => {
      const made = await server.as(who, "POST", `${ml}/model_groups/_register`, {
        name,
        access_mode: "restricted",
        backend_roles: roles,
      })
      assert.strictEqual(made.status, 200, made.text)
      return made.json.model_group_id
    }
    const open = { access_mode: "public" }
    const second = await connector(as("both"), 1, { ...actions("/second"), ...open })
    const target = await model(as("both"), {
      name: "target",
      connector_id: second,
      model_group_id: await group("both", "of two", ["two"]),
    })
    const first = await connector(as("both"), 2, { ...actions("/first"), ...open })
    const routing = { fallback: [{ model_id: target }] }
    const closed = await connector(as("other"), 3, { ...actions("/second"), access_mode: "private" })
    const register = { name: "m", function_name: "remote", connector_id: first }
    for (const [named, said] of [
      [routing, "You don't have permission to use the model that the routing names"],
      [
        { fallback: [{ connector_id: closed }] },
        "You don't have permission to use the connector that the routing names",
      ],
    ] as const) {
      const refused = await server.as("owner", "POST", `${ml}/models/_register`, { ...register, routing: named })
      assert.strictEqual(refused.status, 403, refused.text)
      assert.include(refused.text, said)
    }
    const id = await model(as("both"), {
      connector_id: first,
      routing,
      model_group_id: await group("both", "of both", ["one", "two"]),
    })
    const predict = (who: "owner" | "other") =>
      server.as(who, "POST", `${ml}/models/${id}/_predict`, { parameters: { q: "x" } })
    const denied = await predict("owner")
    assert.strictEqual(denied.status, 403, denied.text)
    const stream = await server.as("owner", "POST", `${ml}/models/${id}/_predict/stream`, { parameters: { q: "x" } })
    assert.strictEqual(stream.status, 403, stream.text)
    const rendered = await server.as("owner", "POST", `${ml}/models/${id}/_render`, { parameters: { q: "x" } })
    assert.strictEqual(rendered.status, 403, rendered.text)
    assert.strictEqual(from(await predict("other")), "second")
    const audited = lines.map((line) => JSON.parse(line)).find(({ outcome }) => outcome === "rerouted")
    assert.deepStrictEqual(audited.targets, [`connector:${first} server_error`, `model:${target} answered`])
    assert.strictEqual(audited.object.model_id, id)
    assert.strictEqual(audited.who.name, "other")
  })

  it("is needed by who rolls a model back to a version that names them", async () => {
    await using server = await AuthenticatedServer.start(
      {
        owner: { roles: ["developer"], backend_roles: ["one"] },
        other: { roles: ["developer"], backend_roles: ["two"] },
      },
      { handler, settings },
    )
    const owner = (method: string, path: string, body?: unknown) => server.as("owner", method, path, body)
    const group = await owner("POST", `${ml}/model_groups/_register`, { name: "shared", access_mode: "public" })
    const own = await connector(owner, 1, { ...actions("/first"), access_mode: "public" })
    const closed = await connector(owner, 2, { ...actions("/second"), access_mode: "private" })
    const id = await model(owner, {
      connector_id: own,
      model_group_id: group.json.model_group_id,
      routing: { fallback: [{ connector_id: closed }] },
    })
    assert.strictEqual((await owner("PUT", `${ml}/models/${id}`, { routing: null })).status, 200)
    const rollback = (who: "owner" | "other") => server.as(who, "POST", `${ml}/models/${id}/_rollback`, { version: 1 })
    const refused = await rollback("other")
    assert.strictEqual(refused.status, 403, refused.text)
    assert.include(refused.text, "You don't have permission to use the connector that the routing names")
    assert.isUndefined((await owner("GET", `${ml}/models/${id}`)).json.routing)
    const restored = await rollback("owner")
    assert.strictEqual(restored.status, 200, restored.text)
    assert.deepStrictEqual((await owner("GET", `${ml}/models/${id}`)).json.routing, {
      fallback: [{ connector_id: closed }],
    })
  })

  it("is needed by a key that is for some models", async () => {
    const ids = { id: "routed", target: "target" }
    await using server = await AuthenticatedServer.start(
      {
        part: { roles: ["application"], models: [ids.id] },
        all: { roles: ["application"], models: [ids.id, ids.target] },
        admin: { roles: ["admin"] },
      },
      { handler },
    )
    const to = (method: string, path: string, body?: unknown) => server.as("admin", method, path, body)
    const second = await connector(to, 1, actions("/second"))
    await model(to, { model_id: ids.target, connector_id: second })
    const first = await connector(to, 2, actions("/first"))
    await model(to, { model_id: ids.id, connector_id: first, routing: { fallback: [{ model_id: ids.target }] } })
    const predict = (who: "part" | "all") =>
      server.as(who, "POST", `${ml}/models/${ids.id}/_predict`, { parameters: { q: "x" } })
    const refused = await predict("part")
    assert.strictEqual(refused.status, 403, refused.text)
    assert.include(refused.text, `not for the model ${ids.target}`)
    assert.strictEqual(from(await predict("all")), "second")
  })
})
