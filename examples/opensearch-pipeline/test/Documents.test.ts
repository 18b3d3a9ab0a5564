import { readdirSync, readFileSync } from "node:fs"
import { createServer } from "node:http"
import * as consumers from "node:stream/consumers"
import * as LocalPlatform from "@drawbar/example-local-platform/LocalPlatform"
import * as SentenceModel from "@drawbar/example-local-platform/SentenceModel"
import * as DrawbarServer from "@drawbar/example-semantic-search/DrawbarServer"
import * as EmbeddingModel from "@drawbar/example-semantic-search/EmbeddingModel"
import { Client } from "@opensearch-project/opensearch"
import { afterAll, beforeAll, describe, expect, it } from "vitest"

const home = new URL("../documents/", import.meta.url)
const text = (name: string): string => readFileSync(new URL(`${name}.json`, home), "utf8")
const names = readdirSync(home).map((file) => file.replace(/\.json$/, ""))
const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8")

describe.each(names)("%s.json", (name) => {
  it("is valid JSON, and is mentioned in the README", () => {
    expect(JSON.parse(text(name))).toBeTypeOf("object")
    expect(readme).toContain(`\`${name}.json\``)
  })
})

it("uses the same names for fields, pipeline and models", () => {
  const index = JSON.parse(text("index"))
  const ingest = JSON.parse(text("ingest-pipeline")).processors[0].text_embedding
  const search = JSON.parse(text("search-pipeline"))
  const rerank = search.response_processors[0].rerank
  const query = JSON.parse(text("search")).query.neural
  expect(ingest.field_map).toEqual({ text: "text_vector" })
  expect(index.mappings.properties[ingest.field_map.text].type).toBe("knn_vector")
  expect(Object.keys(query)).toEqual([ingest.field_map.text])
  expect(rerank.context.document_fields).toEqual(Object.keys(ingest.field_map))
  expect(search.request_processors[0].neural_query_enricher.default_model_id).toBe(ingest.model_id)
  expect(index.settings.default_pipeline).toBe("facts")
})

/** The fields of the responses that are read. */
interface Answer {
  readonly connector_id: string
  readonly model_id: string
  readonly inference_results: readonly [{ readonly output: ReadonlyArray<{ readonly data: ReadonlyArray<number> }> }]
}

describe("Drawbar in place of the cluster", () => {
  const closers: Array<() => Promise<unknown>> = []
  let drawbar: Client
  let endpoint: string
  let embedding: string
  let rerank: string

  beforeAll(async () => {
    const platform = await LocalPlatform.start({ key: "a key of this test" })
    const reranker = await startReranker()
    const server = await DrawbarServer.start()
    closers.push(server.close, platform.close, reranker.close)
    endpoint = new URL(server.url).host
    drawbar = new Client({ node: server.url })
    embedding = await EmbeddingModel.deploy(drawbar, {
      url: platform.url,
      key: "a key of this test",
      model: SentenceModel.name,
    })
    const origins = [server.url, platform.url, reranker.url].map((url) => `^${url.replaceAll(".", "\\.")}/.*$`)
    const settings = JSON.parse(text("cluster-settings"))
    settings.persistent["plugins.ml_commons.trusted_connector_endpoints_regex"] = origins
    await drawbar.cluster.putSettings({ body: settings })
    rerank = await register(rerankerOf(reranker.url))
  })

  afterAll(async () => {
    for (const close of closers) await close()
  })

  /** Creates a model for a connector. */
  const register = async (connector: object): Promise<string> => {
    const created = await post("/_plugins/_ml/connectors/_create", connector)
    const model = { name: "m", function_name: "remote", connector_id: created.connector_id }
    return (await post("/_plugins/_ml/models/_register?deploy=true", model)).model_id
  }

  const post = async (path: string, body: object): Promise<Answer> =>
    (await drawbar.transport.request({ method: "POST", path, body })).body

  /** A connector of this folder, filled in as the README describes. */
  const filled = (name: string, drawbar_model: string): object => {
    const connector = JSON.parse(text(name))
    return { ...connector, parameters: { ...connector.parameters, endpoint, drawbar_model } }
  }

  it.each([
    ["several texts", "embedding-connector", { text_docs: ["bees and flowers", 'a "quoted" text\nof two lines'] }],
    ["one text", "embedding-connector", { text_docs: ["bees"] }],
  ])("passes the tensors of %s on unchanged", async (_what, name, body) => {
    const passed = await register(filled(name, embedding))
    const direct = await post(`/_plugins/_ml/_predict/text_embedding/${embedding}`, body)
    expect(await post(`/_plugins/_ml/_predict/text_embedding/${passed}`, body)).toEqual(direct)
    expect(direct.inference_results[0].output).toHaveLength(body.text_docs.length)
  })

  it("passes the tensor of the single text from ml_inference on", async () => {
    const passed = await register(filled("query-embedding-connector", embedding))
    const direct = await post(`/_plugins/_ml/_predict/text_embedding/${embedding}`, { text_docs: ["bees"] })
    expect(await post(`/_plugins/_ml/models/${passed}/_predict`, { parameters: { input: "bees" } })).toEqual(direct)
  })

  it("passes the scores of a reranker on in the order of the documents", async () => {
    const passed = await register(filled("rerank-connector", rerank))
    const body = { query_text: "bees", text_docs: ["short", "the longest of them", "longer"] }
    const answer = await post(`/_plugins/_ml/_predict/text_similarity/${passed}`, body)
    expect(answer.inference_results[0].output.map(({ data }) => data)).toEqual([[5], [19], [6]])
  })
})

const rerankerOf = (url: string) => ({
  name: "Reranker",
  version: "1",
  protocol: "http",
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: `${url}/rerank`,
      request_body: '{"query":"${parameters.query}","documents":${parameters.documents}}',
      pre_process_function: "connector.pre_process.cohere.rerank",
      post_process_function: "connector.post_process.cohere.rerank",
    },
  ],
})

/** A reranker that scores the longest text highest and returns the best first, as rerankers do. */
const startReranker = async () => {
  const server = createServer(async (request, response) => {
    const { documents }: { readonly documents: ReadonlyArray<string> } = JSON.parse(await consumers.text(request))
    const results = documents
      .map((document, index) => ({ index, relevance_score: document.length }))
      .toSorted((a, b) => b.relevance_score - a.relevance_score)
    response.setHeader("content-type", "application/json").end(JSON.stringify({ results }))
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" ? address?.port : undefined
  return { url: `http://127.0.0.1:${port}`, close: () => new Promise((resolve) => server.close(resolve)) }
}
