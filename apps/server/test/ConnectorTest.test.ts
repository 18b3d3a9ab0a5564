/** Checking a connector before use: lint findings, and the stages of a live call. */
import * as Answer from "@drawbar/stub-platform/Answer"
import { assert, describe, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"

const ml = "/_plugins/_ml"
const ok: Answer.Handler = () => Answer.json({ embeddings: [[0.1, 1.5]] })

const tried = async (
  handler: Answer.Handler,
  { body = undefined as unknown, change = {} }: { readonly body?: unknown; readonly change?: object } = {},
) => {
  await using drawbar = await Drawbar.start(handler)
  const { json } = await Drawbar.ask(drawbar, "POST", `${ml}/connectors/_create`, { ...Drawbar.blueprint, ...change })
  const answer = await Drawbar.ask(drawbar, "POST", `${ml}/connectors/${json.connector_id}/_test`, body)
  assert.strictEqual(answer.status, 200, answer.text)
  assert.notInclude(answer.text, Drawbar.secret)
  return { ...answer.json, requests: drawbar.platform.requests.map(({ text }) => text) }
}

const names = (trial: any) => trial.stages.map(({ stage }: { readonly stage: string }) => stage)
const last = (trial: any) => trial.stages.at(-1)
const [action] = Drawbar.blueprint.actions

describe("a connector test", () => {
  it("reports each stage, with a sample if no input is sent", async () => {
    const trial = await tried(ok)
    assert.isTrue(trial.ok && trial.sampled)
    assert.deepStrictEqual(names(trial), ["rendered", "resolved", "connected", "secured", "answered", "processed"])
    assert.deepInclude(trial.stages[0].request, { method: "POST", url: "https://api.cohere.ai/v1/embed" })
    assert.deepStrictEqual(trial.stages[1].addresses, ["127.0.0.1"])
    assert.match(trial.stages[3].protocol, /^TLSv1\.[23]$/)
    assert.strictEqual(trial.stages[4].status, 200)
    assert.deepStrictEqual(last(trial).output[0].data, [0.1, 1.5])
    assert.deepInclude(JSON.parse(trial.requests[0]), { texts: ["Hello from Drawbar"] })
  })

  it("sends the given input", async () => {
    const trial = await tried(ok, { body: { text_docs: ["one", "two"] } })
    assert.isFalse(trial.sampled)
    assert.deepInclude(JSON.parse(trial.requests[0]), { texts: ["one", "two"] })
  })

  it.each<[string, Answer.Handler, object, string, string]>([
    ["its input", ok, { body: { parameters: { other: 1 } } }, "rendered", "texts"],
    ["an error response", () => Answer.json({ message: "invalid api key" }, 401), {}, "answered", "invalid api key"],
    [
      "half a response",
      () => Answer.half(Answer.json({ embeddings: [[1, 2, 3]] })),
      {},
      "answered",
      "incomplete response",
    ],
    ["the form of the response", () => Answer.json({ other: 1 }), {}, "processed", "$.embeddings"],
    ["a page", () => Answer.text("<html>hi</html>"), {}, "processed", "HTML page"],
  ])("ends at %s, and reports it", async (_name, handler, options, stage, sentence) => {
    const trial = await tried(handler, options)
    assert.isFalse(trial.ok)
    assert.deepInclude(last(trial), { stage, ok: false })
    assert.include(last(trial).error, sentence)
  })

  it("reports an unreachable upstream", async () => {
    await using drawbar = await Drawbar.start()
    const { json } = await Drawbar.ask(drawbar, "POST", `${ml}/connectors/_create`, Drawbar.blueprint)
    await drawbar.platform.close()
    const trial = await Drawbar.ask(drawbar, "POST", `${ml}/connectors/${json.connector_id}/_test`)
    assert.deepInclude(last(trial.json), { stage: "connected", ok: false })
    assert.include(last(trial.json).error, "ECONNREFUSED")
  })

  it("requires an existing connector", async () => {
    await using drawbar = await Drawbar.start()
    assert.strictEqual((await Drawbar.ask(drawbar, "POST", `${ml}/connectors/missing/_test`)).status, 404)
  })
})

const validate = async (body: unknown) => {
  await using drawbar = await Drawbar.start()
  const { status, json, text } = await Drawbar.ask(drawbar, "POST", `${ml}/connectors/_validate`, body)
  assert.strictEqual(status, 200, text)
  assert.notInclude(text, Drawbar.secret)
  return json
}

describe("the catalogue", () => {
  it("lists its blueprints, and returns one", async () => {
    await using drawbar = await Drawbar.start()
    const { json } = await Drawbar.ask(drawbar, "GET", `${ml}/blueprints`)
    assert.isAtLeast(json.blueprints.length, 30)
    for (const { name } of json.blueprints) {
      const one = await Drawbar.ask(drawbar, "GET", `${ml}/blueprints/${name}`)
      assert.strictEqual(one.status, 200)
      assert.strictEqual(one.json.name, name)
    }
    const none = await Drawbar.ask(drawbar, "GET", `${ml}/blueprints/openai-chatt`)
    assert.strictEqual(none.status, 404)
    assert.include(none.json.error.reason, "Nearest: openai-chat")
  })
})

describe("validation of a blueprint", () => {
  it("has no finding for a valid one", async () =>
    assert.deepStrictEqual(await validate(Drawbar.blueprint), {
      valid: true,
      findings: [
        {
          code: "unused-parameter",
          severity: "warning",
          pointer: "/parameters/temperature",
          message: "Nothing reads the parameter 'temperature'",
          line: 1,
          column: 157,
        },
        {
          code: "caller-parameters",
          severity: "info",
          pointer: "/actions/0",
          message: "A predict request must provide: texts",
          line: 1,
          column: 243,
        },
      ],
    }))

  it.each([
    [
      "an untrusted host",
      { ...Drawbar.blueprint, actions: [{ ...action, url: "https://evil.example/" }] },
      "untrusted-host",
      "/actions/0/url",
    ],
    [
      "an invalid filter",
      { ...Drawbar.blueprint, parameters: { response_filter: "$[" } },
      "not-runnable",
      "/parameters/response_filter",
    ],
    [
      "an invalid chain",
      { ...Drawbar.blueprint, parameters: { output_processors: [{ type: "shout" }] } },
      "not-runnable",
      "/parameters/output_processors",
    ],
    ["comments", `{ // comment\n"name": "A" }`, "console-syntax", ""],
    ["a text that is not JSON", `{"name": "A",\n}`, "syntax", ""],
  ])("reports %s", async (_name, body, code, pointer) => {
    const { valid, findings } = await validate(body)
    assert.isFalse(valid)
    assert.deepInclude(
      findings.map((finding: any) => ({ code: finding.code, severity: finding.severity, pointer: finding.pointer })),
      { code, severity: "error", pointer },
    )
  })

  it("is also performed by dry_run", async () => {
    await using drawbar = await Drawbar.start()
    const response = await fetch(`${drawbar.url}${ml}/connectors/_create`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ ...Drawbar.blueprint, dry_run: true }),
    })
    assert.deepStrictEqual(await response.json(), { connector_id: "dryRunConnector" })
    assert.include(response.headers.get("warning"), "unused-parameter")
    const { json: stats } = await Drawbar.ask(drawbar, "GET", `${ml}/stats/ml_connector_count`)
    assert.strictEqual(stats.ml_connector_count, 0)
  })
})
