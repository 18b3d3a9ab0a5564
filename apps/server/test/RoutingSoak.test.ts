/** A model on three upstreams of which one is dead, one throttles and one is slow: every call is answered, once. */
import { assert, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import * as Loopback from "./Loopback.ts"
import { connector, from, json, ml, model, provider, type Provider } from "./Targets.ts"

const calls = 1_200
const callers = 24

/** So many at once, and 429 beyond them. */
const throttling = (most: number): Provider["answer"] => {
  let underWay = 0
  return (request, response, body) => {
    if (underWay >= most) return json(429, { error: "slow down" }, { "retry-after": "1" })(request, response, body)
    underWay++
    setTimeout(() => {
      underWay--
      answering(request, response, body)
    }, 5)
  }
}

/** Says which call it answers. */
const answering: Provider["answer"] = (request, response, body) =>
  json(200, { from: JSON.parse(body).q })(request, response, body)

const after =
  (millis: number): Provider["answer"] =>
  (request, response, body) =>
    void setTimeout(() => answering(request, response, body), millis)

it("where all targets fail, the budget bounds how often a call is sent again", async () => {
  await using a = await provider(json(503, {}))
  await using b = await provider(json(503, {}))
  await using c = await provider(json(503, {}))
  await using server = await InProcess.listen({ settings: Loopback.settings })
  const to = (method: string, path: string, body?: unknown) => ask(server.url, undefined, method, path, body)
  const [first, ...others] = await Promise.all([a, b, c].map(({ port }) => connector(to, port)))
  const targets = others.map((connector_id) => ({ connector_id }))
  const id = await model(to, { connector_id: first, routing: { targets } })
  const begun = Date.now()
  for (let round = 0; round < calls / callers; round++)
    await Promise.all(
      Array.from({ length: callers }, async () => {
        assert.strictEqual((await to("POST", `${ml}/models/${id}/_predict`, { parameters: { q: "1" } })).status, 503)
      }),
    )
  const seconds = (Date.now() - begun) / 1_000
  const sent = a.calls() + b.calls() + c.calls()
  // One in five, ten a second, a hundred that are saved up, and those that targets which do not rest yet are sent.
  assert.isAtMost(sent, 1.2 * calls + 10 * seconds + 100 + 3 * callers)
  assert.isAtLeast(sent, calls)
  console.log(`all fail: ${calls} calls, ${sent} sent in ${seconds} s`)
})

it.each(["weighted", "least_latency"])(
  "no call fails that a healthy target could have answered, and few requests are sent twice (%s)",
  async (policy) => {
    await using dead = await provider(answering)
    await using throttled = await provider(throttling(4))
    await using slow = await provider(after(60))
    await using server = await InProcess.listen({ settings: Loopback.settings })
    const to = (method: string, path: string, body?: unknown) => ask(server.url, undefined, method, path, body)
    const [first, ...others] = await Promise.all([dead, throttled, slow].map(({ port }) => connector(to, port)))
    const targets = others.map((connector_id) => ({ connector_id }))
    const id = await model(to, { connector_id: first, routing: { policy, targets } })
    await dead.stop()
    let next = 0
    let attempts = 0
    const answers = new Map<string, number>()
    const millis: Array<number> = []
    const caller = async () => {
      while (next < calls) {
        const q = String(next++)
        const begun = performance.now()
        const answered = await to("POST", `${ml}/models/${id}/_predict`, { parameters: { q } })
        millis.push(performance.now() - begun)
        attempts += Number(answered.headers.get("x-drawbar-attempts"))
        assert.strictEqual(from(answered), q)
        answers.set(q, (answers.get(q) ?? 0) + 1)
      }
    }
    await Promise.all(Array.from({ length: callers }, caller))
    assert.strictEqual(answers.size, calls)
    assert.deepStrictEqual([...new Set(answers.values())], [1])
    const amplification = attempts / calls
    const p99 = millis.toSorted((a, b) => a - b)[Math.floor(millis.length * 0.99)]
    console.log(
      `${policy}: ${calls} calls, amplification ${amplification.toFixed(3)}, p99 ${p99?.toFixed(0)} ms; asked: throttled ${throttled.calls()}, slow ${slow.calls()}`,
    )
    assert.isAtMost(amplification, 1.2)
    await dead.start()
  },
  120_000,
)
