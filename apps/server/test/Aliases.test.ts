/** Aliases over HTTP: every path that takes the id of a model takes an alias. */
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import * as Loopback from "./Loopback.ts"

const ml = "/_plugins/_ml"
const aliases = "/_plugins/_drawbar/aliases"

let platform: StubPlatform.StubPlatform
let server: InProcess.InProcess
beforeAll(async () => {
  platform = await StubPlatform.start({
    handler: ({ target, text }) =>
      text.includes('"stream":true')
        ? Answer.stream("text/event-stream", [`data: {"choices":[{"delta":{"content":"hi"}}]}\n\n`, "data: [DONE]\n\n"])
        : Answer.json({ from: target }),
  })
  server = await InProcess.listen({ settings: Loopback.settings })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await platform.close()
})

const send = (method: string, path: string, body?: unknown) => ask(server.url, undefined, method, path, body)
const model = (path: string) => Loopback.register(server.url, platform.port, { path })
const predict = (id: string) => send("POST", `${ml}/models/${id}/_predict`, { parameters: {} })
const from = async (id: string): Promise<string> => {
  const { status, json, text } = await predict(id)
  assert.strictEqual(status, 200, text)
  return json.inference_results[0].output[0].dataAsMap.from
}
const set = (name: string, body: object) => send("PUT", `${aliases}/${name}`, body)

