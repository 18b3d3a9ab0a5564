import { parse } from "@drawbar/json-text/Json"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import * as PostProcess from "../src/processors/PostProcess.ts"
import * as UpstreamResponse from "../src/response/UpstreamResponse.ts"
import * as SecretMask from "../src/response/SecretMask.ts"
import * as Tensor from "../src/response/Tensor.ts"
import { text, type Value } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import { describe, expect, it } from "vitest"

interface Case {
  readonly body: string
  readonly status?: number
  readonly type?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly parameters?: Connector["parameters"]
  readonly post?: string
  readonly caller?: Readonly<Record<string, string>>
}

const outcome = ({ body, status = 200, type, headers, parameters = {}, post, caller = {} }: Case) => {
  const action = {
    action_type: "PREDICT" as const,
    method: "POST" as const,
    url: "https://api.example.com/",
    ...(post === undefined ? {} : { post_process_function: post }),
  }
  const stage = Result.getOrThrow(
    PostProcess.compile({ protocol: "http", parameters, actions: [action] }, action, "/actions/0"),
  )
  const response = {
    status,
    headers: { ...(type === undefined ? {} : { "content-type": type }), ...headers },
    body: new TextEncoder().encode(body),
  }
  const values = new Map<string, Value>(Object.entries(caller).map(([name, value]) => [name, text(value)]))
  return Result.match(
    Result.flatMap(UpstreamResponse.read(response, 0, SecretMask.none), (answer) =>
      PostProcess.run(stage, { caller: values, runtime: new Map() }, answer),
    ),
    {
      onSuccess: (tensors) => `[${tensors.map(Tensor.toJsonText).join(",")}]`,
      onFailure: ({ reason }) => `${reason._tag}: ${reason.message}`,
    },
  )
}

const json = "application/json"
const response = (map: string) => `[{"name":"response","dataAsMap":${map}}]`

