/** The response cases in `../shared/cases`: each behaves as its `expected.md` describes. */
import { existsSync, readFileSync } from "node:fs"
import { type AddressInfo, createServer, type Server } from "node:net"
import { resolve } from "node:path"
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"
import * as Loopback from "./Loopback.ts"

const folder = process.env["DRAWBAR_CASES"] ?? resolve(import.meta.dirname, "../../../../shared/cases")
const isPresent = existsSync(resolve(folder, "README.md"))

const ml = "/_plugins/_ml"

interface Said {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
  readonly encoding?: string
  /** A complete response, byte for byte. */
  readonly raw?: string
}

const codings: Readonly<Record<string, (body: Buffer) => Buffer>> = {
  gzip: (body) => gzipSync(body),
  deflate: (body) => deflateSync(body),
  "raw-deflate": (body) => deflateRawSync(body),
  zstd: (body) => zstdCompressSync(body),
}

const bodyOf = ({ body = "", encoding }: Said): Buffer => {
  const base64 = typeof body === "object" && body !== null && "base64" in body ? body.base64 : undefined
  const plain =
    typeof base64 === "string"
      ? Buffer.from(base64, "base64")
      : Buffer.from(typeof body === "string" ? body : JSON.stringify(body))
  return encoding === undefined ? plain : codings[encoding]!(plain)
}

const headersOf = ({ headers = {}, encoding }: Said): Record<string, string> => ({
  "content-type": "application/json",
  ...(encoding === undefined ? {} : { "content-encoding": encoding }),
  ...headers,
})

/** The responses, one per call; the last one is repeated. */
let reply: ReadonlyArray<Said> = []
let calls = 0
const next = (): Said => reply[Math.min(calls++, reply.length - 1)] ?? {}

/** Plain HTTP, byte for byte. */
const wire = createServer((socket) => {
  socket.on("error", () => {})
  socket.on("data", () => {
    const entry = next()
    if (entry.raw !== undefined)
      return void (entry.raw.includes("HTTP/1.0") ? socket.end(entry.raw) : socket.write(entry.raw))
    const body = bodyOf(entry)
    const head = Object.entries({ ...headersOf(entry), "content-length": String(body.length) })
    socket.write(
      `HTTP/1.1 ${entry.status ?? 200} X\r\n${head.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`,
    )
    socket.write(body)
  })
})

const hosts = [
  "api.openai.com",
  "api.cohere.ai",
  "bedrock-runtime.us-east-1.amazonaws.com",
  "runtime.sagemaker.us-west-2.amazonaws.com",
  "runtime.sagemaker.us-east-1.amazonaws.com",
]

let platform: StubPlatform.StubPlatform
let server: InProcess.InProcess

const portOf = (listening: Server) => (listening.address() as AddressInfo).port

beforeAll(async () => {
  await new Promise<void>((done) => wire.listen(0, "127.0.0.1", done))
  platform = await StubPlatform.start({
    tls: hosts,
    handler: () => {
      const entry = next()
      return { kind: "response", status: entry.status ?? 200, headers: headersOf(entry), body: bodyOf(entry) }
    },
  })
  server = await InProcess.listen({
    connectTo: Object.fromEntries(hosts.map((host) => [`${host}:443`, `127.0.0.1:${platform.port}`])),
    certificateAuthorities: [platform.ca],
  })
  await ask(server.url, undefined, "PUT", "/_cluster/settings", {
    persistent: {
      ...Loopback.settings,
      "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://.*$"],
    },
  })
})
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await platform.close()
  wire.close()
})

interface Case {
  readonly connector: object
  readonly register?: object
  readonly predict: object
  readonly upstream: ReadonlyArray<Said>
}

const run = async ({ connector, register = {}, predict, upstream }: Case, algorithm: string | undefined) => {
  reply = upstream
  calls = 0
  const { url } = server
  const written = JSON.parse(JSON.stringify(connector).replaceAll("{{STUB}}", `127.0.0.1:${portOf(wire)}`))
  const made = await ask(url, undefined, "POST", `${ml}/connectors/_create`, written)
  assert.strictEqual(made.status, 200, made.text)
  const registered = await ask(url, undefined, "POST", `${ml}/models/_register?deploy=true`, {
    name: "m",
    function_name: "remote",
    connector_id: made.json.connector_id,
    ...register,
  })
  assert.strictEqual(registered.status, 200, registered.text)
  const id = registered.json.model_id
  const path = algorithm === undefined ? `models/${id}/_predict` : `_predict/${algorithm}/${id}`
  return ask(url, undefined, "POST", `${ml}/${path}`, predict)
}

