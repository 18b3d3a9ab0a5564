/**
 * Forty secrets and forty prompts, platforms that repeat both in six spellings in every kind of answer, and everything that comes
 * out of the server: nothing of a secret comes out anywhere, and nothing of a prompt but to who sent it. By default each kind of
 * answer meets each spelling once, with secrets and prompts in turn; DRAWBAR_LEAKS=all meets all secrets.
 */
import { generateKeyPairSync } from "node:crypto"
import { createServer as createHttpServer } from "node:http"
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import type { Server } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import type { ApiError } from "@drawbar/http-api/errors/OpenSearchError"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import { ask, askPatiently } from "./AuthenticatedServer.ts"
import { finder, type Plant, prompts, secrets, spellings, word } from "./CanarySecrets.ts"
import {
  type Act,
  answer,
  breaks,
  inHeader,
  portOf,
  remember,
  says,
  start as platform,
  streaming,
  streams,
} from "./EchoingPlatform.ts"
import * as Spawned from "./Spawned.ts"

const ml = "/_plugins/_ml"
const json = JSON.stringify
const everySecret = process.env["DRAWBAR_LEAKS"] === "all"

const findSecrets: Array<Plant> = [...secrets]
const collected: Array<Buffer> = []
const answers: Array<{ readonly text: string; readonly ofPlatform: boolean; readonly kind: string }> = []

let folder = ""
let server: Spawned.Spawned
let remote: Server
/** Of its own, because an origin that gives no answers is left alone for a while. */
let mute: Server
let collector: Server
let admin = ""
let application = ""

interface Said {
  readonly status: number
  readonly text: string
  readonly json: any
}

/** A connection that was kept may be closed by the server just when it is used again. */
const asked: typeof ask = (...request) => askPatiently(...request).catch(() => askPatiently(...request))

/** `kind` says in failures what was tried; `ofPlatform`: the caller may be told what he sent, because the platform says it. */
const say = async (
  kind: string,
  method: string,
  path: string,
  body?: unknown,
  { who = admin, ofPlatform = false, headers = {} as Readonly<Record<string, string>> } = {},
): Promise<Said> => {
  const got = await asked(server.url, who, method, path, body, headers)
  answers.push({ text: got.text + json([...got.headers]), ofPlatform, kind })
  return got
}

const register = async (name: string, connector: object, more: object = {}): Promise<string> => {
  const { json: made, text } = await say(name, "POST", `${ml}/models/_register`, {
    name,
    function_name: "remote",
    connector,
    ...more,
  })
  assert.isString(made?.model_id, text)
  return made.model_id
}

/** In thirds: a connector is not made of forty keys. */
const credentialsOf = (from: number, to: number) =>
  Object.fromEntries(secrets.slice(from, to).map(({ text }, at) => [`key_${from + at}`, text]))

const quick = { connection_timeout: 1, read_timeout: 1, max_retry_times: 0 }

/** Of the third that a secret belongs to. */
const blueprint = (third: number, action: object = {}, more: object = {}) => ({
  name: "Planted",
  version: 1,
  protocol: "http",
  credential: credentialsOf(third * 14, third * 14 + 14),
  client_config: quick,
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: `http://127.0.0.1:${portOf(remote)}/say`,
      headers: { "X-Key": `Bearer \${credential.key_${[0, 21, 28][third]}}` },
      request_body: '{"q":"${parameters.q}"}',
      ...action,
    },
  ],
  ...more,
})

