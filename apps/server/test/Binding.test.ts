/**
 * A caller cannot move a credential: connectors whose hosts, paths and headers are templates, asked with whatever callers may send.
 * The key is seen by the platform it is bound to and by nobody else. DRAWBAR_SEED and DRAWBAR_FUZZ say which and how many.
 */
import process from "node:process"
import * as Answer from "@drawbar/stub-platform/Answer"
import type { Received } from "@drawbar/stub-platform/Received"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { Effect, Exit, Scope } from "effect"
import { assert, describe, it } from "vitest"
import * as Server from "../src/Server.ts"
import { ask } from "./Guarded.ts"

const ml = "/_plugins/_ml"
const seed = Number(process.env["DRAWBAR_SEED"] ?? Math.floor(Math.random() * 1e6))
const calls = Number(process.env["DRAWBAR_FUZZ"] ?? 1_500)
const own = "own.example"
const evil = "evil.example"
const secret = "sk-bound-0123456789"

const random = (() => {
  let state = seed
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
})()
const one = <A>(all: ReadonlyArray<A>): A => all[Math.floor(random() * all.length)]!

const hostile = [
  evil,
  own,
  `${evil}:443`,
  `${own}@${evil}`,
  `${evil}#`,
  `${evil}/`,
  `${evil}?`,
  `${evil}\\`,
  `//${evil}`,
  `https://${evil}/`,
  `@${evil}/`,
  `..//${evil}`,
  `../../${evil}`,
  `%2f%2f${evil}`,
  `x\r\nHost: ${evil}`,
  `x\nAuthorization: Bearer stolen`,
  "\u0000",
  "${credential.key}",
  "${parameters.host}",
  `"}, "url": "https://${evil}/`,
  "",
  " ",
  "1",
  "127.0.0.1",
  "[::1]",
]
const names = [
  "host",
  "port",
  "scheme",
  "path",
  "query",
  "region",
  "service_name",
  "endpoint",
  "header",
  "x",
  "url",
  "credential",
  "__proto__",
]

const action = (url: string, headers: object = {}) => [
  {
    action_type: "predict",
    method: "POST",
    url,
    headers: { Authorization: "Bearer ${credential.key}", ...headers },
    request_body: '{"x":"${parameters.x:-}"}',
  },
]
const connectors = [
  { parameters: { host: own }, actions: action("https://${parameters.host}/v1") },
  { parameters: { host: own, scheme: "https" }, actions: action("${parameters.scheme}://${parameters.host}/v1") },
  { parameters: { endpoint: own, path: "a" }, actions: action("https://${parameters.endpoint}/${parameters.path}/b") },
  { parameters: { host: "own" }, actions: action("https://${parameters.host}.example/v1") },
  { parameters: { query: "q" }, actions: action(`https://${own}/v1?q=\${parameters.query}`) },
  { parameters: { path: "p" }, actions: action(`https://${own}/\${parameters.path}`) },
  { parameters: { header: "h" }, actions: action(`https://${own}/v1`, { "X-Given": "${parameters.header}" }) },
  { parameters: { host: own, port: "443" }, actions: action("https://${parameters.host}:${parameters.port}/v1") },
  {
    protocol: "aws_sigv4",
    parameters: { region: "us-east-1", service_name: "sagemaker", host: own },
    credential: { access_key: "AKIDEXAMPLE", secret_key: secret, key: secret },
    actions: action("https://${parameters.host}/${parameters.path:-p}"),
  },
]

const holdsKey = ({ headers }: Received) =>
  headers.some(([name, value]) => /authorization/i.test(name) && /sk-bound|AKIDEXAMPLE/.test(value))

describe(`a credential (DRAWBAR_SEED=${seed})`, () => {
  it(`goes to its own platform alone, in ${calls} calls`, async () => {
    const bound = await StubPlatform.start({ handler: () => Answer.json({ a: 1 }), tls: [own] })
    const canary = await StubPlatform.start({ handler: () => Answer.json({ a: 1 }), tls: [evil] })
    const scope = Effect.runSync(Scope.make())
    const { url } = await Effect.runPromise(
      Server.listen({
        host: "127.0.0.1",
        port: 0,
        connectTo: { [`${own}:443`]: `127.0.0.1:${bound.port}`, [`${evil}:443`]: `127.0.0.1:${canary.port}` },
        certificateAuthorities: [bound.ca, canary.ca],
        // The list trusts both: what keeps the key at home is the connector.
        settings: { "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://.*$"] },
      }).pipe(Scope.provide(scope)),
    )
    const models: Array<string> = []
    for (const connector of connectors) {
      const made = await ask(url, undefined, "POST", `${ml}/models/_register`, {
        name: "m",
        function_name: "remote",
        connector: { name: "c", version: 1, protocol: "http", credential: { key: secret }, ...connector },
      })
      assert.strictEqual(made.status, 200, made.text)
      models.push(made.json.model_id)
      const honest = await ask(url, undefined, "POST", `${ml}/models/${made.json.model_id}/_predict`, {
        parameters: { x: "y" },
      })
      assert.strictEqual(honest.status, 200, honest.text)
    }
    const homely = bound.requests.length
    for (let n = 0; n < calls; n++) {
      const parameters: Record<string, unknown> = Object.create(null)
      for (let more = 0; more < 1 + Math.floor(random() * 4); more++) {
        const value = one(hostile)
        parameters[one(names)] = one([value, value, value, [value], { [evil]: value }, 7, null, true])
      }
      const way = one(["_predict", "_predict", "_predict/stream", "_render"])
      const body = one([
        { parameters },
        { parameters },
        { parameters, url: `https://${evil}/`, headers: { host: evil } },
      ])
      const { text, status } = await ask(url, undefined, "POST", `${ml}/models/${one(models)}/${way}`, body)
      assert.isBelow(status, 600)
      assert.notInclude(text, secret)
    }
    assert.deepStrictEqual(
      canary.requests.filter(holdsKey).map(({ target }) => target),
      [],
    )
    assert.strictEqual(canary.requests.length, 0)
    assert.isAbove(bound.requests.length, homely)
    assert.isTrue(
      bound.requests.every(({ headers }) =>
        headers.filter(([name]) => /^host$/i.test(name)).every(([, host]) => host === own),
      ),
    )
    await Effect.runPromise(Scope.close(scope, Exit.void))
    await bound.close()
    await canary.close()
  }, 120_000)
})