type Expected = (text: string, results: ReadonlyArray<any>) => void

const read = (name: string): Case => {
  const file = (part: string) => {
    const path = resolve(folder, name, `${part}.json`)
    return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : undefined
  }
  const register = file("register")
  return {
    connector: file("connector"),
    predict: file("predict"),
    upstream: file("upstream"),
    ...(register === undefined ? {} : { register }),
  }
}

const map =
  (expected: object): Expected =>
  (_, [{ output }]) =>
    assert.deepStrictEqual(output[0].dataAsMap, expected)
const holds =
  (...parts: ReadonlyArray<string>): Expected =>
  (text) => {
    for (const part of parts) assert.include(text, part)
  }

const cases: ReadonlyArray<readonly [name: string, algorithm: string | undefined, status: number, expected: Expected]> =
  [
    [
      "05-sagemaker-nested-list-no-postprocess",
      "text_embedding",
      200,
      holds('"shape":[2],"data":[0.1392856240272522,-1]', '"data":[-0.16613692045211792,2e-7]'),
    ],
    ["17-text-csv-whole-body", undefined, 200, map({ response: "0.87\n0.13" })],
    ["39-base64-embedding", "text_embedding", 200, holds('"data_type":"FLOAT32","shape":[3],"data":[0.5,-1,2]')],
    ["40-fewer-embeddings-than-docs", "text_embedding", 502, holds("2 vectors for 3 documents")],
    [
      "43-titan-v2-both-types",
      "text_embedding",
      200,
      (_, results) =>
        assert.deepStrictEqual(
          results.map(({ output }) => output[0].data_type),
          ["BINARY", "BINARY"],
        ),
    ],
    ["45-encoding-gzip", undefined, 200, map({ ok: "é" })],
    ["47-encoding-deflate", undefined, 200, map({ ok: "é" })],
    ["49-encoding-raw-deflate", undefined, 200, map({ ok: "é" })],
    ["51a-charset-charset-ISO-8859-1", undefined, 200, map({ t: "é" })],
    ["51c-charset-charset--UTF-8---profi", undefined, 200, map({ t: "é" })],
    ["51d-charset-charset-binary", undefined, 200, map({ t: "é" })],
    ["51g-charset-", undefined, 200, map({ t: "é" })],
    ["52-interim-100-103", undefined, 200, map({ ok: 1 })],
    ["54-close-delimited", undefined, 200, map({ ok: 1 })],
    ["103-redirect-names-location", undefined, 502, holds("http://127.0.0.1:9/embed/")],
    ["107-rerank-fewer-results", "text_similarity", 502, holds("2 scores for 3 documents")],
    ["D1-interface-with-a-misplaced-required", undefined, 200, holds('"relevance_score":0.5')],
  ]

describe.skipIf(!isPresent)("response cases (skipped: ../shared/cases is absent)", () => {
  it.each(cases)("%s", async (name, algorithm, status, expected) => {
    const answered = await run(read(name), algorithm)
    assert.strictEqual(answered.status, status, answered.text)
    expected(answered.text, answered.json.inference_results)
  })
})

const openai = (action: object, parameters: object = {}) => ({
  name: "c",
  version: 1,
  protocol: "http",
  parameters,
  credential: { key: "k-0123456789" },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: "http://{{STUB}}/p",
      headers: { Authorization: "Bearer ${credential.key}" },
      ...action,
    },
  ],
})