describe("an answer", () => {
  it.each<readonly [string, Case, string]>([
    [
      "an object is handed on to the letter",
      { body: '{"id": 12345678901234567890, "x": 1.0}', type: json },
      response('{"id": 12345678901234567890, "x": 1.0}'),
    ],
    ["a list stands under response", { body: "[1,2]", type: json }, response('{"response":[1,2]}')],
    ["a string stands under response", { body: '"hello"', type: json }, response('{"response":"hello"}')],
    ["text is an answer", { body: 'say "hello"', type: "text/plain" }, response('{"response":"say \\"hello\\""}')],
    ["text without a content type is an answer", { body: "hello" }, response('{"response":"hello"}')],
    [
      "text that would be longer than any text as JSON is refused",
      { body: "\u0001".repeat(95_000_000), type: "text/plain" },
      "InvalidUpstreamResponse: The answer is text of 95000000 characters; at most 80000000 are allowed where it is not JSON",
    ],
    ["JSON under another content type is JSON", { body: '{"a":1}', type: "text/plain" }, response('{"a":1}')],
    ["half a JSON answer is an error", { body: '{"a":', type: json }, "InvalidUpstreamResponse: Invalid JSON format"],
    [
      "half a JSON answer without a content type is an error",
      { body: '{"a":1,' },
      expect.stringContaining("InvalidUpstreamResponse: Invalid JSON format"),
    ],
    [
      "a page is an error",
      { body: "<!doctype html><p>hi", type: "text/html" },
      "InvalidUpstreamResponse: The platform answered with an HTML page, not with a model's answer. Check the connector's url",
    ],
    ["nothing is an error", { body: "" }, "InvalidUpstreamResponse: Remote service returned empty response body"],
    ["created is a success", { body: '{"a":1}', status: 201 }, response('{"a":1}')],
    ["300 is none", { body: "x", status: 300 }, "UpstreamError: Error from remote service: x"],
    ["a redirect is not followed", { body: "moved", status: 302 }, "UpstreamError: Error from remote service: moved"],
    [
      "a refusal keeps its words",
      { body: '{"error":"bad key"}', status: 401, type: json },
      'UpstreamError: Error from remote service: {"error":"bad key"}',
    ],
    [
      "a refusal without words says so",
      { body: "", status: 503 },
      "UpstreamError: Remote service returned error status 503 with empty body",
    ],
    [
      "a throttled AWS call says what to change",
      { body: "{}", status: 400, headers: { "x-amzn-errortype": "ThrottlingException:http://x" } },
      expect.stringContaining("denied due to remote server throttling"),
    ],
    [
      "a filter finds a text",
      { body: '{"c":[{"t":"x"}]}', parameters: { response_filter: "$.c[0].t" } },
      response('{"response":"x"}'),
    ],
    [
      "a filter finds an object",
      { body: '{"c":{"t":1.50}}', parameters: { response_filter: "$.c" } },
      response('{"t":1.50}'),
    ],
    [
      "a filter finds many",
      { body: '{"c":[{"t":1},{"t":2}]}', parameters: { response_filter: "$.c[*].t" } },
      response('{"response":[1,2]}'),
    ],
    [
      "a filter for several names finds an object of them",
      { body: '{"a":1.0,"b":"x","c":[]}', parameters: { response_filter: "$['c','a','none']" } },
      response('{"c":[],"a":1.0}'),
    ],
    [
      "a filter for several names of many finds an object of each",
      { body: '{"l":[{"a":1,"b":2},{"b":3.50}]}', parameters: { response_filter: "$.l[*]['a','b']" } },
      response('{"response":[{"a":1,"b":2},{"b":3.50}]}'),
    ],
    [
      "a filter for several indices finds a list",
      { body: "[1,2,3]", parameters: { response_filter: "$[0,2]" } },
      response('{"response":[1,3]}'),
    ],
    [
      "a union for several names that finds none of them is an error",
      { body: '{"c":1}', parameters: { response_filter: "$['a','b']" } },
      "InvalidUpstreamResponse: response_filter finds nothing in the platform's answer (at $['a','b'])",
    ],
    [
      "a redirect names where to",
      { body: "", status: 307, headers: { location: "/embed/?\u0001" } },
      "UpstreamError: Remote service returned error status 307 with empty body. It redirects to /embed/?%01, and redirects are not followed. Use the final URL in the connector's action",
    ],
    [
      "a charset that is unknown is passed over where the bytes are UTF-8",
      { body: '{"t":"é"}', type: "application/json; charset=binary" },
      response('{"t":"é"}'),
    ],
    [
      "documents in lines are explained",
      { body: '{"a":1}\n{"a":2}\n', type: "application/x-ndjson" },
      expect.stringContaining("several JSON documents, one in each line (NDJSON)"),
    ],
    [
      "JSON over several lines that is cut is not taken for documents in lines",
      { body: '{"a":1,\n{"a":2}', type: json },
      expect.stringContaining("Invalid JSON format"),
    ],
    [
      "a filter that finds nothing is an error",
      { body: '{"c":[]}', parameters: { response_filter: "$.c[0].t" } },
      "InvalidUpstreamResponse: response_filter finds nothing in the platform's answer (at $.c[0].t)",
    ],
    [
      "a caller's filter outranks the connector's",
      { body: '{"a":1,"b":2}', parameters: { response_filter: "$.a" }, caller: { response_filter: "$.b" } },
      response('{"response":2}'),
    ],
    [
      "a caller's filter that is none is the caller's fault",
      { body: "{}", caller: { response_filter: "$[" } },
      expect.stringContaining("InvalidInput: response_filter is not a valid JSONPath"),
    ],
    [
      "a filter may leave out the root, and quotes around names with a dash",
      {
        body: '{"amazon-bedrock-trace":{"a":[{"b":1}]}}',
        parameters: { response_filter: "amazon-bedrock-trace.a.[0].b" },
      },
      response('{"response":1}'),
    ],
    [
      "a filter keeps what its texts and conditions say",
      { body: '{"c":[{"t":"a.b-c","n":1}]}', parameters: { response_filter: "$.c[?(@.t == 'a.b-c')].n" } },
      response('{"response":[1]}'),
    ],
    [
      "a filter moves a function's input",
      {
        body: '{"x":{"int8":[[1]]}}',
        post: "connector.post_process.cohere.embedding",
        parameters: { response_filter: "$.x.int8" },
      },
      '[{"name":"sentence_embedding","data_type":"INT8","shape":[1],"data":[1]}]',
    ],
    [
      "an answer that does not fit its function is an error",
      { body: '{"error":"x"}', post: "connector.post_process.cohere.embedding" },
      "InvalidUpstreamResponse: Post process function input is not a List. (at $.embeddings)",
    ],
  ])("%s", (_sentence, given, expected) => {
    expect(outcome(given)).toEqual(expected)
  })

  it("that is not UTF-8 and names an unknown charset names it in its refusal", () => {
    const headers = { "content-type": "application/json; charset='x-none'" }
    const read = UpstreamResponse.read(
      { status: 200, headers, body: Buffer.from([0x22, 0xe9, 0x22]) },
      0,
      SecretMask.none,
    )
    expect(Result.getOrThrow(Result.flip(read)).message).toContain('declares the unknown charset "x-none"')
  })

  it("that is refused carries status, request id, wait and a body that is cut", () => {
    const headers = { "x-request-id": "r-1", "retry-after": "2" }
    const read = UpstreamResponse.read(
      { status: 429, headers, body: new TextEncoder().encode("x".repeat(9_000)) },
      0,
      SecretMask.none,
    )
    const { reason } = Result.getOrThrow(Result.flip(read))
    expect(reason).toMatchObject({ remote: { status: 429, requestId: "r-1", retryAfterMillis: 2_000 } })
    expect(reason._tag === "UpstreamError" && reason.remote.body.length).toBe(UpstreamResponse.errorBodyLimit + 1)
  })
})

