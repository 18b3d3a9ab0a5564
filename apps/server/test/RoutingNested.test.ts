/** A target that is a model with a routing of its own. */
import { assert, describe, it } from "vitest"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import * as Loopback from "./Loopback.ts"
import { connector, from, json, ml, model, provider, well } from "./Targets.ts"

/** A server with a connector that fails and one that answers. */
const start = async () => {
  const stack = new AsyncDisposableStack()
  const server = stack.use(await InProcess.listen({ settings: Loopback.settings }))
  const down = stack.use(await provider(json(503, { error: "down" })))
  const up = stack.use(
    await provider((request, response, body) => {
      if (!body.includes('"stream":true')) return well("up")(request, response, body)
      response.writeHead(200, { "content-type": "text/event-stream" })
      response.end('data: {"choices":[{"index":0,"delta":{"content":"up"},"finish_reason":"stop"}]}\n\n')
    }),
  )
  const to = (method: string, path: string, body?: unknown) => ask(server.url, undefined, method, path, body)
  const speaking = { parameters: { _llm_interface: "openai/v1/chat/completions" } }
  const own = { connector_id: await connector(to, down.port, speaking) }
  const answering = await connector(to, up.port, speaking)
  const call = (id: string, action: string) => to("POST", `${ml}/models/${id}/${action}`, { parameters: { q: "x" } })
  return { to, call, down, up, own, answering, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

describe("the routing of a target", () => {
  it("is followed: the fallback of a fallback answers", async () => {
    await using at = await start()
    const inner = await model(at.to, { ...at.own, routing: { fallback: [{ connector_id: at.answering }] } })
    const outer = await model(at.to, { ...at.own, routing: { fallback: [{ model_id: inner }] } })
    const answered = await at.call(outer, "_predict")
    assert.strictEqual(from(answered), "up")
    assert.strictEqual(answered.headers.get("x-drawbar-model"), inner)
    assert.match(
      answered.headers.get("server-timing") ?? "",
      new RegExp(
        `target1;desc="connector:${at.own.connector_id} server_error".*target2;desc="model:${inner} answered".*target3;desc="connector:${at.own.connector_id} server_error".*target4;desc="connector:${at.answering} answered"`,
      ),
    )
    assert.strictEqual(at.down.calls(), 2)
    assert.strictEqual(at.up.calls(), 1)
    const rendered = await at.call(outer, "_render")
    assert.strictEqual(rendered.status, 200, rendered.text)
    const stream = await at.call(outer, "_predict/stream")
    assert.include(stream.text, "up")
  })

  it("is followed four times, and a model behind them is called on its own connector", async () => {
    await using at = await start()
    let id = await model(at.to, { ...at.own, routing: { fallback: [{ connector_id: at.answering }] } })
    for (let depth = 0; depth < 3; depth++)
      id = await model(at.to, { ...at.own, routing: { fallback: [{ model_id: id }] } })
    assert.strictEqual(from(await at.call(id, "_predict")), "up")
    const before = at.up.calls()
    id = await model(at.to, { ...at.own, routing: { fallback: [{ model_id: id }] } })
    assert.strictEqual((await at.call(id, "_predict")).status, 503)
    assert.strictEqual(at.up.calls(), before)
  })

  it("asks 32 targets of one call at most", async () => {
    await using at = await start()
    const leaves = await Promise.all(Array.from({ length: 16 }, () => model(at.to, at.own)))
    const wide = { fallback: leaves.map((model_id) => ({ model_id })) }
    const inner = await Promise.all(Array.from({ length: 4 }, () => model(at.to, { ...at.own, routing: wide })))
    const id = await model(at.to, { ...at.own, routing: { fallback: inner.map((model_id) => ({ model_id })) } })
    assert.strictEqual((await at.call(id, "_predict")).status, 503)
    assert.isAtMost(at.down.calls(), 32)
  })

  it("needs access by the caller's key to its targets, too", async () => {
    const ids = ["outer", "inner", "leaf"] as const
    await using server = await AuthenticatedServer.start(
      {
        part: { roles: ["application"], models: ["outer", "inner"] },
        all: { roles: ["application"], models: [...ids] },
        admin: { roles: ["admin"] },
      },
      { handler: () => Answer.json({ from: "any" }) },
    )
    const to = (method: string, path: string, body?: unknown) => server.as("admin", method, path, body)
    const actions = [
      {
        action_type: "predict",
        method: "POST",
        url: "https://api.cohere.ai/x",
        request_body: '{"q":"${parameters.q}"}',
      },
    ]
    const own = { connector_id: await connector(to, 1, { actions }) }
    await model(to, { model_id: "leaf", ...own })
    await model(to, { model_id: "inner", ...own, routing: { fallback: [{ model_id: "leaf" }] } })
    await model(to, { model_id: "outer", ...own, routing: { fallback: [{ model_id: "inner" }] } })
    const predict = (who: "part" | "all") =>
      server.as(who, "POST", `${ml}/models/outer/_predict`, { parameters: { q: "x" } })
    const refused = await predict("part")
    assert.strictEqual(refused.status, 403, refused.text)
    assert.include(refused.text, "not for the model leaf")
    assert.strictEqual(from(await predict("all")), "any")
  })
})