describe("a response", () => {
  it("to several images has one result per image, in order", async () => {
    const connector = openai({
      request_body: '{ "images": ${parameters.images} }',
      pre_process_function: "connector.pre_process.cohere.multimodal_embedding",
      post_process_function: "connector.post_process.cohere.embedding",
    })
    const upstream = [{ body: { embeddings: [[0.25, 1]] } }]
    const answered = await run({ connector, upstream, predict: { text_docs: ["a", "b", "c"] } }, "text_embedding")
    assert.strictEqual(answered.status, 200, answered.text)
    assert.strictEqual(calls, 3)
    const tensor = { name: "sentence_embedding", data_type: "FLOAT32", shape: [2], data: [0.25, 1] }
    assert.deepStrictEqual(answered.json.inference_results, [{ output: [tensor, tensor, tensor], status_code: 200 }])
  })

  it("in lines, with or without a filter, reports that it is a stream", async () => {
    const upstream = [{ headers: { "content-type": "application/x-ndjson" }, body: '{"a":1}\n{"a":2}\n' }]
    for (const parameters of [{}, { response_filter: "$.a" }]) {
      const connector = openai({ request_body: "{}" }, parameters)
      const answered = await run({ connector, upstream, predict: { parameters: {} } }, undefined)
      assert.strictEqual(answered.status, 502, answered.text)
      assert.include(answered.text, "NDJSON")
    }
  })

  it("above the connector's limit is rejected, compressed or not", async () => {
    for (const encoding of [undefined, "gzip"]) {
      const connector = { ...openai({ request_body: "{}" }), client_config: { max_response_bytes: 2_000 } }
      const reply = encoding === undefined ? {} : { encoding }
      for (const [size, status] of [
        [1_000, 200],
        [3_000, 502],
      ] as const) {
        const upstream = [{ ...reply, body: { text: "x".repeat(size) } }]
        const answered = await run({ connector, upstream, predict: { parameters: {} } }, undefined)
        assert.strictEqual(answered.status, status, answered.text)
        if (status === 502) assert.include(answered.text, "2000")
      }
    }
  })

  it("with too many vectors for a chunk reports both numbers", async () => {
    const connector = openai(
      {
        request_body: '{ "input": ${parameters.input} }',
        pre_process_function: "connector.pre_process.openai.embedding",
        post_process_function: "connector.post_process.openai.embedding",
      },
      { input_docs_processed_step_size: "2" },
    )
    const upstream = [{ body: { data: [{ embedding: [1] }, { embedding: [2] }] } }]
    const answered = await run({ connector, upstream, predict: { text_docs: ["a", "b", "c"] } }, "text_embedding")
    assert.strictEqual(answered.status, 502, answered.text)
    assert.include(answered.text, "2 vectors for 1 document")
  })
})

const callerFilters = (value: boolean | null) =>
  ask(server.url, undefined, "PUT", "/_cluster/settings", {
    persistent: { "plugins.drawbar.caller_filters_enabled": value },
  })

describe("a filter sent by a call", () => {
  const upstream = [{ body: { a: [{ b: "x".repeat(4_000) }] } }]
  const connector = openai({ request_body: "{}" })
  const filtered = (parameters: object) => run({ connector, upstream, predict: { parameters } }, undefined)

  it("that produces too much is rejected by name, and the server keeps running", async () => {
    for (const response_filter of [
      `$[${Array.from({ length: 900 }, () => "*").join(",")}]`,
      `$${`..[${Array.from({ length: 20 }, () => "*").join(",")}]`.repeat(3)}`,
    ]) {
      const answered = await filtered({ response_filter })
      assert.strictEqual(answered.status, 400, answered.text.slice(0, 300))
      assert.include(answered.text, response_filter.slice(0, 40))
    }
    const doubling = Array.from({ length: 40 }, (_, i) => ({ type: "set_field", path: `$.a${i}`, source_path: "$" }))
    const answered = await filtered({ output_processors: doubling })
    assert.strictEqual(answered.status, 400, answered.text.slice(0, 300))
    assert.include(answered.text, "output_processors: A chain of processors takes too much work")
  })

  it("is rejected by name if the operator has disabled it, and the connector's filter still applies", async () => {
    assert.strictEqual((await callerFilters(false)).status, 200)
    try {
      for (const parameters of [{ response_filter: "$.a" }, { input_processors: [] }, { output_processors: [] }]) {
        const answered = await filtered(parameters)
        assert.strictEqual(answered.status, 400, answered.text)
        assert.include(answered.text, `The parameter ${Object.keys(parameters).join()} is refused`)
      }
      const own = { ...connector, parameters: { response_filter: "$.a[0]" } }
      const answered = await run({ connector: own, upstream, predict: { parameters: {} } }, undefined)
      assert.strictEqual(answered.status, 200, answered.text)
    } finally {
      await callerFilters(null)
    }
    assert.strictEqual((await filtered({ response_filter: "$.a" })).status, 200)
  })
})
