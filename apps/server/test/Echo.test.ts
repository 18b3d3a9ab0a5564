/** Platforms that repeat the key they were sent, in every spelling, in every kind of answer: nothing of it comes out anywhere. */
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import * as Answer from "@drawbar/stub-platform/Answer"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { blueprint } from "./Drawbar.ts"
import * as Guarded from "./Guarded.ts"

const ml = "/_plugins/_ml"
const secret = 'sk-Pl4nted+/=?&%\u00e9"x\\y<z>0123456789'

const spellings: Readonly<Record<string, (text: string) => string>> = {
  plain: (text) => text,
  "in JSON": (text) => JSON.stringify(text).slice(1, -1),
  "in JSON, escaped throughout": (text) =>
    [...text].map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""),
  "percent-encoded": (text) => encodeURIComponent(text),
  "in base64": (text) => Buffer.from(text).toString("base64"),
  "in hex": (text) => Buffer.from(text).toString("hex"),
}

const kinds: Readonly<Record<string, (said: string) => Answer.Answer>> = {
  "a success": (said) => Answer.text(`{"embeddings":[[1]],"said":"${said}"}`, 200, json),
  "plain words": (said) => Answer.text(`you sent ${said}`),
  "a refusal of the key": (said) => Answer.text(`{"error":"bad key ${said}"}`, 401, json),
  "a failure": (said) => Answer.text(`stack: ${said}`, 500),
  "a page": (said) => Answer.text(`<html>${said}</html>`, 502, { "content-type": "text/html" }),
  "a redirect": (said) => Answer.text("", 302, { location: `https://evil.example/?${encodeURIComponent(said)}` }),
  "half of an answer": (said) => Answer.half(Answer.text(`${said}${"x".repeat(100)}`)),
  "a throttling": (said) => Answer.text(`{"message":"${said}"}`, 429, { ...json, "retry-after": "3" }),
}
const json = { "content-type": "application/json" }

const seen: Array<string> = []
let way: { kind: string; spelling: string } = { kind: "plain words", spelling: "plain" }
let server: Guarded.Guarded<"admin">

beforeAll(async () => {
  server = await Guarded.start(
    { admin: { roles: ["admin"] } },
    {
      handler: () => kinds[way.kind]!(spellings[way.spelling]!(secret)),
      accessLog: (line) => void seen.push(line),
      auditLog: (line) => void seen.push(line),
    },
  )
})
afterAll(() => server[Symbol.asyncDispose]())

const say = async (method: string, path: string, body?: unknown) => {
  const answer = await server.as("admin", method, path, body)
  seen.push(answer.text, JSON.stringify([...answer.headers]))
  return answer
}

// What would give the secret away, with or without the spelling of its own characters.
const traces = [
  ...Object.values(spellings).map((spell) => spell(secret)),
  "Pl4nted",
  Buffer.from("Pl4nted").toString("hex"),
]

const cases = Object.keys(kinds).flatMap((kind) => Object.keys(spellings).map((spelling) => ({ kind, spelling })))

describe("a key that its platform repeats", () => {
  it.each(cases)("$spelling in $kind is not passed on", async (one) => {
    way = one
    const connector = { ...blueprint, credential: { cohere_key: secret } }
    const made = await say("POST", `${ml}/models/_register`, { name: "m", function_name: "remote", connector })
    assert.strictEqual(made.status, 200, made.text)
    const begun = seen.length
    await say("POST", `${ml}/models/${made.json.model_id}/_predict`, { parameters: { texts: ["a"] } })
    const standalone = await say("POST", `${ml}/connectors/_create`, connector)
    await say("POST", `${ml}/connectors/${standalone.json.connector_id}/_test`, { parameters: { texts: ["a"] } })
    for (const text of seen.slice(begun))
      for (const trace of traces) assert.notInclude(text, trace, `${one.kind}, ${one.spelling}`)
  })

  it("is in no metric, no log and no file", async () => {
    await say("GET", "/metrics")
    await say("GET", `${ml}/stats`)
    await say("POST", `${ml}/connectors/_search`, { query: { match_all: {} } })
    for (const text of seen) for (const trace of traces) assert.notInclude(text, trace)
    for (const file of await readdir(server.folder)) {
      const bytes = await readFile(join(server.folder, file))
      for (const trace of traces) assert.isFalse(bytes.includes(trace), file)
    }
  })
})
