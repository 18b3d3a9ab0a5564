import { assert, describe, it } from "@effect/vitest"
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { LintEnvironment } from "../src/LintEnvironment.ts"
import * as Lint from "../src/Lint.ts"
import { rules } from "../src/Rules.ts"

const environment: LintEnvironment = {
  readsConsoleText: true,
  untrusted: (url) => (new URL(url).host === "api.openia.com" ? `${url} is not trusted` : undefined),
  refusal: () => undefined,
}

/** The members of an example, in a document that has no other findings. */
const documentOf = (members: string) => {
  const whole = {
    name: "A",
    version: "1",
    protocol: "http",
    actions: [{ action_type: "predict", method: "POST", url: "https://api.openai.com/v1" }],
  }
  return JSON.stringify({ ...whole, ...JSON.parse(`{${members}}`) })
}

const codesOf = (members: string) => Lint.text(documentOf(members), environment).map(({ code }) => code)

describe("the example of a rule", () => {
  it.each(rules)("$code reports the wrong form and not the corrected one", ({ code, example }) => {
    assert.include(codesOf(example.wrong), code)
    assert.notInclude(codesOf(example.right), code)
  })

  it.each(rules.filter(({ severity }) => severity !== "info"))(
    "$code has a corrected form without findings",
    ({ code, example }) => {
      const left = codesOf(example.right).filter((found) => found !== "caller-parameters")
      const isFragment = code === "invalid-field" || code === "unknown-field"
      // Their examples show one field, not its use.
      const unused = isFragment || ["placeholder", "borrowed-credential"].includes(code)
      assert.deepStrictEqual(unused ? left.filter((found) => !found.startsWith("unused-")) : left, [])
    },
  )
})

describe("rules", () => {
  it("have distinct names, in lower case with hyphens", () => {
    const codes = rules.map(({ code }) => code)
    assert.strictEqual(new Set(codes).size, codes.length)
    for (const code of codes) assert.match(code, /^[a-z]+(-[a-z]+)*$/)
  })

  it.each([
    ["a number for a name", '{"name": 7}', "/name"],
    ["a list for parameters", '{"parameters": []}', "/parameters"],
    ["a word for actions", '{"actions": "predict"}', "/actions"],
    ["an action that is not an object", '{"actions": [7]}', "/actions/0"],
    ["a header that is a list", '{"actions": [{"headers": {"a": [1]}}]}', "/actions/0/headers/a"],
  ])("report the location of %s", (_name, source, pointer) => {
    const findings = Lint.text(source, environment)
    assert.include(
      findings.filter(({ code }) => code === "invalid-field").map((finding) => finding.pointer),
      pointer,
    )
  })

  it("report every invalid field, not only the first", () => {
    const action = { action_type: "predict", method: "SEND", url: "https://a.example/" }
    const document = {
      protocol: "https",
      actions: [action, { ...action, action_type: "jump" }],
      client_config: { max_connection: 0 },
    }
    const findings = Lint.document(document, environment).filter(({ code }) => code === "invalid-field")
    assert.deepStrictEqual(findings.map(({ pointer }) => pointer).toSorted(), [
      "/actions/0/method",
      "/actions/1/action_type",
      "/client_config/max_connection",
      "/name",
      "/protocol",
      "/version",
    ])
  })

  it("report nothing as unused in a google_cloud connector", () => {
    const google = {
      name: "G",
      version: 1,
      protocol: "google_cloud",
      parameters: {
        project_id: "p",
        location: "l",
        model: "m",
        scopes: "https://www.googleapis.com/auth/cloud-platform",
      },
      credential: { private_key: "env:A", client_email: "env:B", token_uri: "https://oauth2.googleapis.com/token" },
      actions: [{ action_type: "predict", method: "POST", url: "https://aiplatform.googleapis.com/v1" }],
    }
    const codes = Lint.document(google).map(({ code }) => code)
    assert.notInclude(codes, "unused-parameter")
    assert.notInclude(codes, "unused-credential")
    assert.include(
      Lint.document({ ...google, protocol: "http" }).map(({ code }) => code),
      "unused-credential",
    )
  })

  it.each([true, false])(
    "find a client certificate unused where mutual TLS is off (mutual_tls_enabled: %s)",
    (enabled) => {
      const names = Reserved.credentials.filter(({ readBy }) => readBy === "mutual TLS").map(({ name }) => name)
      const members = {
        client_config: { mutual_tls_enabled: enabled },
        credential: Object.fromEntries(names.map((name) => [name, "env:A"])),
      }
      const found = Lint.text(documentOf(JSON.stringify(members).slice(1, -1)), environment)
        .filter(({ code }) => code === "unused-credential")
        .map(({ pointer }) => pointer)
      assert.deepStrictEqual(found, enabled ? [] : names.map((name) => `/credential/${name}`))
    },
  )

  it("find no reserved parameter unused", () => {
    const parameters = Object.fromEntries(
      Reserved.parameters.filter(({ isShared = false }) => !isShared).map(({ name }) => [name, "UTF-8"]),
    )
    const found = Lint.text(documentOf(JSON.stringify({ parameters }).slice(1, -1)), environment)
    assert.notInclude(
      found.map(({ code }) => code),
      "unused-parameter",
    )
  })

  it("report everything that a signature lacks, once", () => {
    const findings = Lint.text(
      '{"name":"A","version":1,"protocol":"aws_sigv4","actions":[{"action_type":"predict","method":"POST","url":"https://a.example/"}]}',
    )
    assert.deepStrictEqual(
      findings.map(({ code, pointer }) => [code, pointer]),
      [
        ["signing", "/credential"],
        ["signing", "/parameters/service_name"],
        ["signing", "/parameters/region"],
      ],
    )
  })

  it.each([
    ["a header's name", '"headers": {"api-key": "abc"}', "/actions/0/headers/api-key"],
    ["its form", '"headers": {"X-Custom": "sk-abcdefghijklmnopqrst"}', "/actions/0/headers/X-Custom"],
    ["the URL's query", '"url": "https://a.example/v1?key=abcdef"', "/actions/0/url"],
  ])("recognise a secret by %s, and never repeat it", (_name, action, pointer) => {
    const findings = Lint.text(`{"actions": [{"url": "https://a.example/", ${action}}]}`)
    const found = findings.filter(({ code }) => code === "plain-secret")
    assert.deepStrictEqual(
      found.map((finding) => finding.pointer),
      [pointer],
    )
    assert.notMatch(JSON.stringify(findings), /abcdef/)
  })

  it.each(["api_key", "apiKey", "x-api-key", "secret", "secret_key", "aws_access_key", "password", "session_token"])(
    "recognise the parameter %s as a secret",
    (name) => assert.include(codesOf(`"parameters": {"${name}": "v"}`), "plain-secret"),
  )

  it.each(["max_tokens", "tokenizer", "key_phrases", "authors", "truncate"])(
    "recognise that %s is not a secret",
    (name) => assert.notInclude(codesOf(`"parameters": {"${name}": "v"}`), "plain-secret"),
  )
})
