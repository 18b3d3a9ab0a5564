/**
 * Cases derived from public reports about templates, signatures and headers: each request exactly as its upstream must
 * receive it.
 */
import { createHash } from "node:crypto"
import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as AwsSignature from "@drawbar/stub-platform/AwsSignature"
import * as Received from "@drawbar/stub-platform/Received"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { assert, describe, it } from "vitest"
import * as Drawbar from "./Drawbar.ts"
import * as InProcess from "./InProcess.ts"

const folder = process.env["DRAWBAR_CASES"] ?? resolve(import.meta.dirname, "../../../../shared/cases")
const isPresent = existsSync(resolve(folder, "README.md"))
const ml = "/_plugins/_ml"

interface Outcome {
  readonly status: number
  readonly text: string
  readonly json: any
  /** What the upstream received. */
  readonly sent: Received.Received | undefined
}

/** Creates, registers and predicts according to the case; the predict body is sent exactly as in its file. */
const run = async (name: string, predict?: (text: string) => string): Promise<Outcome> => {
  const read = (file: string) => readFileSync(resolve(folder, name, file), "utf8")
  const upstream = JSON.parse(read("upstream.json"))[0]
  const handler: Answer.Handler = () =>
    typeof upstream.body === "string"
      ? { kind: "response", status: 200, headers: { "content-type": "application/json" }, body: upstream.body }
      : Answer.json(upstream.body)
  const connector = JSON.parse(read("connector.json"))
  const rendered = await hostOf(connector)
  const isPlain = rendered.includes("{{STUB}}")
  const platform = await StubPlatform.start({ handler, ...(isPlain ? {} : { tls: [rendered] }) })
  const server = await InProcess.listen({
    connectTo: isPlain ? {} : { [`${rendered}:443`]: `127.0.0.1:${platform.port}` },
    certificateAuthorities: isPlain ? [] : [platform.ca],
    settings: {
      "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://.*$"],
      "plugins.ml_commons.connector.private_ip_enabled": true,
    },
  })
  const ask = (method: string, path: string, body: unknown) =>
    Drawbar.ask({ url: server.url } as Drawbar.Drawbar, method, `${ml}${path}`, body)
  try {
    const text = JSON.stringify(connector).replaceAll("{{STUB}}", `127.0.0.1:${platform.port}`)
    const created = await ask("POST", "/connectors/_create", text)
    if (created.status !== 200) return { ...created, sent: undefined }
    const registered = await ask("POST", "/models/_register?deploy=true", {
      name: "m",
      function_name: "remote",
      connector_id: created.json.connector_id,
    })
    const body = predict === undefined ? read("predict.json") : predict(read("predict.json"))
    const path = /^\s*\{\s*"text_docs"/.test(body) ? `/_predict/text_embedding/` : `/models/`
    const id = registered.json.model_id
    const answered = await ask("POST", path === "/models/" ? `/models/${id}/_predict` : `${path}${id}`, body)
    return { ...answered, sent: platform.requests[0] }
  } finally {
    await server[Symbol.asyncDispose]()
    await platform.close()
  }
}

const hostOf = async ({ parameters = {}, actions }: any): Promise<string> =>
  actions[0].url
    .replaceAll(/\$\{parameters\.([\w-]+)\}/g, (_: string, name: string) => parameters[name] ?? "")
    .split("/")[2]

const keys = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" }

/** Whether it has a valid AWS signature, including the body and its hash. */
const assertSigned = (sent: Received.Received | undefined, service = "bedrock") => {
  assert.isDefined(sent)
  assert.isUndefined(AwsSignature.refuse(sent, { ...keys, region: "us-east-1", service }))
  const hash = createHash("sha256").update(sent.bytes).digest("hex")
  assert.strictEqual(Received.header(sent, "x-amz-content-sha256"), hash)
  assert.include(Received.header(sent, "authorization"), "x-amz-content-sha256")
}