const thirdOf = (n: number) => Math.min(2, Math.floor(n / 14))

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "drawbar-"))
  remote = await platform()
  mute = await platform()
  collector = createHttpServer((request, response) => {
    request.on("data", (piece: Buffer) => void collected.push(piece))
    request.on("end", () => response.end("{}"))
  })
  await new Promise<void>((resume) => collector.listen(0, "127.0.0.1", resume))
  const settings = {
    "plugins.ml_commons.trusted_connector_endpoints_regex": ["^https?://127\\.0\\.0\\.1:\\d+/.*$"],
    "plugins.ml_commons.connector.private_ip_enabled": true,
    "plugins.ml_commons.model_access_control_enabled": true,
  }
  await writeFile(join(folder, "settings.json"), json(settings))
  const password = "a-password-of-Sl4npw"
  const flags = ["--data", join(folder, "data"), "--settings", join(folder, "settings.json")]
  {
    await using first = await Spawned.start(flags)
    const key = async (name: string, role: string) =>
      (await ask(first.url, undefined, "POST", `${ml}/api_keys`, { name, roles: [role] })).json.api_key as string
    admin = `Bearer ${await key("admin", "admin")}`
    application = `Bearer ${await key("app", "application")}`
    await ask(first.url, undefined, "POST", `${ml}/users`, { name: "ada", password, roles: ["developer"] })
    first.child.kill("SIGTERM")
    await first.ended
  }
  for (const held of [admin, application, password]) findSecrets.push({ text: held, word: held.slice(-24) })
  const before = join(folder, "crash.mjs")
  await writeFile(before, crashing)
  server = await Spawned.start([...flags, "--auth", "on", "--audit", join(folder, "audit.log"), "--log", "on"], {
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${portOf(collector)}`,
      OTEL_BSP_SCHEDULE_DELAY: "500",
      OTEL_METRIC_EXPORT_INTERVAL: "500",
    },
    node: ["--import", before],
  })
  await asked(server.url, `Basic ${btoa(`ada:${password}`)}`, "GET", `${ml}/stats`)
}, 60_000)
afterAll(async () => {
  await server[Symbol.asyncDispose]()
  for (const one of [remote, mute, collector]) one.close()
  await rm(folder, { recursive: true })
})

/** A defect of the server's own, which quotes what it worked on, where a text says so; and one outside of any request. */
const crashing = `
  const { trim } = String.prototype
  String.prototype.trim = function () {
    if (this.includes("a defect, please")) throw Object.assign(new TypeError("Cannot trim " + this), { input: String(this) })
    return trim.call(this)
  }
  process.on("SIGUSR2", () => setTimeout(() => {
    const text = ${json(`${secrets[1]?.text}\n    at ${prompts[1]?.text} (file:///a.ts:1:1)\n`)}
    throw Object.assign(new SyntaxError("Unexpected token in " + text), { input: text })
  }))
`

interface Met {
  readonly said: string
  readonly secret: string
  readonly prompt: string
  readonly third: number
  readonly spelled: (text: string) => string
}

/** Meets a reason; answers the statuses that were seen. */
type Meet = (met: Met) => Promise<number>

const models = new Map<string, Promise<string>>()
const modelOf = (key: string, make: () => Promise<string>): Promise<string> => {
  const found = models.get(key) ?? make()
  models.set(key, found)
  return found
}

/** A predict whose platform does this. */
const platformDoes =
  (act: Act, name = "plain", action: object = {}, more: object = {}, registered: object = {}): Meet =>
  async ({ said, prompt, third }) => {
    const id = remember({ said, act })
    const model = await modelOf(`${name} ${third}`, () => register(name, blueprint(third, action, more), registered))
    const parameters = { q: `${prompt} #case#${id}` }
    const path = `${ml}/models/${model}/_predict`
    return (await say(name, "POST", path, { parameters }, { ofPlatform: true })).status
  }

/** A platform that breaks the connection in place of an answer, or says nothing. */
const breaksOff =
  (act: Act): Meet =>
  (met) =>
    platformDoes(act, "mute", { url: `http://127.0.0.1:${portOf(mute)}/say` })(met)

/** A predict that fails before any platform is asked, so that nobody repeats the prompt. */
const callerSends =
  (
    parameters: (met: Met) => unknown,
    name = "plain",
    action: object = {},
    more: object = {},
    registered: object = {},
  ): Meet =>
  async (met) => {
    const model = await modelOf(`${name} ${met.third}`, () =>
      register(name, blueprint(met.third, action, more), registered),
    )
    return (await say(name, "POST", `${ml}/models/${model}/_predict`, { parameters: parameters(met) })).status
  }

const creates =
  (change: (met: Met) => object): Meet =>
  async (met) => {
    const document = { ...blueprint(met.third), ...change(met) }
    return (await say("create", "POST", `${ml}/connectors/_create`, document)).status
  }

const urlIs = (url: (met: Met) => string) =>
  creates((met) => ({ actions: [{ ...blueprint(0).actions[0], url: url(met) }] }))

const requests =
  (method: string, path: (met: Met) => string, body?: (met: Met) => unknown, who?: () => string, headers = {}): Meet =>
  async (met) => {
    const options = { ...(who === undefined ? {} : { who: who() }), headers }
    return (await say(`${method} ${path(met)}`, method, path(met), body?.(met), options)).status
  }

const embedding = {
  request_body: '{"all": ${parameters.texts}}',
  pre_process_function: "connector.pre_process.cohere.embedding",
}

const typed =
  (algorithm: string, input: (prompt: string) => object, action: object = embedding): Meet =>
  async ({ said, prompt, third }) => {
    const id = remember({ said, act: says((it) => answer(json({ message: it }), 500)) })
    const key = `typed ${third} ${json(action)}`
    const model = await modelOf(key, () => register("typed", blueprint(third, action)))
    const path = `${ml}/_predict/${algorithm}/${model}`
    const ofPlatform = action === embedding
    return (await say(algorithm, "POST", path, input(`${prompt} #case#${id}`), { ofPlatform })).status
  }

const elsewhere = (why: string) => why

/** What is asked for an access token, at a path of its own. */
const issuer = (act: Act, said = "") => `http://127.0.0.1:${portOf(remote)}/case/${remember({ said, act })}`

const asking =
  (kind: string, connector: (met: Met) => object, ofPlatform = false): Meet =>
  async (met) => {
    const model = await register(kind, { ...blueprint(met.third), ...connector(met) })
    const id = remember({ said: met.said, act: says((it) => answer(json({ error: it }), 401)) })
    const parameters = { q: `${met.prompt} #case#${id}` }
    return (await say(kind, "POST", `${ml}/models/${model}/_predict`, { parameters }, { ofPlatform })).status
  }

const client = { client_id: "the-client" }

/** What no platform has been told yet is planted as well. */
const plant = (n: number): Plant => {
  const planted = { word: word("S", n), text: `${word("S", n)}.token+/=` }
  if (!findSecrets.some((one) => one.word === planted.word)) findSecrets.push(planted)
  return planted
}

const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
const keyFile = (token_uri: string) => {
  const private_key = String(privateKey.export({ type: "pkcs8", format: "pem" }))
  findSecrets.push({ text: private_key, word: private_key.slice(100, 140) })
  return json({ client_email: "a@b.example", private_key, token_uri })
}

const repeatsAssertion: Act = (socket, _said, asked) => {
  const assertion = decodeURIComponent(/assertion=([^&]+)/.exec(asked)?.[1] ?? "")
  findSecrets.push({ text: assertion, word: assertion.slice(-40) })
  socket.write(answer(json({ error: "invalid_grant", error_description: `not good: ${assertion}` }), 400))
}

/** Secrets that are fetched, or sign, on their way. */
const fetched: Readonly<Record<string, Meet>> = {
  "an issuer that repeats a client's secret": asking("client", ({ secret, spelled: spelledAs }) => {
    const url = issuer(
      says((it) => answer(json({ error: "invalid_client", error_description: it }), 401)),
      spelledAs(secret),
    )
    return {
      parameters: { oauth2_token_url: url },
      credential: { ...client, client_secret: secret, key_0: "x", key_21: "x", key_28: "x" },
    }
  }),
  "an issuer that repeats an assertion": asking("google", () => ({
    credential: { google_service_account: keyFile(issuer(repeatsAssertion)), key_0: "x", key_21: "x", key_28: "x" },
  })),
  "a platform that repeats a token that was fetched": async (met) => {
    const { text } = plant(45)
    const url = issuer(says(() => answer(json({ access_token: text, expires_in: 3_600 }))))
    const credential = { ...client, client_secret: "the-secret", key_0: "x", key_21: "x", key_28: "x" }
    const connector = () => ({ parameters: { oauth2_token_url: url }, credential })
    return asking("token", connector, true)({ ...met, said: met.spelled(text) })
  },
  "a platform that repeats what signs": async (met) => {
    const [access_key, secret_key, session_token] = [46, 47, 48].map((n) => plant(n).text)
    const connector = () => ({
      protocol: "aws_sigv4",
      parameters: { region: "us-east-1", service_name: "bedrock" },
      credential: { access_key, secret_key, session_token, key_0: "x", key_21: "x", key_28: "x" },
    })
    const said = [access_key, secret_key, session_token].map((text = "") => met.spelled(text)).join(" and ")
    return asking("signed", connector, true)({ ...met, said })
  },
}

type Tag = ApiError["reason"]["_tag"]

const reasons: Record<Tag, Readonly<Record<string, Meet>> | string> = {
  UpstreamError: {
    "a refusal": platformDoes(says((it) => answer(json({ error: `bad key ${it}` }), 401))),
    "a failure in words": platformDoes(says((it) => answer(`stack: ${it}`, 500, { "content-type": "text/plain" }))),
    "a page": platformDoes(says((it) => answer(`<html>${it}</html>`, 502, { "content-type": "text/html" }))),
    "a redirect": platformDoes(says((it) => answer("", 302, { location: inHeader(it) }))),
    "a throttling": platformDoes(says((it) => answer(json({ message: it }), 429, { "retry-after": inHeader(it) }))),
    "its request's id": platformDoes(says((it) => answer("{}", 500, { "x-request-id": inHeader(it) }))),
    "its error's type": platformDoes(
      says((it) =>
        answer("", 400, { "x-amzn-errortype": `ThrottlingException:${inHeader(it)}`, "cf-ray": inHeader(it) }),
      ),
    ),
    "of a typed input": typed("text_embedding", (text) => ({ text_docs: [text, "b"] })),
    "in a nested JSON": platformDoes(says((it) => answer(json({ error: json({ inner: json({ it }) }) }), 500))),
    "in UTF-16": platformDoes(
      says((it) =>
        answer(Buffer.from(json({ it }), "utf16le"), 500, { "content-type": "text/plain; charset=utf-16le" }),
      ),
    ),
  },
  InvalidUpstreamResponse: {
    "half of a JSON": platformDoes(says((it) => answer(`{"a":"${it}`))),
    "a page as success": platformDoes(says((it) => answer(`<html>${it}</html>`, 200, { "content-type": "text/html" }))),
    "a filter that finds nothing": platformDoes(
      says((it) => answer(json({ it }))),
      "filtered",
      {},
      { parameters: { response_filter: "$.nothing.there" } },
    ),
    "a script that fails": platformDoes(
      says((it) => answer(json({ it }))),
      "script",
      { post_process_function: "return Integer.parseInt(params.it).toString();" },
    ),
    "a processor that finds nothing": platformDoes(
      says((it) => answer(json({ it }))),
      "processor",
      { post_process_function: "connector.post_process.openai.embedding" },
    ),
  },
  GuardrailTriggered: {
    input: callerSends(
      ({ prompt }) => ({ q: prompt }),
      "guarded",
      {},
      {},
      {
        guardrails: { type: "local_regex", input_guardrail: { regex: [".*l4n.*"] } },
      },
    ),
  },
  OutputSchemaViolation: {
    "an answer of another form": platformDoes(
      says((it) => answer(json({ it }))),
      "out",
      {},
      {},
      {
        interface: {
          output: json({ properties: { inference_results: { items: { properties: { status_code: { const: 7 } } } } } }),
        },
      },
    ),
  },
  InputSchemaViolation: {
    "an input of another form": callerSends(
      ({ prompt }) => ({ q: prompt }),
      "in",
      {},
      {},
      {
        interface: {
          input: json({ properties: { parameters: { properties: { q: { enum: ["a"], maxLength: 2 } } } } }),
        },
      },
    ),
  },
  ConnectionReset: { "no word": breaksOff((socket) => void socket.resetAndDestroy()) },
  BodyIncomplete: {
    "a body that breaks off": breaksOff(breaks((it) => answer(it, 200, { "content-length": it.length * 10 + 9 }))),
  },
  ResponseTooLarge: {
    "headers without end": breaksOff(
      breaks((it) => `HTTP/1.1 200 OK\r\n${`x-said: ${inHeader(it)}\r\n`.repeat(4_000)}\r\n`),
    ),
  },
  UnsupportedContentEncoding: {
    "a coding nobody knows": platformDoes(says((it) => answer("x", 200, { "content-encoding": inHeader(it) }))),
  },
  ProtocolError: { "no HTTP": breaksOff(breaks((it) => `${it}\r\n\r\n`)) },
  HeadersTimeout: { silence: breaksOff(() => {}) },
  IdleTimeout: {
    "silence within": breaksOff(says((it) => answer(it, 200, { "content-length": it.length * 10 + 9 }))),
  },
  TimedOut: {
    "a caller in haste": async ({ prompt, third }) => {
      const model = await modelOf(`plain ${third}`, () => register("plain", blueprint(third)))
      const id = remember({ said: "", act: () => {} })
      const body = { parameters: { q: `${prompt} #case#${id}` } }
      return (await say("haste", "POST", `${ml}/models/${model}/_predict?timeout=50ms`, body)).status
    },
  },
  MissingParameters: { "none sent": callerSends(({ prompt }) => ({ other: prompt })) },
  NotRendered: {
    "a text for a JSON value": callerSends(({ prompt }) => ({ q: `{${prompt}` }), "whole", {
      request_body: '{"q":${parameters.q}}',
    }),
    "a header that cannot be": callerSends(({ prompt }) => ({ q: `${prompt}\n` }), "header", {
      headers: { "X-Asked": "${parameters.q}" },
    }),
  },
  InvalidInput: {
    "a filter that is none": callerSends(({ prompt }) => ({ q: prompt, response_filter: "$[" })),
    "a chain that is none": callerSends(({ prompt }) => ({ q: prompt, output_processors: [{ type: "none" }] })),
    "no action of that kind": typed("question_answering", (text) => ({ question: text, context: text })),
    "a script that fails": typed("text_embedding", (text) => ({ text_docs: [text] }), {
      pre_process_function: "return Integer.parseInt(params.text_docs[0]).toString();",
    }),
  },
  InvalidConnector: {
    "an unknown function": creates(() => ({
      actions: [{ ...blueprint(0).actions[0], post_process_function: "connector.post_process.none" }],
    })),
    "a template in the wrong place": creates(() => ({
      actions: [{ ...blueprint(0).actions[0], request_body: '{"q":"${credential.key_0}"}' }],
    })),
    "mutual TLS with a key that is none": creates(({ secret }) => ({
      client_config: { mutual_tls_enabled: true },
      credential: { client_cert_pem: secret, client_key_pem: secret },
    })),
  },
  RequestSigningFailed: {
    ...fetched,
    "keys that cannot sign": async ({ prompt, secret }) => {
      const connector = {
        ...blueprint(0, { headers: { "content-type": "application/json" } }),
        protocol: "aws_sigv4",
        parameters: { region: "us-east-1", service_name: "bedrock" },
        credential: { access_key: secret, secret_key: `${secret}\n`, session_token: "é" },
      }
      const model = await register("signed", connector).catch(() => undefined)
      if (model === undefined) return 400
      return (await say("signed", "POST", `${ml}/models/${model}/_predict`, { parameters: { q: prompt } })).status
    },
  },
  UnsupportedScheme: { "another scheme": urlIs(({ secret }) => `gopher://127.0.0.1/?${encodeURIComponent(secret)}`) },
  BlockedPort: { "another protocol's port": urlIs(() => "http://127.0.0.1:25/say") },
  UserInfoInUrl: {
    "a password in a URL": urlIs(({ secret }) => `http://u:${encodeURIComponent(secret)}@127.0.0.1:9/say`),
  },
  NotTrusted: {
    "a key in a URL": urlIs(({ secret }) => `https://untrusted.example/say?key=${encodeURIComponent(secret)}`),
  },
  VerificationRequired: { "no verification": creates(() => ({ client_config: { skip_ssl_verification: true } })) },
  ConnectFailed: {
    "nobody listens": callerSends(({ prompt }) => ({ q: prompt }), "gone", { url: "http://127.0.0.1:64999/say" }),
  },
  TlsFailed: {
    "no TLS": (met) =>
      callerSends(({ prompt }) => ({ q: prompt }), "tls", { url: `https://127.0.0.1:${portOf(collector)}/say` })(met),
  },
  ConnectTimeout: {
    "TLS with who says nothing": (met) =>
      callerSends(({ prompt }) => ({ q: prompt }), "late", { url: `https://127.0.0.1:${portOf(mute)}/say` })(met),
  },
  InvalidField: {
    "a secret in the wrong place": creates(({ secret }) => ({ protocol: secret })),
    "a credential that is none": creates(({ secret }) => ({ credential: { key: [secret] } })),
    "a prompt that is none": requests(
      "POST",
      () => `${ml}/models/some/_predict`,
      ({ prompt }) => ({ parameters: prompt }),
    ),
  },
  UnsafeText: { "a name that is none": creates(() => ({ name: "<script>" })) },
  InvalidJson: {
    "a JSON that breaks off": async ({ prompt, secret }) => {
      const response = await fetch(`${server.url}${ml}/models/some/_predict`, {
        method: "POST",
        headers: { authorization: admin, "content-type": "application/json" },
        body: `{"parameters":{"q":${json(prompt)},"k":${json(secret)}`,
      })
      answers.push({ text: await response.text(), ofPlatform: false, kind: "half a body" })
      return response.status
    },
  },
  BodyMissing: { "no body": requests("POST", () => `${ml}/models/some/_predict`) },
  BodyTooLarge: elsewhere("Wire.test.ts; its message is a number"),
  RequestAborted: elsewhere("nobody is there to be told"),
  NotAcceptable: {
    "another type": requests(
      "POST",
      () => `${ml}/models/some/_predict`,
      ({ prompt }) => ({ prompt }),
      undefined,
      { "content-type": "text/plain" },
    ),
  },
  BadParameter: {
    "a parameter nobody knows": requests(
      "POST",
      () => `${ml}/models/some/_predict?nothing=1`,
      ({ prompt }) => ({ parameters: { q: prompt } }),
    ),
  },
  RouteNotFound: {
    "no such path": requests(
      "POST",
      () => `${ml}/nothing/here`,
      ({ prompt, secret }) => ({ prompt, secret }),
    ),
  },
  MethodNotAllowed: {
    "another method": requests(
      "DELETE",
      () => `${ml}/stats`,
      ({ prompt }) => ({ prompt }),
    ),
  },
  OriginForbidden: {
    "a page": requests(
      "POST",
      () => `${ml}/models/some/_predict`,
      ({ prompt }) => ({ prompt }),
      undefined,
      {
        origin: "https://evil.example",
      },
    ),
  },
  EndpointNotSupported: {
    "an agent": requests(
      "POST",
      () => `${ml}/agents/_register`,
      ({ prompt }) => ({ prompt }),
    ),
  },
  NotImplemented: {
    "a batch": requests(
      "POST",
      () => `${ml}/models/some/_batch_predict`,
      ({ prompt }) => ({ prompt }),
    ),
  },
  UnknownBlueprint: { "an unknown one": requests("GET", () => `${ml}/blueprints/unknown`) },
  Unauthenticated: {
    "a wrong key": requests(
      "POST",
      () => `${ml}/models/some/_predict`,
      ({ prompt }) => ({ parameters: { q: prompt } }),
      () => `Bearer dbk_0_${secrets[0]?.word}`,
    ),
    "a token that is none": requests(
      "POST",
      () => `${ml}/models/some/_predict`,
      ({ prompt }) => ({ parameters: { q: prompt } }),
      () => `Bearer ${secrets[3]?.word}.${secrets[3]?.word}.x`,
    ),
    "a wrong password": async ({ secret, prompt }) => {
      const who = `Basic ${Buffer.from(`nobody:${secret}`).toString("base64")}`
      return (await say("password", "POST", `${ml}/models/some/_predict`, { q: prompt }, { who })).status
    },
  },
  NotReady: elsewhere("SqliteFile.test.ts; its sentence is fixed"),
  RoleForbidden: {
    "an application": requests(
      "POST",
      () => `${ml}/connectors/_create`,
      ({ secret }) => ({ secret }),
      () => application,
    ),
  },
  NotFound: {
    "no such model": requests(
      "POST",
      () => `${ml}/models/none/_predict`,
      ({ prompt }) => ({ parameters: { q: prompt } }),
    ),
  },
  AlreadyExists: {
    "a name that is taken": requests(
      "POST",
      () => `${ml}/users`,
      ({ secret }) => ({
        name: "ada",
        password: `${secret}-long-enough`,
        roles: ["reader"],
      }),
    ),
  },
  InvalidState: {
    "both a connector and its id": requests(
      "POST",
      () => `${ml}/models/_register`,
      ({ third }) => ({
        name: "both",
        function_name: "remote",
        connector_id: "a",
        connector: blueprint(third),
      }),
    ),
  },
  RecordAccessDenied: elsewhere("AccessModes.test.ts; its sentences are fixed"),
  LoginThrottled: elsewhere("Guesses.test.ts; it names a time"),
  ModelAccessDenied: elsewhere("AccessModes.test.ts; its sentences are fixed"),
  QuotaExceeded: elsewhere("AccessModes.test.ts; its sentences are fixed"),
  InUse: elsewhere("Refusals.test.ts; it names ids"),
  Busy: elsewhere("it names ids"),
  VersionConflict: elsewhere("it names ids"),
  NothingToUpdate: {
    nothing: requests(
      "PUT",
      () => "/_cluster/settings",
      () => ({}),
    ),
  },
  InvalidSearchQuery: {
    "an unknown clause": requests(
      "POST",
      () => `${ml}/models/_search`,
      () => ({ query: { unknown: {} } }),
    ),
  },
  DecryptionFailed: elsewhere("Sealed.test.ts; it names ids"),
  KeyRingUnusable: elsewhere("KeyRingFile.test.ts"),
  StorageFailed: elsewhere("SqliteFile.test.ts; statements have their values apart"),
  ModelDisabled: {
    "switched off": async ({ prompt, third }) => {
      const model = await modelOf(`off ${third}`, async () => {
        const id = await register("off", blueprint(third))
        await say("off", "PUT", `${ml}/models/${id}`, { is_enabled: false })
        return id
      })
      return (await say("off", "POST", `${ml}/models/${model}/_predict`, { parameters: { q: prompt } })).status
    },
  },
  NotDeployed: {
    "not deployed": callerSends(
      ({ prompt }) => ({ q: prompt }),
      "undeployed",
      {},
      {},
      {
        deploy_setting: { is_auto_deploy_enabled: false },
      },
    ),
  },
  RemoteInferenceDisabled: elsewhere("a setting of the whole server; a fixed sentence"),
  StreamingDisabled: elsewhere("a setting of the whole server; a fixed sentence"),
  RateLimited: {
    "too often": callerSends(
      ({ prompt }) => ({ q: prompt }),
      "slow",
      {},
      {},
      { rate_limiter: { limit: "0", unit: "DAYS" } },
    ),
  },
  Overloaded: elsewhere("a fixed sentence"),
  RequestTimedOut: elsewhere("Wire.test.ts; its message is a number"),
  ShuttingDown: elsewhere("a fixed sentence"),
  DeadlineExceeded: elsewhere("Chaos.test.ts; it names an origin"),
  ProxyRefused: elsewhere("Doors.test.ts, with the proxy's own password"),
  PoolExhausted: elsewhere("Resilience.test.ts; it names an origin"),
  PoolClosed: elsewhere("it names an origin"),
  CircuitOpen: elsewhere("Resilience.test.ts; it names an origin"),
  DnsLookupFailed: elsewhere("Egress.test.ts; it names a host"),
  PrivateAddress: elsewhere("Egress.test.ts; it names an address"),
  RestrictedAddress: elsewhere("Egress.test.ts; it names an address"),
  OriginMismatch: elsewhere("EgressTargets.test.ts; it names origins"),
  InvalidOutboundRequest: elsewhere("EgressTargets.test.ts; it names no value"),
}

/** What is no failure: an answer goes out as well. */
const successes: Readonly<Record<string, Meet>> = {
  "a success": platformDoes(says((it) => answer(json({ it })))),
  "words as success": platformDoes(says((it) => answer(it, 200, { "content-type": "text/plain" }))),
  "a success in tensors": platformDoes(
    says((it) => answer(json({ embeddings: [[1]], said: it }))),
    "tensors",
    { post_process_function: "connector.post_process.cohere.embedding" },
  ),
  "a defect of the server's own": platformDoes(says((it) => answer(`{"it":${json(`${it} a defect, please`)}}`))),
  "a trial": async ({ said, prompt, third }) => {
    const id = remember({ said, act: says((it) => answer(json({ it }), 400)) })
    const made = await say("trial", "POST", `${ml}/connectors/_create`, blueprint(third))
    const path = `${ml}/connectors/${made.json.connector_id}/_test`
    return (await say("trial", "POST", path, { parameters: { q: `${prompt} #case#${id}` } }, { ofPlatform: true }))
      .status
  },
}

const kinds: ReadonlyArray<readonly [string, Meet]> = [
  ...Object.entries(successes),
  ...Object.entries(reasons).flatMap(([tag, meets]) =>
    typeof meets === "string" ? [] : Object.entries(meets).map(([name, meet]) => [`${tag}: ${name}`, meet] as const),
  ),
]

const spelled = Object.entries(spellings)

const metBy = (n: number, spell: (text: string, n: number) => string): Met => {
  const secret = secrets[n % secrets.length]?.text ?? ""
  const prompt = prompts[(n * 7) % prompts.length]?.text ?? ""
  const spelledAs = (text: string) => spell(text, n)
  const said = `${spelledAs(secret)} and ${spelledAs(prompt)}`
  return { said, secret, prompt, third: thirdOf(n % secrets.length), spelled: spelledAs }
}

/** So many at once. */
const inLanes = async <A>(all: ReadonlyArray<A>, lanes: number, run: (one: A) => Promise<void>) => {
  const waiting = [...all]
  const lane = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await run(next)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}

describe("a platform that repeats what it was sent", () => {
  it(
    "is met in every kind of answer and spelling",
    async () => {
      const seen = new Map<string, Set<number>>()
      const every = kinds.flatMap(([name, meet], kind) =>
        spelled.flatMap(([, spell], spelling) =>
          Array.from({ length: everySecret ? secrets.length : 1 }, (_, n) => ({
            name,
            meet,
            met: metBy(everySecret ? n : kind * spelled.length + spelling, spell),
          })),
        ),
      )
      await inLanes(every, 24, async ({ name, meet, met }) => {
        const status = await meet(met)
        seen.set(name, (seen.get(name) ?? new Set()).add(status))
      })
      // Each secret in each spelling, where a platform would repeat it.
      const refusal = platformDoes(says((it) => answer(json({ error: it }), 401)))
      const pairs = secrets.flatMap((_, n) => spelled.map(([, spell]) => metBy(n, spell)))
      await inLanes(pairs, 24, async (met) => void assert.strictEqual(await refusal(met), 401))
      // What is no success above has to have failed, or the table meets nothing.
      for (const [name, statuses] of seen)
        if (!(name in successes)) assert.isFalse(statuses.has(200), `${name}: ${[...statuses].join()}`)
        else assert.isFalse(statuses.has(404), name)
    },
    everySecret ? 1_200_000 : 120_000,
  )
})

describe("a stream that repeats a key", () => {
  it(
    "does not give it away in pieces either",
    async () => {
      const every = Object.entries(streams).flatMap(([name, streamed], row) =>
        spelled.flatMap(([spelling, spell], column) =>
          Array.from({ length: everySecret ? secrets.length : 2 }, (_, n) => {
            const met = metBy(everySecret ? n : row * 12 + column * 2 + n, spell)
            return { name, streamed, spelling, size: [1, 3, 7, 1_000][(row + column + n) % 4] ?? 1, met }
          }),
        ),
      )
      await inLanes(every, 16, async ({ name, streamed, spelling, size, met }) => {
        const id = remember({ said: met.said, act: streaming(streamed, size) })
        const url = `http://127.0.0.1:${portOf(remote)}${streamed.url}`
        const model = await modelOf(`${streamed.url} ${met.third}`, () =>
          register(name, blueprint(met.third, { url }, { parameters: streamed.parameters ?? {} })),
        )
        const path = `${ml}/models/${model}/_predict/stream`
        const kind = `${name}, ${spelling}, by ${size}`
        const got = await say(
          kind,
          "POST",
          path,
          { parameters: { q: `${met.prompt} #case#${id}` } },
          { ofPlatform: true },
        )
        // What the pieces say together is looked at too.
        const said = [...got.text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data ?? "{}"))
        const output = said.map((one) => one.inference_results?.[0]?.output[0].dataAsMap ?? one)
        const content = output.map((one) => one.content ?? "").join("")
        const tools = output.map(({ tool_calls }) => {
          const [call] = Array.isArray(tool_calls) ? tool_calls : [tool_calls]
          return call?.function?.arguments ?? call?.delta?.partial_json ?? ""
        })
        answers.push({ text: `${content}\n${tools.join("")}`, ofPlatform: true, kind })
        // The prompt is whole: what waited came out in the end.
        if (size !== 1_000 && got.status === 200 && spelling === "plain" && !/error|JSON/.test(name))
          assert.include(`${content}${tools.join("")}`, met.prompt, kind)
      })
    },
    everySecret ? 600_000 : 30_000,
  )
})

