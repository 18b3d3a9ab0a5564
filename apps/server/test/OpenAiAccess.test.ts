/** Which names a caller may call, and that those which it may not are as those that are not there. */
import * as OpenAi from "@drawbar/stub-platform/OpenAi"
import { assert, describe, it } from "vitest"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"
import { ask } from "./AuthenticatedServer.ts"
import { hello, template } from "./OpenAiServer.ts"
import { ml } from "./Targets.ts"

const start = async () => {
  const server = await AuthenticatedServer.start(
    { admin: { roles: ["admin"] } },
    { handler: OpenAi.handler(), hosts: ["api.openai.com"] },
  )
  const admin = (method: string, path: string, body?: unknown) => server.as("admin", method, path, body)
  const register = async (name: string, fields: object = {}) => {
    const made = await admin("POST", `${ml}/models/_register?deploy=true`, {
      name,
      function_name: "remote",
      connector: {
        name: "c",
        version: 1,
        protocol: "http",
        credential: { key: "k" },
        actions: [
          {
            action_type: "predict",
            method: "POST",
            url: "https://api.openai.com/v1/chat/completions",
            headers: { Authorization: "Bearer ${credential.key}" },
            request_body: template,
          },
        ],
      },
      ...fields,
    })
    assert.strictEqual(made.status, 200, made.text)
    return String(made.json.model_id)
  }
  const alias = async (name: string, ...ids: ReadonlyArray<string>) => {
    const set = await admin("PUT", `/_plugins/_drawbar/aliases/${name}`, {
      targets: ids.map((model_id) => ({ model_id })),
    })
    assert.isBelow(set.status, 300, set.text)
  }
  const key = async (...models: ReadonlyArray<string>) => {
    const made = await admin("POST", `${ml}/api_keys`, { name: "app", roles: ["application"], models })
    assert.strictEqual(made.status, 200, made.text)
    const as = (method: string, path: string, body?: unknown) =>
      ask(server.url, `Bearer ${made.json.api_key}`, method, `/v1${path}`, body)
    return {
      as,
      call: (model: string, more: object = {}) => as("POST", "/chat/completions", { model, messages: hello, ...more }),
      predict: (model: string) =>
        ask(server.url, `Bearer ${made.json.api_key}`, "POST", `${ml}/models/${model}/_predict`, {
          parameters: { messages: hello },
        }),
      names: async () => (await as("GET", "/models")).json.data.map(({ id }: { id: string }) => id),
    }
  }
  return { server, admin, register, alias, key, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() }
}

describe("an API key that is for some models", () => {
  it("may list an alias, which stands for the models behind it, now and after a switch", async () => {
    await using at = await start()
    const [one, two] = [await at.register("one"), await at.register("two")]
    await at.alias("best", one)
    const key = await at.key("best")
    assert.strictEqual((await key.call("best")).status, 200)
    assert.strictEqual((await key.predict("best")).status, 200)
    assert.strictEqual((await key.call(one)).status, 200)
    assert.strictEqual((await key.call(two)).status, 404)
    await at.alias("best", two)
    assert.strictEqual((await key.call("best")).headers.get("x-drawbar-model"), two)
    assert.strictEqual((await key.predict("best")).status, 200)
    assert.strictEqual((await key.call(one)).status, 404)
    assert.sameMembers(await key.names(), ["best", two])
  })

  it("may list the name of exactly one model, which becomes its id", async () => {
    await using at = await start()
    const id = await at.register("chat model")
    const key = await at.key("chat model", "to come")
    assert.strictEqual((await key.call("chat model")).status, 200)
    assert.strictEqual((await key.predict(id)).status, 200)
    const { principals } = (await at.admin("GET", `${ml}/api_keys`)).json
    assert.deepEqual(principals.find(({ name }: { name: string }) => name === "app").models, [id, "to come"])
    const other = await at.register("other")
    const group = (await at.admin("GET", `${ml}/models/${other}`)).json.model_group_id
    const again = await at.register("other", { model_group_id: group })
    const refused = await at.admin("POST", `${ml}/api_keys`, { name: "x", roles: ["application"], models: ["other"] })
    assert.strictEqual(refused.status, 400, refused.text)
    for (const one of [other, again]) assert.include(refused.text, one)
  })
})

describe("a model that a caller may not call", () => {
  it("is as one that is not there: by its id, its name and its alias, and among the candidates", async () => {
    await using at = await start()
    const open = await at.register("open-model")
    const closed = await at.register("closed-model")
    await at.alias("closed-alias", closed)
    await at.alias("mixed-alias", open, closed)
    const key = await at.key(open)
    const unknown = (await key.call("unknown-name")).json
    for (const name of [closed, "closed-model", "closed-alias", "mixed-alias"]) {
      for (const refused of [
        await key.call(name),
        await key.call(name, { stream: true }),
        await key.as("POST", "/embeddings", { model: name, input: "x" }),
        await key.as("POST", "/rerank", { model: name, query: "q", documents: ["x"] }),
        await key.as("POST", "/responses", { model: name, input: "x" }),
        await key.as("GET", `/models/${name}`),
      ]) {
        assert.strictEqual(refused.status, 404, refused.text)
        const expected = JSON.parse(JSON.stringify(unknown).replaceAll("unknown-name", name))
        assert.deepEqual(refused.json, expected)
      }
    }
    assert.deepEqual(unknown.error.candidates, ["open-model"])
    assert.deepEqual(await key.names(), [open])
  })

  it("is not named where it is a target of a model that the caller may call", async () => {
    await using at = await start()
    const closed = await at.register("closed-model")
    const open = await at.register("open-model", { routing: { fallback: [{ model_id: closed }] } })
    const key = await at.key(open)
    const refused = await key.call(open)
    assert.strictEqual(refused.status, 403, refused.text)
    assert.strictEqual(refused.json.error.code, "model_access_denied")
    assert.notInclude(refused.text, closed)
  })
})
