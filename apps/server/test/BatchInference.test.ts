/** `batch_inference_config`: the documents of one predict in several upstream calls. */
import * as Answer from "@drawbar/stub-platform/Answer"
import { assert, describe, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"

const ml = "/_plugins/_ml"

/** Each document's vector is its length. */
const embed: Answer.Handler = (received) => {
  const { texts } = JSON.parse(received.text)
  return texts.includes("fail")
    ? Answer.json({ message: "no" }, 500)
    : Answer.json({ embeddings: texts.map((text: string) => [text.length]) })
}

const register = async (drawbar: Drawbar.Drawbar, settings: object) => {
  const { body } = await drawbar.ml.createConnector({ body: Drawbar.blueprint })
  return Drawbar.ask(drawbar, "POST", `${ml}/models/_register`, {
    name: "m",
    function_name: "remote",
    connector_id: body.connector_id,
    ...settings,
  })
}
const embedded = (drawbar: Drawbar.Drawbar, id: string, text_docs: ReadonlyArray<string>) =>
  Drawbar.ask(drawbar, "POST", `${ml}/_predict/text_embedding/${id}`, { text_docs })
const sent = (drawbar: Drawbar.Drawbar) => drawbar.platform.requests.map(({ text }) => JSON.parse(text).texts.length)

describe("batch_inference_config", () => {
  it.each([
    [{ max_items_per_request: 2 }, [1, 2, 2]],
    [{ max_items_per_request: "2" }, [1, 2, 2]],
    [{ max_bytes_per_request: 5 }, [1, 2, 2]],
    [{ max_items_per_request: 4, max_bytes_per_request: -1 }, [1, 4]],
    [{ max_items_per_request: -1, max_bytes_per_request: -1 }, [5]],
    [{ max_items_per_request: 5, dynamic_batching: { enabled: false } }, [5]],
  ])("%j splits five documents and keeps their order", async (batch_inference_config, calls) => {
    await using drawbar = await Drawbar.start(embed)
    const { json, text } = await register(drawbar, { batch_inference_config })
    assert.isString(json.model_id, text)
    const answer = await embedded(drawbar, json.model_id, ["a", "bbbb", "cc", "ddd", "eeeee"])
    assert.strictEqual(answer.status, 200, answer.text)
    const vectors = answer.json.inference_results.flatMap(({ output }: any) => output.map(({ data }: any) => data[0]))
    assert.deepStrictEqual(vectors, [1, 4, 2, 3, 5])
    assert.deepStrictEqual(sent(drawbar).toSorted(), calls)
  })

  it("is returned, changed and removed", async () => {
    await using drawbar = await Drawbar.start(embed)
    const { json } = await register(drawbar, { batch_inference_config: { max_items_per_request: 2 } })
    const path = `${ml}/models/${json.model_id}`
    const shown = async () => (await Drawbar.ask(drawbar, "GET", path)).json.batch_inference_config
    assert.deepStrictEqual(await shown(), { max_items_per_request: 2 })
    await Drawbar.ask(drawbar, "PUT", path, { batch_inference_config: { max_bytes_per_request: 9 } })
    assert.deepStrictEqual(await shown(), { max_items_per_request: 2, max_bytes_per_request: 9 })
    await Drawbar.ask(drawbar, "PUT", path, { batch_inference_config: { max_items_per_request: 1 } })
    await embedded(drawbar, json.model_id, ["a", "b", "c"])
    assert.deepStrictEqual(sent(drawbar), [1, 1, 1])
    await Drawbar.ask(drawbar, "PUT", path, { batch_inference_config: null })
    assert.isUndefined(await shown())
    await embedded(drawbar, json.model_id, ["a", "b", "c"])
    assert.deepStrictEqual(sent(drawbar), [1, 1, 1, 3])
  })

  it("shows the first call in a dry run", async () => {
    await using drawbar = await Drawbar.start(embed)
    const { json } = await register(drawbar, { batch_inference_config: { max_items_per_request: 2 } })
    const { json: rendered, text } = await Drawbar.ask(drawbar, "POST", `${ml}/models/${json.model_id}/_render`, {
      text_docs: ["a", "b", "c"],
    })
    assert.include(rendered.body, '["a","b"]', text)
    assert.strictEqual(drawbar.platform.requests.length, 0)
  })

  it("fails entirely if one part fails", async () => {
    await using drawbar = await Drawbar.start(embed)
    const { json } = await register(drawbar, { batch_inference_config: { max_items_per_request: 1 } })
    const { status, text } = await embedded(drawbar, json.model_id, ["a", "fail", "c"])
    assert.strictEqual(status, 500, text)
    assert.notInclude(text, "inference_results")
  })

  it.each([
    ["one too few", (texts: ReadonlyArray<string>) => texts.slice(1)],
    ["one too many", (texts: ReadonlyArray<string>) => [...texts, "more"]],
  ])("rejects a part with %s of the vectors of its documents", async (_, given) => {
    // The totals are correct: one part has one vector too few or too many, and another compensates.
    const opposite = (texts: ReadonlyArray<string>) =>
      given(texts).length > texts.length ? texts.slice(1) : [...texts, "more"]
    await using drawbar = await Drawbar.start((received) => {
      const { texts } = JSON.parse(received.text)
      const shown: ReadonlyArray<string> = texts.includes("a") ? given(texts) : opposite(texts)
      return Answer.json({ embeddings: shown.map(({ length }) => [length]) })
    })
    const { json } = await register(drawbar, { batch_inference_config: { max_items_per_request: 2 } })
    const { status, text } = await embedded(drawbar, json.model_id, ["a", "b", "c", "d"])
    assert.strictEqual(status, 502, text)
    assert.notInclude(text, "inference_results")
  })

  it("accepts only text_docs", async () => {
    await using drawbar = await Drawbar.start(embed)
    for (const [limit, status] of [
      [1, 400],
      [-1, 200],
    ]) {
      const { json } = await register(drawbar, { batch_inference_config: { max_items_per_request: limit } })
      const answer = await Drawbar.ask(drawbar, "POST", `${ml}/models/${json.model_id}/_predict`, {
        parameters: { texts: ["a"] },
      })
      assert.strictEqual(answer.status, status, answer.text)
      if (status === 400) assert.include(answer.json.error.reason, "takes text_docs only")
    }
  })

  it.each([
    [{ batch_inference_config: { max_items_per_request: 0 } }, "max_items_per_request must be a whole number"],
    [{ batch_inference_config: { max_items_per_request: 1.5 } }, "max_items_per_request must be a whole number"],
    [{ batch_inference_config: { max_bytes_per_request: "much" } }, "max_bytes_per_request must be a whole number"],
    [{ batch_inference_config: { max_bytes_per_request: -2 } }, "max_bytes_per_request must be a whole number"],
    [{ batch_inference_config: { max_items: 1 } }, "has no field 'max_items'"],
    [{ batch_inference_config: 7 }, "batch_inference_config"],
    [{ batch_inference_config: { dynamic_batching: { enabled: true } } }, "dynamic_batching is not supported"],
    [{ batch_inference_config: { dynamic_batching: { flush_timeout_ms: 50 } } }, "dynamic_batching is not supported"],
    [{ batch_inference_config: { queue: { enabled: true } } }, "queue is not supported"],
    [{ dynamic_batching: { enabled: true, flush_timeout_ms: 50 } }, "dynamic_batching is not supported"],
    [{ dynamic_batching: true }, "dynamic_batching is not supported"],
  ])("%j is rejected on register and on update", async (settings, sentence) => {
    await using drawbar = await Drawbar.start(embed)
    const { json } = await register(drawbar, {})
    const answers = [
      await register(drawbar, settings),
      await Drawbar.ask(drawbar, "PUT", `${ml}/models/${json.model_id}`, settings),
    ]
    for (const { status, text } of answers) {
      assert.strictEqual(status, 400, text)
      assert.include(text, sentence)
    }
  })
})