type Sinks = Readonly<Record<string, ReadonlyArray<string | Buffer>>>

const filesIn = async (path: string): Promise<ReadonlyArray<Buffer>> => {
  const files = (await readdir(path, { withFileTypes: true, recursive: true })).filter((one) => one.isFile())
  return Promise.all(files.map(({ parentPath, name }) => readFile(join(parentPath, name))))
}

const sinks = async (): Promise<Sinks> => {
  const metrics = (await asked(server.url, admin, "GET", "/metrics")).text
  const stats = (await asked(server.url, admin, "GET", `${ml}/stats`)).text
  const query = { query: { match_all: {} }, size: 10_000 }
  const searched = ["connectors", "models", "tasks"].map((of) =>
    asked(server.url, admin, "POST", `${ml}/${of}/_search`, query),
  )
  const data = await readdir(join(folder, "data"))
  assert.isTrue(
    data.some((name) => name.endsWith("-wal")),
    data.join(),
  )
  return {
    log: [server.said()],
    audit: [await readFile(join(folder, "audit.log"))],
    metrics: [metrics, stats],
    records: (await Promise.all(searched)).map(({ text }) => text),
    "database, write-ahead log and key ring": await filesIn(join(folder, "data")),
    traces: collected,
  }
}

const find = () => finder(findSecrets)

