/** A model that stands on several upstreams: shares, fallbacks, and what is seen of them. */
import { assert, describe, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import * as Loopback from "./Loopback.ts"
import { connector, from, json, ml, model, provider, type Provider, well } from "./Targets.ts"

const listen = () => InProcess.listen({ settings: Loopback.settings })

/** A server and three providers, each with a connector. */
const three = async (answers: ReadonlyArray<Provider["answer"]> = [well("a"), well("b"), well("c")]) => {
  const stack = new AsyncDisposableStack()
  const server = stack.use(await listen())
  const providers = await Promise.all(answers.map(async (answer) => stack.use(await provider(answer))))
  const to = (method: string, path: string, body?: unknown) => ask(server.url, undefined, method, path, body)
  const connectors = await Promise.all(providers.map(({ port }) => connector(to, port)))
  const predict = (id: string, q = "x", query = "") =>
    to("POST", `${ml}/models/${id}/_predict${query}`, { parameters: { q } })
  const own = { connector_id: connectors[0] }
  return {
    to,
    predict,
    providers,
    connectors,
    own,
    url: server.url,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

/** Answers until one of a kind comes, and fails after some seconds. */
const until = async (look: () => Promise<boolean> | boolean) => {
  for (let n = 0; n < 400; n++) {
    if (await look()) return
    await new Promise((resume) => setTimeout(resume, 50))
  }
  assert.fail("what was waited for did not come")
}

describe("shares of the calls", () => {
  it.each([
    [{ targets: [{ connector_id: 1, weight: 3 }] }, { a: 2, b: 6 }],
    [
      { weight: 3, targets: [{ connector_id: 1 }] },
      { a: 6, b: 2 },
    ],
    [
      {
        targets: [
          { connector_id: 0, weight: 0.5 },
          { connector_id: 1, weight: 0.25 },
          { connector_id: 2, weight: 0.25 },
        ],
      },
      { a: 4, b: 2, c: 2 },
    ],
    [{ weight: 0, targets: [{ connector_id: 1 }, { connector_id: 2, weight: 0 }] }, { b: 8 }],
    [{ targets: [{ connector_id: 1 }], fallback: [{ connector_id: 0 }] }, { b: 8 }],
    [{ policy: "weighted", fallback: [{ connector_id: 1 }] }, { a: 8 }],
  ])("%j gives %j of eight calls", async (routing, expected) => {
    await using all = await three()
    const named = JSON.parse(JSON.stringify(routing), (key, value) =>
      key === "connector_id" ? all.connectors[Number(value)] : value,
    )
    const id = await model(all.to, { ...all.own, routing: named })
    const counts: Record<string, number> = {}
    for (let n = 0; n < 8; n++) {
      const who = from(await all.predict(id))
      counts[who] = (counts[who] ?? 0) + 1
    }
    assert.deepStrictEqual(counts, expected)
  })

  it("go to the fastest target where the policy says so", async () => {
    await using all = await three([
      (request, response, body) => void setTimeout(() => well("a")(request, response, body), 300),
      well("b"),
      well("c"),
    ])
    const routing = { policy: "least_latency", targets: [{ connector_id: all.connectors[1] }] }
    const id = await model(all.to, { ...all.own, routing })
    for (let n = 0; n < 10; n++) await all.predict(id)
    assert.strictEqual(all.providers[0]?.calls(), 1)
    assert.strictEqual(all.providers[1]?.calls(), 9)
  })
})

/** An event of a stream. */
const piece = (text: string) => `data: {"choices":[{"delta":{"content":"${text}"}}]}\n\n`

describe("a fallback", () => {
  const tooLong = {
    error: { message: "This model's maximum context length is 8 tokens", code: "context_length_exceeded" },
  }
  it.each<[string, Provider["answer"] | undefined, string, object]>([
    ["connect_failure", undefined, "b", {}],
    ["connect_failure", (request) => void request.socket.destroy(), "b", {}],
    ["rate_limited", json(429, {}), "b", {}],
    ["server_error", json(500, {}), "b", {}],
    ["server_error", json(529, {}), "b", {}],
    ["context_too_long", json(400, tooLong), "b", {}],
    ["timeout", () => {}, "b", { client_config: { read_timeout: 1 } }],
    ["timeout", json(408, {}), "b", {}],
    ["failed", json(400, { error: "wrong" }), "400", {}],
    ["failed", json(401, {}), "401", {}],
    ["failed", json(404, {}), "404", {}],
  ])("after %s (%s) is asked: %s", async (failure, answer, expected, client) => {
    await using all = await three([answer ?? well("a"), well("b")])
    if (answer === undefined) await all.providers[0]?.stop()
    const first = await connector(all.to, all.providers[0]?.port ?? 0, client)
    const routing = { fallback: [{ connector_id: all.connectors[1] }] }
    const id = await model(all.to, { connector_id: first, routing })
    const answered = await all.predict(id)
    assert.match(from(answered), new RegExp(`^${expected}`))
    const timing = answered.headers.get("server-timing") ?? ""
    assert.include(timing, `target1;desc="connector:${first} ${failure}"`)
    assert.strictEqual(answered.headers.get("x-drawbar-attempts"), expected === "b" ? "2" : "1")
    assert.strictEqual(answered.headers.get("x-drawbar-model"), id)
    if (expected === "b") assert.include(timing, `target2;desc="connector:${all.connectors[1]} answered"`)
    if (answer === undefined) await all.providers[0]?.start()
  })

  it("is asked only for the classes that fallback_on names", async () => {
    await using all = await three([json(500, {}), well("b")])
    const routing = { fallback: [{ connector_id: all.connectors[1] }], fallback_on: ["rate_limited"] }
    const id = await model(all.to, { ...all.own, routing })
    assert.match(from(await all.predict(id)), /^500/)
    assert.strictEqual(
      (await all.to("PUT", `${ml}/models/${id}`, { routing: { fallback_on: ["server_error"] } })).status,
      200,
    )
    assert.strictEqual(from(await all.predict(id)), "b")
    assert.strictEqual((await all.to("PUT", `${ml}/models/${id}`, { routing: null })).status, 200)
    assert.match(from(await all.predict(id)), /^500/)
    assert.isUndefined((await all.to("GET", `${ml}/models/${id}`)).json.routing)
  })

  it("follows in order, and the first failure is returned where none responds", async () => {
    await using all = await three([json(503, { first: true }), json(500, {}), json(429, {}, { "retry-after": "1" })])
    const [, second, third] = all.connectors
    const id = await model(all.to, {
      ...all.own,
      routing: { fallback: [{ connector_id: second }, { connector_id: third }] },
    })
    const answered = await all.predict(id)
    assert.strictEqual(answered.status, 503, answered.text)
    assert.include(answered.text, "first")
    assert.deepStrictEqual(
      all.providers.map(({ calls }) => calls()),
      [1, 1, 1],
    )
    assert.strictEqual(answered.headers.get("x-drawbar-attempts"), "3")
  })

  it("does not begin after the caller's time is over", async () => {
    await using all = await three([() => {}, well("b")])
    const id = await model(all.to, { ...all.own, routing: { fallback: [{ connector_id: all.connectors[1] }] } })
    assert.strictEqual((await all.predict(id, "x", "?timeout=300ms")).status, 504)
    assert.strictEqual(all.providers[1]?.calls(), 0)
  })

  it("serves a stream that has not begun, and none that has", async () => {
    let breaks = false
    await using all = await three([
      (request, response) => {
        if (!breaks) return json(503, {})(request, response, "")
        response.writeHead(200, { "content-type": "text/event-stream" }).write(piece("half"))
        setTimeout(() => response.destroy(), 100)
      },
      (_, response) =>
        void response.writeHead(200, { "content-type": "text/event-stream" }).end(`${piece("whole")}data: [DONE]\n\n`),
    ])
    const speaks = { parameters: { _llm_interface: "openai/v1/chat/completions" } }
    const [first, second] = await Promise.all(all.providers.map(({ port }) => connector(all.to, port, speaks)))
    const id = await model(all.to, { connector_id: first, routing: { fallback: [{ connector_id: second }] } })
    const stream = () => all.to("POST", `${ml}/models/${id}/_predict/stream`, { parameters: { q: "x" } })
    const fallen = await stream()
    assert.include(fallen.text, "whole")
    assert.strictEqual(fallen.headers.get("x-drawbar-attempts"), "2")
    breaks = true
    const broken = await stream()
    assert.include(broken.text, "half")
    assert.include(broken.text, '"error"')
    assert.notInclude(broken.text, "whole")
    assert.strictEqual(all.providers[1]?.calls(), 1)
  })
})

describe("a target that fails", () => {
  it("rests, is looked for in the background, and takes its share again when it is back", async () => {
    await using all = await three()
    const id = await model(all.to, { ...all.own, routing: { targets: [{ connector_id: all.connectors[1] }] } })
    const [first] = all.providers
    await first?.stop()
    const attempts: Array<string | null> = []
    for (let n = 0; n < 10; n++) {
      const answered = await all.predict(id)
      assert.strictEqual(from(answered), "b")
      attempts.push(answered.headers.get("x-drawbar-attempts"))
    }
    // The first call that it was asked for found out.
    assert.strictEqual(attempts.filter((count) => count === "2").length, 1)
    const resting = `drawbar_route_target_resting{model="${id}",target="connector:${all.connectors[0]}"} `
    const metrics = async () => (await all.to("GET", "/metrics")).text
    assert.include(await metrics(), `${resting}1`)
    await first?.start()
    await until(async () => from(await all.predict(id)) === "a")
    assert.include(await metrics(), `${resting}0`)
    const failed = /^drawbar_route_attempts_total\{(.*)\} 1$/m.exec(
      (await metrics()).split("\n").find((line) => line.includes('outcome="connect_failure"')) ?? "",
    )
    assert.include(failed?.[1], `target="connector:${all.connectors[0]}"`)
  })

  it("is not asked while it throttles, and the others answer all", async () => {
    await using all = await three([json(429, {}, { "retry-after": "60" }), well("b"), well("c")])
    const targets = [{ connector_id: all.connectors[1] }, { connector_id: all.connectors[2] }]
    const id = await model(all.to, { ...all.own, routing: { targets } })
    for (let n = 0; n < 12; n++) assert.match(from(await all.predict(id)), /^[bc]$/)
    assert.strictEqual(all.providers[0]?.calls(), 1)
    const { json: shown } = await all.to("POST", `${ml}/models/${id}/_render`, { parameters: { q: "x" } })
    assert.deepStrictEqual(shown.routing.order.at(-1), { target: `connector:${all.connectors[0]}`, resting: true })
  })

  it("is opened again once its secret can be read, and does not keep the others from answering", async () => {
    const environment: NodeJS.ProcessEnv = { DRAWBAR_SECRET_B: "there" }
    const [dead, second] = [await provider(json(500, {})), await provider(well("b"))]
    await using _dead = dead
    await using _second = second
    await using server = await InProcess.listen({ settings: Loopback.settings, secrets: { environment } })
    const to = (method: string, path: string, body?: unknown) => ask(server.url, undefined, method, path, body)
    const own = await connector(to, dead.port)
    const other = await connector(to, second.port, { credential: { key: "env:DRAWBAR_SECRET_B" } })
    delete environment["DRAWBAR_SECRET_B"]
    const id = await model(to, { connector_id: own, routing: { fallback: [{ connector_id: other }] } })
    const predict = () => to("POST", `${ml}/models/${id}/_predict`, { parameters: { q: "x" } })
    const refused = await predict()
    assert.strictEqual(refused.status, 500, refused.text)
    assert.include(refused.headers.get("server-timing"), `connector:${other} unavailable`)
    environment["DRAWBAR_SECRET_B"] = "there"
    assert.strictEqual(from(await predict()), "b")
  })
})

describe("another model as a target", () => {
  it("answers under its own id, with its own guardrails and limits, or is passed by", async () => {
    await using all = await three([json(500, {}), well("b"), well("c")])
    const [, second, third] = all.connectors
    const guarded = await model(all.to, {
      connector_id: second,
      name: "guarded",
      guardrails: { type: "local_regex", input_guardrail: { regex: [".*forbidden.*"] } },
    })
    const last = await model(all.to, { connector_id: third, name: "last" })
    const id = await model(all.to, { ...all.own, routing: { fallback: [{ model_id: guarded }, { model_id: last }] } })
    const answered = await all.predict(id)
    assert.strictEqual(from(answered), "b")
    assert.strictEqual(answered.headers.get("x-drawbar-model"), guarded)
    assert.include((await all.predict(id, "forbidden")).text, "guardrails triggered")
    assert.strictEqual(
      (await all.to("PUT", `${ml}/models/${guarded}`, { rate_limiter: { limit: "0", unit: "DAYS" } })).status,
      200,
    )
    assert.strictEqual(from(await all.predict(id)), "c")
    assert.strictEqual((await all.to("PUT", `${ml}/models/${last}`, { is_enabled: false })).status, 200)
    const refused = await all.predict(id)
    assert.strictEqual(refused.status, 500, refused.text)
    await all.to("POST", `${ml}/models/${guarded}/_undeploy`)
    assert.strictEqual((await all.to("DELETE", `${ml}/models/${guarded}`)).status, 200)
    assert.strictEqual((await all.predict(id)).status, 500)
  })
})

describe("a dry run", () => {
  it("shows the target that the next call is given to, and takes no share", async () => {
    await using all = await three()
    const [first, second] = all.connectors
    const id = await model(all.to, { ...all.own, routing: { targets: [{ connector_id: second }] } })
    const next = async () => {
      const { json: shown } = await all.to("POST", `${ml}/models/${id}/_render`, { parameters: { q: "x" } })
      assert.include(
        shown.url,
        shown.routing.target.endsWith(first) ? `:${all.providers[0]?.port}/` : `:${all.providers[1]?.port}/`,
      )
      return shown.routing.target
    }
    for (let n = 0; n < 3; n++) assert.strictEqual(await next(), `connector:${first}`)
    assert.strictEqual(from(await all.predict(id)), "a")
    assert.strictEqual(await next(), `connector:${second}`)
    assert.strictEqual(from(await all.predict(id)), "b")
  })
})

describe("a routing is refused", () => {
  it.each<[object | string, number, string]>([
    [{ targets: [{ connector_id: "missing" }] }, 404, "Failed to find connector:missing"],
    [{ fallback: [{ model_id: "missing" }] }, 404, "Failed to find the model that the routing names: missing"],
    [{ fallback: [{}] }, 400, "either a connector_id or a model_id"],
    [{ fallback: ["x"] }, 400, "must be a list of objects"],
    [{ fallback: [{ connector_id: "a", model_id: "b" }] }, 400, "either a connector_id or a model_id"],
    [{ fallback: [{ connector_id: "a", weight: 2 }] }, 400, "A target has no field 'weight'"],
    [{ fallback: [{ connector_id: "a" }, { connector_id: "a" }] }, 400, "a is named twice"],
    [{ targets: [{ connector_id: "a", weight: -1 }] }, 400, "weight must be a number from 0 to 10000"],
    [{ targets: [{ connector_id: "a", weight: "much" }] }, 400, "weight must be a number from 0 to 10000"],
    [{ weight: 0 }, 400, "No target has a weight above 0"],
    [{ fallbacks: [] }, 400, "routing has no field 'fallbacks'. Did you mean 'fallback'?"],
    [{ policy: "best" }, 400, "policy must be one of [weighted, least_latency]"],
    [{ fallback_on: ["bad_luck"] }, 400, "fallback_on must be a list of [connect_failure,"],
    [{ fallback: Array.from({ length: 17 }, (_, n) => ({ connector_id: `c${n}` })) }, 400, "takes at most 16 together"],
    ["x", 400, "routing"],
  ])("%j: %i %s", async (routing, status, message) => {
    await using all = await three([well("a")])
    const body = { name: "m", function_name: "remote", ...all.own, routing }
    const refused = await all.to("POST", `${ml}/models/_register`, body)
    assert.strictEqual(refused.status, status, refused.text)
    assert.include(refused.json.error.reason, message)
    const id = await model(all.to, all.own)
    const changed = await all.to("PUT", `${ml}/models/${id}`, { routing })
    assert.strictEqual(changed.status, status, changed.text)
  })

  it("where it leads back to the model", async () => {
    await using all = await three([well("a")])
    const ids = [await model(all.to, all.own), await model(all.to, all.own), await model(all.to, all.own)]
    const route = (at: number, to: number) =>
      all.to("PUT", `${ml}/models/${ids[at]}`, { routing: { fallback: [{ model_id: ids[to] }] } })
    assert.include((await route(0, 0)).text, "leads back to this model")
    assert.strictEqual((await route(0, 1)).status, 200)
    assert.strictEqual((await route(1, 2)).status, 200)
    const refused = await route(2, 0)
    assert.strictEqual(refused.status, 400)
    assert.include(refused.text, [ids[2], ids[0], ids[1], ids[2]].join(" → "))
  })

  it("and a connector that one names is not deleted", async () => {
    await using all = await three()
    const id = await model(all.to, {
      ...all.own,
      routing: { targets: [{ connector_id: all.connectors[1] }], fallback: [{ connector_id: all.connectors[2] }] },
    })
    for (const at of [1, 2]) {
      const refused = await all.to("DELETE", `${ml}/connectors/${all.connectors[at]}`)
      assert.strictEqual(refused.status, 409)
      assert.include(refused.text, id)
    }
    assert.strictEqual((await all.to("PUT", `${ml}/models/${id}`, { routing: null })).status, 200)
    assert.strictEqual((await all.to("DELETE", `${ml}/connectors/${all.connectors[1]}`)).status, 200)
  })
})