const filtered = (body: string, path: string, caller: Readonly<Record<string, string>> = {}) =>
  outcome({ body, parameters: { response_filter: path }, caller })

describe("what a filter produces", () => {
  const deep = `${'{"a":['.repeat(40)}${'"0123456789",'.repeat(100)}1${"]}".repeat(40)}`
  it.each(["$..*", "$..['a']", "$..[*,*]", "$[*,*,*]..*"])("is counted each time it would be written: %s", (path) => {
    const body = path === "$[*,*,*]..*" ? `[${deep}]` : deep
    const union = `${path}${path === "$..*" ? "..*" : ""}`
    for (const said of [filtered(body, union), filtered(body, "$", { response_filter: union })])
      if (said.length > 1_100_000) expect(said.length).toBe(0)
      else
        expect(said).toMatch(
          /^\[|^InvalidInput: (?:response_filter: )?The JSONPath .* (?:takes too much work|produces more than \d+ characters)/,
        )
  })

  it("many times an answer is refused by the name of the filter", () => {
    const path = `$[${Array.from({ length: 300 }, () => "*").join(",")}]`
    expect(filtered(JSON.stringify(["x".repeat(4_000)]), path)).toBe(
      `InvalidInput: response_filter: The JSONPath ${path} produces more than 1000000 characters`,
    )
  })
})

describe("an unknown function name", () => {
  it("is refused with the nearest names, not run as a script", () => {
    const action = {
      action_type: "PREDICT" as const,
      method: "POST" as const,
      url: "u",
      post_process_function: "connector.post_process.openai.embeding",
    }
    const compiled = PostProcess.compile({ protocol: "http", parameters: {}, actions: [action] }, action, "/actions/0")
    expect(Result.getOrThrow(Result.flip(compiled)).message).toContain(
      "Nearest: connector.post_process.openai.embedding",
    )
  })
})

it("digits are read without loss by the body parser", () => {
  expect(JSON.stringify(Result.getOrThrow(parse('{"n":9007199254740993}')))).toBe('{"n":9007199254740993}')
})