/** Not among those that are looked for. */
const leakOf = (n: number): Plant => ({ word: word("S", 80 + n), text: `leak-${word("S", 80 + n)}` })
const spell = (n: number) => spelled[n % spelled.length]?.[1](leakOf(n).text, n) ?? ""

describe("what comes out", () => {
  const findPrompts = finder(prompts)

  const check = async () => {
    for (const [name, texts] of Object.entries(await sinks()))
      for (const text of texts) {
        assert.isAbove(text.length, 0, name)
        assert.deepStrictEqual(find()(text), [], `a secret in ${name}`)
        assert.deepStrictEqual(findPrompts(text), [], `a prompt in ${name}`)
      }
  }

  it("has no secret in an answer, and no prompt in one that is not the platform's own", () => {
    const search = find()
    for (const { text, ofPlatform, kind } of answers) {
      assert.deepStrictEqual(search(text), [], `${kind}: ${text.slice(0, 2_000)}`)
      if (!ofPlatform) assert.deepStrictEqual(findPrompts(text), [], `${kind}: ${text.slice(0, 2_000)}`)
    }
    assert.isAbove(answers.length, 500)
  })

  it("has neither in a log, the audit, metrics, records, files or traces", async () => {
    await asked(server.url, admin, "GET", "/", undefined, { "x-request-id": leakOf(7).text })
    await new Promise((resume) => setTimeout(resume, 2_300))
    await check()
    assert.include(server.said(), "TypeError\n    at ")
    assert.include(Buffer.concat(collected).toString(), "resourceSpans")
  })

  it("ten leaks that are planted are found, each where it is and as it is spelled", async () => {
    const model = await register("leaking", blueprint(0, {}, { parameters: { note: spell(0) } }), {
      description: spell(1),
    })
    const leaks: Readonly<Record<string, () => Promise<string | Buffer | ReadonlyArray<string | Buffer>>>> = {
      "an answer, in plain": async () => (await asked(server.url, admin, "GET", `${ml}/models/${model}`)).text,
      "the records, in JSON": async () => (await sinks())["records"] ?? [],
      "the database, throughout": async () => {
        await register("leaking", blueprint(0, {}, { parameters: { note: spell(2) } }))
        return (await sinks())["database, write-ahead log and key ring"] ?? []
      },
      "the write-ahead log, percent-encoded": async () => {
        await register("leaking", blueprint(0, {}, { parameters: { note: spell(3) } }))
        return readFile(join(folder, "data", "drawbar.db-wal"))
      },
      "a header": async () => {
        const got = await asked(server.url, admin, "GET", "/", undefined, { "x-opaque-id": leakOf(4).text })
        return json([...got.headers])
      },
      "the log": async () => {
        await asked(server.url, admin, "GET", `${ml}/models/${spell(5)}`)
        await new Promise((resume) => setTimeout(resume, 200))
        return server.said()
      },
      "the audit": async () => {
        await asked(server.url, admin, "DELETE", `${ml}/models/${encodeURIComponent(leakOf(6).text)}`)
        return readFile(join(folder, "audit.log"))
      },
      // It was asked for above, because spans are sent now and then.
      "a trace": async () => Buffer.concat(collected),
      "a metric": async () => {
        await say("metric", "POST", `${ml}/models/_register`, {
          name: "counted",
          function_name: "remote",
          connector: blueprint(0),
          model_id: leakOf(8).text,
        })
        await asked(server.url, admin, "POST", `${ml}/models/${leakOf(8).text}/_predict`, {
          parameters: { q: "#case#0" },
        })
        return (await asked(server.url, admin, "GET", "/metrics")).text
      },
      "a stream, in pieces": async () => {
        const id = remember({ said: spell(9), act: streaming(streams["OpenAI's deltas"]!, 3) })
        const chat = await models.get("/v1/chat/completions 0")
        const path = `${ml}/models/${chat}/_predict/stream`
        const got = await asked(server.url, admin, "POST", path, { parameters: { q: `#case#${id}` } })
        return [...got.text.matchAll(/"content":"([^"]*)"/g)].map(([, part]) => part).join("")
      },
    }
    for (const [n, [name, leak]] of Object.entries(leaks).entries()) {
      const where = await leak()
      const texts = typeof where === "string" || Buffer.isBuffer(where) ? [where] : where
      const found = texts.flatMap((text) => finder([leakOf(n)])(text))
      assert.isAbove(found.length, 0, name)
    }
  }, 20_000)

  it("has neither where the process crashes", async () => {
    server.child.kill("SIGUSR2")
    assert.strictEqual(await server.ended, 1)
    assert.include(server.said(), "Drawbar crashed: SyntaxError\n    at ")
    assert.deepStrictEqual(find()(server.said()), [])
    assert.deepStrictEqual(findPrompts(server.said()), [])
  })
})
