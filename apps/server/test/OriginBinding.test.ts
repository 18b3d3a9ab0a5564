/**
 * A caller cannot redirect a credential: connectors whose hosts, paths and headers are templates, called with arbitrary
 * input. Only the upstream to which the key is bound receives it. DRAWBAR_SEED and DRAWBAR_FUZZ set the seed and the
 * number of calls.
 */
import process from "node:process"
import * as Answer from "@drawbar/stub-platform/Answer"
import type { Received } from "@drawbar/stub-platform/Received"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { assert, describe, it } from "vitest"
import { ask } from "./AuthenticatedServer.ts"
import * as InProcess from "./InProcess.ts"

const ml = "/_plugins/_ml"
const seed = Number(process.env["DRAWBAR_SEED"] ?? Math.floor(Math.random() * 1e6))
const calls = Number(process.env["DRAWBAR_FUZZ"] ?? 2_000)
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

interface Call {
  readonly connector: number
  readonly way: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly body: object
}

/** What an upstream received of a call, and the response to the caller. */
interface Outcome {
  readonly seen: ReadonlyArray<{ readonly by: string; readonly host: string; readonly holdsKey: boolean }>
  readonly told: string
}

type Subject = (call: Call) => Promise<Outcome>

const someCall = (): Call => {
  const parameters: Record<string, unknown> = Object.create(null)
  for (let more = 0; more < 1 + Math.floor(random() * 4); more++) {
    const value = one(hostile)
    parameters[one(names)] = one([value, value, value, [value], { [evil]: value }, 7, null, true])
  }
  const own = { parameters }
  return {
    connector: Math.floor(random() * connectors.length),
    way: one(["_predict", "_predict", "_predict/stream", "_render"]),
    parameters,
    body: one([own, own, { ...own, url: `https://${evil}/`, headers: { host: evil } }]),
  }
}

/** The first violation. */
const complaint = async (subject: Subject, times: number): Promise<string | undefined> => {
  for (let n = 0; n < times; n++) {
    const call = someCall()
    const { seen, told: reported } = await subject(call)
    const sight = seen.find(({ by, host }) => by !== own || host !== own)
    if (sight !== undefined) return `${JSON.stringify(call)} reached ${sight.by} as ${sight.host}`
    if (reported.includes(secret)) return `${JSON.stringify(call)} returned the key`
  }
  return undefined
}

const sightOf =
  (by: string) =>
  ({ headers }: Received): Outcome["seen"][number] => ({
    by,
    host: headers.flatMap(([name, value]) => (/^host$/i.test(name) ? [value] : [])).join(),
    holdsKey: headers.some(([name, value]) => /authorization/i.test(name) && /sk-bound|AKIDEXAMPLE/.test(value)),
  })

// Faulty renderers that insert a caller's text where it has an effect: the URL parser evaluates their result, and
// nothing is sent.
const text = (call: Call, name: string): string | undefined => {
  const value = call.parameters[name]
  return typeof value === "string" ? value : undefined
}
const sending =
  (urlOf: (call: Call) => string | undefined, host?: (call: Call) => string | undefined): Subject =>
  async (call) => {
    const by = URL.parse(urlOf(call) ?? `https://${own}/`)?.hostname ?? own
    return { seen: [{ by, host: host?.(call) ?? by, holdsKey: true }], told: "" }
  }
const where =
  (name: string, make: (value: string) => string) =>
  (call: Call): string | undefined => {
    const value = text(call, name)
    return value === undefined ? undefined : make(value)
  }

describe(`a credential (DRAWBAR_SEED=${seed})`, () => {
  it(`reaches only its own upstream, in ${calls} calls`, async () => {
    const bound = await StubPlatform.start({ handler: () => Answer.json({ a: 1 }), tls: [own] })
    const canary = await StubPlatform.start({ handler: () => Answer.json({ a: 1 }), tls: [evil] })
    const server = await InProcess.listen({
      connectTo: { [`${own}:443`]: `127.0.0.1:${bound.port}`, [`${evil}:443`]: `127.0.0.1:${canary.port}` },
      certificateAuthorities: [bound.ca, canary.ca],
      // The trusted list allows both: only the connector binds the key.
      settings: { "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://.*$"] },
    })
    const { url } = server
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
    let withKey = 0
    const served: Subject = async ({ connector, way, body }) => {
      const [atHome, away] = [bound.requests.length, canary.requests.length]
      const { text, status } = await ask(url, undefined, "POST", `${ml}/models/${models[connector]}/${way}`, body)
      assert.isBelow(status, 600)
      const seen = [
        ...bound.requests.slice(atHome).map(sightOf(own)),
        ...canary.requests.slice(away).map(sightOf(evil)),
      ]
      withKey += seen.filter(({ holdsKey }) => holdsKey).length
      return { seen, told: text }
    }
    assert.isUndefined(await complaint(served, calls))
    assert.isAbove(withKey, calls / 100)
    await server[Symbol.asyncDispose]()
    await bound.close()
    await canary.close()
  }, 120_000)

  it.each<[string, Subject]>([
    ["a host", sending(where("host", (host) => `https://${host}/v1`))],
    ["an endpoint with a path behind it", sending(where("endpoint", (endpoint) => `https://${endpoint}/a/b`))],
    ["a part of a host", sending(where("host", (host) => `https://${host}.example/v1`))],
    ["a port", sending(where("port", (port) => `https://${own}:${port}/v1`))],
    ["a scheme", sending(where("scheme", (scheme) => `${scheme}://${own}/v1`))],
    ["a region in a host", sending(where("region", (region) => `https://runtime.${region}/v1`))],
    [
      "a path, resolved against the origin",
      sending(where("path", (path) => URL.parse(path, `https://${own}/`)?.href ?? "")),
    ],
    ["a path right behind the host", sending(where("path", (path) => `https://${own}${path}`))],
    ["a URL among the parameters", sending(where("url", (url) => url))],
    ["a URL beside the parameters", sending(({ body }) => ("url" in body ? String(body.url) : undefined))],
    [
      "a header with line breaks",
      sending(
        () => undefined,
        where("header", (header) => /\r\nHost: (.*)/.exec(header)?.[1] ?? own),
      ),
    ],
    [
      "a Host header beside the parameters",
      sending(
        () => undefined,
        ({ body }) => ("headers" in body ? evil : own),
      ),
    ],
    [
      "what its own text names",
      async (call) => ({ seen: [], told: String(text(call, "x")).replace("${credential.key}", secret) }),
    ],
  ])("is detected elsewhere if a caller may set %s", async (_, faulty) =>
    assert.isDefined(await complaint(faulty, 2_000)),
  )
})