describe("an alias", () => {
  it("is created, switched, shown, listed and deleted", async () => {
    const [a, b] = [await model("/a"), await model("/b")]
    const made = await set("chat", { model_id: a })
    assert.strictEqual(made.status, 200, made.text)
    assert.deepInclude(made.json, {
      name: "chat",
      model_id: a,
      targets: [{ model_id: a, weight: 1 }],
      result: "created",
    })
    assert.strictEqual(await from("chat"), "/a")
    assert.deepInclude((await set("chat", { model_id: b })).json, { model_id: b, result: "updated" })
    assert.strictEqual(await from("chat"), "/b")
    const got = await send("GET", `${aliases}/chat`)
    assert.deepInclude(got.json, { name: "chat", model_id: b, created_time: made.json.created_time })
    assert.deepStrictEqual(
      (await send("GET", aliases)).json.aliases.map(({ name }: { readonly name: string }) => name),
      ["chat"],
    )
    assert.deepStrictEqual((await send("DELETE", `${aliases}/chat`)).json, { name: "chat", result: "deleted" })
    for (const method of ["GET", "DELETE"]) assert.strictEqual((await send(method, `${aliases}/chat`)).status, 404)
    assert.strictEqual((await predict("chat")).status, 404)
  })

  it("stands for its model in every path", async () => {
    const id = await model("/v1/chat/completions")
    await set("everywhere", { model_id: id })
    const at = `${ml}/models/everywhere`
    assert.strictEqual((await send("GET", at)).json.name, "m")
    assert.strictEqual((await send("PUT", at, { description: "changed" })).json._id, id)
    assert.strictEqual((await send("POST", `${at}/_deploy`)).status, 200)
    assert.include((await send("POST", `${at}/_render`, { parameters: {} })).json.url, "/v1/chat/completions")
    const called = await predict("everywhere")
    assert.strictEqual(called.headers.get("x-drawbar-model"), id)
    assert.strictEqual((await predict(id)).headers.get("x-drawbar-model"), id)
    assert.strictEqual((await send("POST", `${ml}/_predict/remote/everywhere`, { parameters: {} })).status, 200)
    const streamed = await send("POST", `${at}/_predict/stream`, { parameters: {} })
    assert.strictEqual(streamed.status, 200, streamed.text)
    assert.include(streamed.text, '"content":"hi"')
    assert.include((await send("GET", `${ml}/profile/models/everywhere`)).text, id)
    const limit = { user_rate_limiter: { ann: { limit: 4, unit: "MINUTES" } } }
    assert.strictEqual((await send("POST", `${ml}/controllers/everywhere`, limit)).json.model_id, id)
    assert.include((await send("POST", `${at}/_undeploy`)).text, `{"${id}":"undeployed"}`)
    const both = await send("POST", `${ml}/models/_undeploy`, { model_ids: ["everywhere"] })
    assert.include(both.text, id)
    const metrics = await fetch(`${server.url}/metrics`)
    assert.notInclude(await metrics.text(), '"everywhere"')
  })

  it("splits calls by weight, exactly", async () => {
    const [a, b] = [await model("/old"), await model("/new")]
    const targets = [
      { model_id: a, weight: 9 },
      { model_id: b, weight: 1 },
    ]
    assert.strictEqual((await set("canary", { targets })).status, 200)
    const seen = await Promise.all(Array.from({ length: 100 }, () => from("canary")))
    assert.strictEqual(seen.filter((path) => path === "/new").length, 10)
    assert.notProperty((await send("GET", `${aliases}/canary`)).json, "model_id")
    assert.strictEqual((await send("GET", `${ml}/models/canary`)).status, 200)
    const changed = await send("PUT", `${ml}/models/canary`, { description: "x" })
    assert.strictEqual(changed.status, 400)
    assert.include(changed.text, `[${a}, ${b}]`)
    await set("canary", { targets: [{ model_id: a, weight: 0 }, { model_id: b }] })
    assert.deepStrictEqual([await from("canary"), await from("canary")], ["/new", "/new"])
  })

  it("shares one namespace with the ids of models", async () => {
    const register = (model_id: string) =>
      send("POST", `${ml}/models/_register`, {
        model_id,
        name: "m",
        function_name: "remote",
        connector: {
          name: "c",
          version: 1,
          protocol: "http",
          actions: [
            { action_type: "predict", method: "POST", url: `http://127.0.0.1:${platform.port}/`, request_body: "{}" },
          ],
        },
      })
    const id = await model("/")
    assert.strictEqual((await register("taken")).status, 200)
    for (const [name, answered] of [
      ["taken", await set("taken", { model_id: id })],
      [id, await set(id, { model_id: id })],
    ] as const) {
      assert.strictEqual(answered.status, 409, answered.text)
      assert.include(answered.text, `[${name}]`)
    }
    assert.strictEqual((await set("mine", { model_id: id })).status, 200)
    assert.strictEqual((await register("mine")).status, 409)
    // A name is free again when its model, or its alias, is deleted.
    assert.strictEqual((await send("DELETE", `${ml}/models/taken`)).status, 200)
    assert.strictEqual((await set("taken", { model_id: id })).status, 200)
    assert.strictEqual((await send("DELETE", `${aliases}/mine`)).status, 200)
    assert.strictEqual((await register("mine")).status, 200)
    // Of many that want one name at once, one gets it.
    const race = await Promise.all(
      Array.from({ length: 10 }, (_, i) => (i % 2 === 0 ? register("wanted") : set("wanted", { model_id: id }))),
    )
    const statuses = race.map(({ status }) => status)
    assert.includeMembers([200, 409], statuses)
    assert.strictEqual(new Set(race.flatMap(({ status }, i) => (status === 200 ? [i % 2] : []))).size, 1)
  })

  it("keeps its model from being deleted", async () => {
    const id = await model("/kept")
    await set("keeper", { model_id: id })
    const refused = await send("DELETE", `${ml}/models/${id}`)
    assert.strictEqual(refused.status, 409)
    assert.include(refused.text, "[keeper]")
    await send("DELETE", `${aliases}/keeper`)
    assert.strictEqual((await send("DELETE", `${ml}/models/${id}`)).status, 200)
  })

  it.each([
    ["no target", {}, 400, "[model_id]"],
    ["both forms", { model_id: "x", targets: [{ model_id: "x" }] }, 400, "not both"],
    ["a model that does not exist", { model_id: "absent" }, 404, "[absent]"],
    ["no weight above 0", { targets: [{ model_id: "x", weight: 0 }] }, 400, "greater than 0"],
    ["a negative weight", { targets: [{ model_id: "x", weight: -1 }] }, 400, "weight"],
    ["a fraction", { targets: [{ model_id: "x", weight: 0.5 }] }, 400, "weight"],
    ["a model twice", { targets: [{ model_id: "x" }, { model_id: "x" }] }, 400, "twice"],
    ["too many targets", { targets: Array.from({ length: 11 }, (_, i) => ({ model_id: `m${i}` })) }, 400, "at most 10"],
    ["an empty list", { targets: [] }, 400, "[targets]"],
  ] as const)("is rejected with %s", async (_, body, status, part) => {
    const answered = await set("wrong", body)
    assert.strictEqual(answered.status, status, answered.text)
    assert.include(answered.text, part)
  })

  it.each(["_underscore", "a.b", "-x", "a%20b"])("is rejected with the name %s", async (name) => {
    const answered = await set(name, { model_id: await model("/") })
    assert.strictEqual(answered.status, 400, answered.text)
    assert.include(answered.text, "alias name")
  })
})

