/** A request that makes many calls of its upstream counts as them, and a long URL is refused before it is kept anywhere. */
import { assert, describe, it } from "vitest"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as AuthenticatedServer from "./AuthenticatedServer.ts"

const ml = "/_plugins/_ml"

const action = {
  action_type: "predict",
  name: "embed",
  method: "POST",
  url: "https://api.cohere.ai/v1/embed?q=${parameters.q:-}",
  request_body: '{"input":${parameters.input:-[]}}',
  pre_process_function: "connector.pre_process.openai.embedding",
}

const start = async (perCall: string, model: object = {}) => {
  const paths: Array<string> = []
  const server = await AuthenticatedServer.start(
    {
      many: { roles: ["application"] },
      few: { roles: ["application"], quota: { requests_per_minute: 5 } },
    },
    {
      handler: () => Answer.json({ a: 1 }),
      before: async (url) => {
        const made = await AuthenticatedServer.ask(url, undefined, "POST", `${ml}/models/_register`, {
          name: "m",
          function_name: "remote",
          ...model,
          connector: {
            name: "c",
            version: 1,
            protocol: "http",
            parameters: { input_docs_processed_step_size: perCall },
            actions: [action],
          },
        })
        assert.strictEqual(made.status, 200, made.text)
        paths.push(`${ml}/_predict/text_embedding/${made.json.model_id}`, `${ml}/models/${made.json.model_id}/_predict`)
      },
    },
  )
  const [byDocuments = "", byParameters = ""] = paths
  const calls = () => server.platform.requests.length
  const predict = (who: "many" | "few", documents: number) =>
    server.as(who, "POST", byDocuments, { text_docs: Array.from({ length: documents }, () => "a") })
  return { server, calls, predict, byParameters }
}

describe("an input that is split", () => {
  it("takes as many from the limit of its model as it makes calls", async () => {
    const { server, calls, predict } = await start("2", { rate_limiter: { limit: "6", unit: "HOURS" } })
    await using _ = server
    assert.strictEqual((await predict("many", 7)).status, 200)
    assert.strictEqual(calls(), 4)
    const refused = await predict("many", 5)
    assert.strictEqual(refused.status, 429, refused.text)
    assert.include(refused.text, "makes 3 calls of the model")
    assert.isNotNull(refused.headers.get("retry-after"))
    assert.strictEqual((await predict("many", 4)).status, 200)
    assert.strictEqual((await predict("many", 1)).status, 429)
    assert.strictEqual(calls(), 6)
  })

  it("that makes more calls than a limit ever lets through is refused without a time to come back", async () => {
    const { server, calls, predict } = await start("1", { rate_limiter: { limit: "6", unit: "HOURS" } })
    await using _ = server
    const refused = await predict("many", 7)
    assert.strictEqual(refused.status, 429)
    assert.isNull(refused.headers.get("retry-after"))
    assert.strictEqual((await predict("many", 6)).status, 200)
    assert.strictEqual(calls(), 6)
  })

  it("takes as many from the quota of its key", async () => {
    const { server, calls, predict } = await start("1")
    await using _ = server
    assert.strictEqual((await predict("few", 6)).status, 429)
    assert.strictEqual((await predict("few", 3)).status, 200)
    const refused = await predict("few", 3)
    assert.strictEqual(refused.status, 429)
    assert.include(refused.text, "makes 3 calls of the model")
    assert.strictEqual((await predict("few", 2)).status, 200)
    assert.strictEqual(calls(), 5)
  })

  it("may make a thousand calls, and is refused before the first of more", async () => {
    const { server, calls, predict } = await start("1")
    await using _ = server
    const refused = await predict("many", 1_001)
    assert.strictEqual(refused.status, 400)
    assert.include(refused.text, "makes 1001 calls of the upstream; at most 1000 are allowed")
    assert.strictEqual(calls(), 0)
    assert.strictEqual((await predict("many", 1_000)).status, 200)
    assert.strictEqual(calls(), 1_000)
  })
})

describe("a URL", () => {
  it("of more than 16 KB is refused with its action and its size, and is not sent", async () => {
    const { server, calls, byParameters } = await start("1")
    await using _ = server
    const predict = (length: number) =>
      server.as("many", "POST", byParameters, { parameters: { q: "a".repeat(length) } })
    assert.strictEqual((await predict(16_000)).status, 200)
    for (const length of [17_000, 2_000_000, 20_000_000]) {
      const refused = await predict(length)
      assert.strictEqual(refused.status, 400, refused.text.slice(0, 300))
      assert.match(refused.json.error.reason, /^Action embed: The URL .*has \d+ bytes or more; at most 16384 bytes/)
    }
    assert.strictEqual(calls(), 1)
  })
})
