/** The kind of input in a predict body: by `?algorithm=`, otherwise by its fields, and the same in every endpoint. */
import { assert, describe, it } from "@effect/vitest"
import * as Drawbar from "./Drawbar.ts"

const model = "/_plugins/_ml/models/m"

const started = async () => {
  const drawbar = await Drawbar.start()
  const made = await Drawbar.ask(drawbar, "POST", "/_plugins/_ml/models/_register?deploy=true", {
    name: "m",
    model_id: "m",
    function_name: "remote",
    connector: Drawbar.blueprint,
  })
  assert.strictEqual(made.status, 200, made.text)
  return drawbar
}

interface Case {
  readonly name: string
  readonly query?: string
  readonly body: unknown
  /** The documents that reach the upstream, or the error message. */
  readonly texts?: ReadonlyArray<string>
  readonly reason?: string
}

const unfilled = "Some parameter placeholder not filled in payload: texts"

const cases: ReadonlyArray<Case> = [
  { name: "parameters alone", body: { parameters: { texts: ["a"] } }, texts: ["a"] },
  { name: "documents alone", body: { text_docs: ["a"] }, texts: ["a"] },
  {
    name: "documents and options of a typed input",
    body: { text_docs: ["a"], parameters: { content_type: "query" } },
    texts: ["a"],
  },
  {
    name: "documents beside the connector's own parameters",
    body: { text_docs: ["a"], parameters: { texts: ["b"] } },
    texts: ["b"],
  },
  {
    name: "documents, read as documents",
    query: "?algorithm=text_embedding",
    body: { text_docs: ["a"] },
    texts: ["a"],
  },
  { name: "an algorithm in capitals", query: "?algorithm=TEXT_EMBEDDING", body: { text_docs: ["a"] }, texts: ["a"] },
  { name: "documents, read as parameters", query: "?algorithm=remote", body: { text_docs: ["a"] }, reason: unfilled },
  {
    name: "parameters, read as documents",
    query: "?algorithm=text_embedding",
    body: { parameters: {} },
    reason: "Empty text docs",
  },
  {
    name: "an unknown algorithm",
    query: "?algorithm=nonsense",
    body: { text_docs: ["a"] },
    reason: "Wrong function name",
  },
  { name: "an empty list of documents", body: { text_docs: [] }, reason: "Empty text docs" },
  { name: "nothing", body: {}, reason: unfilled },
]

describe("a predict body", () => {
  for (const { name, query = "", body, texts, reason } of cases)
    it(`with ${name} is the same for _predict and _render`, async () => {
      await using drawbar = await started()
      const rendered = await Drawbar.ask(drawbar, "POST", `${model}/_render${query}`, body)
      const predicted = await Drawbar.ask(drawbar, "POST", `${model}/_predict${query}`, body)
      assert.strictEqual(predicted.status, texts === undefined ? 400 : 200, predicted.text)
      assert.strictEqual(rendered.status, predicted.status, rendered.text)
      if (texts === undefined) {
        assert.match(predicted.json.error.reason, new RegExp(`^${reason}\\b`))
        assert.strictEqual(rendered.json.error.reason, predicted.json.error.reason)
      } else {
        assert.deepStrictEqual(JSON.parse(rendered.json.body).texts, texts)
        assert.deepStrictEqual(JSON.parse(drawbar.platform.requests[0]?.text ?? "").texts, texts)
      }
    })

  it("is read by ?algorithm= at _predict/stream", async () => {
    await using drawbar = await started()
    const { json } = await Drawbar.ask(drawbar, "POST", `${model}/_predict/stream?algorithm=nonsense`, {})
    assert.match(json.error.reason, /^Wrong function name\b/)
  })
})