describe.skipIf(!isPresent)("the cases (skipped: ../shared/cases is absent)", () => {
  it("01: raw newlines, quotes, tabs and NUL arrive as the same characters", async () => {
    const { status, sent, text } = await run("01-prompt-newline-quote-tab")
    assert.strictEqual(status, 200, text)
    const { prompt } = JSON.parse(
      readFileSync(resolve(folder, "01-prompt-newline-quote-tab/predict.json"), "utf8"),
    ).parameters
    assert.match(prompt, /"hi"\n\t/)
    assert.deepStrictEqual(JSON.parse(sent?.text ?? ""), { prompt, max_tokens_to_sample: 48 })
  })

  it("07: absent fragments leave nothing behind", async () => {
    const { status, sent, text } = await run("07-agent-fragments-absent")
    assert.strictEqual(status, 200, text)
    assert.deepStrictEqual(JSON.parse(sent?.text ?? ""), {
      system: [{ text: "be brief" }],
      messages: [{ role: "user", content: [{ text: "hi" }] }],
    })
    assertSigned(sent)
  })

  it("09: a default of null in quotes is null", async () => {
    const { status, sent, text } = await run("09-null-default-in-quotes")
    assert.strictEqual(status, 200, text)
    assert.deepStrictEqual(JSON.parse(sent?.text ?? ""), { inputText: "boots", inputImage: null })
  })

  it("13: code points are kept in both directions", async () => {
    const { status, sent, json, text } = await run("13-emoji-rtl-zwj-nfd")
    assert.strictEqual(status, 200, text)
    const { t } = JSON.parse(readFileSync(resolve(folder, "13-emoji-rtl-zwj-nfd/predict.json"), "utf8")).parameters
    assert.deepStrictEqual(JSON.parse(sent?.text ?? ""), { t, u: `é${t}` })
    assert.strictEqual(json.inference_results[0].output[0].dataAsMap.t, t)
  })

  it("15: digits are kept in both directions", async () => {
    const { status, sent, text } = await run("15-number-digits-both-ways")
    assert.strictEqual(status, 200, text)
    assert.include(sent?.text, "12345678901234567890")
    assert.include(sent?.text, '"t":1.10')
    assert.include(sent?.text, "[1e400,-0.0,0.1000000000000000055]")
    assert.include(text, '{"id":9007199254740993,"big":1e400,"z":-0.0,"f":1.0}')
  })

  it.each([
    ["19-bedrock-colon-model-sigv4", "/model/anthropic.claude-3-haiku-20240307-v1:0/invoke"],
    [
      "21-bedrock-arn-caller-model",
      "/model/arn:aws:bedrock:us-east-1:111122223333:application-inference-profile%2Fab12cd34ef/converse",
    ],
    [
      "22-bedrock-arn-author-raw-slash",
      "/model/arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/ab12cd34ef/converse",
    ],
  ])("%s: the path is signed as it is sent", async (name, target) => {
    const { status, sent, text } = await run(name)
    assert.strictEqual(status, 200, text)
    assert.strictEqual(sent?.target, target)
    assertSigned(sent)
  })

  it("25: a session token with a line break is rejected on create, and not shown", async () => {
    const { status, json, text } = await run("25-session-token-special-chars")
    assert.strictEqual(status, 400)
    assert.include(json.error.reason, "Credential 'session_token'")
    assert.include(json.error.reason, "a line break at character")
    assert.notInclude(text, "IQoJ")
  })

  it("26: x-amz-content-sha256 is sent and signed, and headers that a proxy may change are not", async () => {
    const { status, sent, text, json } = await run("26-aoss-content-sha256")
    assert.strictEqual(status, 200, text)
    assertSigned(sent, "aoss")
    const [, signed = ""] = /SignedHeaders=([^,]+)/.exec((sent && Received.header(sent, "authorization")) ?? "") ?? []
    for (const name of ["content-length", "connection", "accept"]) assert.notInclude(signed.split(";"), name)
    assert.deepStrictEqual(json.inference_results[0].output[0].dataAsMap.response, [{ this: 0.62 }])
  })

  it("27: an author's x-amz-* headers are sent and signed", async () => {
    const { status, sent, text } = await run("27-custom-x-amz-header-signed")
    assert.strictEqual(status, 200, text)
    assertSigned(sent)
    const [, signed = ""] = /SignedHeaders=([^,]+)/.exec((sent && Received.header(sent, "authorization")) ?? "") ?? []
    assert.includeMembers(signed.split(";"), ["x-amz-bedrock-extra", "x-amzn-bedrock-guardrailidentifier"])
    assert.strictEqual(sent && Received.header(sent, "x-amz-bedrock-extra"), "1")
  })

  it("29: the region is read from the host of a VPC endpoint", async () => {
    const { status, sent, text } = await run("29-fips-and-vpce-region")
    assert.strictEqual(status, 200, text)
    assertSigned(sent)
  })

  it("102: header values that are numbers or booleans are sent as text", async () => {
    const { status, sent, text } = await run("102-header-number-value")
    assert.strictEqual(status, 200, text)
    assert.strictEqual(sent && Received.header(sent, "x-version"), "1")
    assert.strictEqual(sent && Received.header(sent, "x-flag"), "true")
  })

  it("111: Azure's parameters of the blueprint are sent unchanged", async () => {
    const { status, sent, text } = await run("111-azure-parameters-of-blueprint")
    assert.strictEqual(status, 200, text)
    assert.strictEqual(sent?.target, "//openai/deployments/d/embeddings?api-version=2024-02-01")
  })

  it("115: an image of several megabytes arrives complete", async () => {
    const inputImage = "A".repeat(3_000_000)
    const { status, sent, text } = await run("115-large-base64-image", () =>
      JSON.stringify({ parameters: { inputImage } }),
    )
    assert.strictEqual(status, 200, text)
    assert.strictEqual(sent?.text.length, `{"inputImage":"${inputImage}"}`.length)
  })

  it("D2: a connector of google_cloud is created; an unreadable key is reported at predict", async () => {
    const { status, json } = await run("D2-protocol-google_cloud")
    assert.strictEqual(status, 400)
    assert.include(json.error.reason, "the private_key of the connector's credential cannot be read")
  })
})