describe("an alias where access control is on", () => {
  const people = {
    admin: { roles: ["admin"] },
    owner: { roles: ["developer"], backend_roles: ["ml"] },
    colleague: { roles: ["developer"], backend_roles: ["ml"] },
    stranger: { roles: ["developer"], backend_roles: ["finance"] },
  } as const satisfies Record<string, AuthenticatedServer.Person>
  const settings = {
    ...Loopback.settings,
    "plugins.ml_commons.connector_access_control_enabled": true,
    "plugins.ml_commons.model_access_control_enabled": true,
  }

  it("needs access to every target, and is changed by its owner or an admin", async () => {
    await using guarded = await AuthenticatedServer.start(people, { settings })
    const made = async (who: keyof typeof people, access: { readonly access_mode: string }) => {
      const group = await guarded.as(who, "POST", `${ml}/model_groups/_register`, {
        name: `${who} ${access.access_mode}`,
        ...access,
      })
      const registered = await guarded.as(who, "POST", `${ml}/models/_register`, {
        name: "m",
        function_name: "remote",
        model_group_id: group.json.model_group_id,
        connector: {
          name: "c",
          version: 1,
          protocol: "http",
          actions: [
            { action_type: "predict", method: "POST", url: `http://127.0.0.1:${platform.port}/x`, request_body: "{}" },
          ],
        },
      })
      assert.strictEqual(registered.status, 200, registered.text)
      return registered.json.model_id as string
    }
    const open = await made("owner", { access_mode: "public" })
    const closed = await made("owner", { access_mode: "private" })
    const call = async (who: keyof typeof people, name: string) =>
      (await guarded.as(who, "POST", `${ml}/models/${name}/_predict`, { parameters: {} })).status
    const put = async (who: keyof typeof people, name: string, body: object) =>
      (await guarded.as(who, "PUT", `${aliases}/${name}`, body)).status

    assert.strictEqual(await put("stranger", "theirs", { model_id: closed }), 403)
    assert.strictEqual(
      await put("owner", "shared", { targets: [{ model_id: open, weight: 99 }, { model_id: closed }] }),
      200,
    )
    assert.deepStrictEqual(
      await Promise.all((["owner", "admin", "colleague", "stranger"] as const).map((who) => call(who, "shared"))),
      [200, 200, 403, 403],
    )
    assert.strictEqual((await guarded.as("stranger", "GET", `${aliases}/shared`)).status, 403)
    assert.deepStrictEqual((await guarded.as("stranger", "GET", aliases)).json, { aliases: [] })
    assert.lengthOf((await guarded.as("owner", "GET", aliases)).json.aliases, 1)
    assert.strictEqual(await put("owner", "public", { model_id: open }), 200)
    assert.strictEqual(await call("stranger", "public"), 200)
    assert.strictEqual(await put("stranger", "public", { model_id: open }), 403)
    assert.strictEqual((await guarded.as("stranger", "DELETE", `${aliases}/public`)).status, 403)
    assert.strictEqual(await put("admin", "public", { model_id: closed }), 200)
    assert.strictEqual(await call("stranger", "public"), 403)
    // A key that is for one of the targets alone may not call the alias.
    const key = await guarded.as("admin", "POST", `${ml}/api_keys`, {
      name: "owner",
      roles: ["application"],
      models: [open],
    })
    const limited = await ask(guarded.url, `Bearer ${key.json.api_key}`, "POST", `${ml}/models/shared/_predict`, {
      parameters: {},
    })
    assert.strictEqual(limited.status, 403)
    // Nor does it learn the names of such aliases.
    const get = (path: string) => ask(guarded.url, `Bearer ${key.json.api_key}`, "GET", path)
    assert.strictEqual(await put("admin", "one-open", { model_id: open }), 200)
    const listed = (await get("/v1/models")).json.data.map(({ id }: { readonly id: string }) => id)
    assert.include(listed, "one-open")
    assert.notInclude(listed, "shared")
    const hidden = await get("/v1/models/shared")
    assert.strictEqual(hidden.status, 404, hidden.text)
    assert.notInclude(hidden.json.error.candidates, "shared")
    assert.strictEqual((await get("/v1/models/one-open")).status, 200)
  }, 60_000)
})
