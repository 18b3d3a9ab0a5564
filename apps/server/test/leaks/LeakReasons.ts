import type { ApiError } from "@drawbar/http-api/errors/OpenSearchError"
import { secrets } from "../CanarySecrets.ts"
import { answer, breaks, inHeader, portOf, remember, responseThat } from "../EchoingPlatform.ts"
import {
  json,
  register,
  blueprint,
  say,
  ml,
  collector,
  mute,
  server,
  admin,
  answers,
  application,
} from "./LeakServer.ts"
import {
  type Meet,
  platformDoes,
  typed,
  callerSends,
  breaksOff,
  modelOf,
  creates,
  urlIs,
  requests,
  elsewhere,
} from "./LeakAttempts.ts"
import { upstreamReasons } from "./UpstreamLeaks.ts"
import { fetched } from "./LeakingCredentials.ts"

type Tag = ApiError["reason"]["_tag"]

export const reasons: Record<Tag, Readonly<Record<string, Meet>> | string> = {
  ...upstreamReasons,
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
    "a response of another form": platformDoes(
      responseThat((it) => answer(json({ it }))),
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
  ConnectionReset: { "an empty response": breaksOff((socket) => void socket.resetAndDestroy()) },
  BodyIncomplete: {
    "a truncated body": breaksOff(breaks((it) => answer(it, 200, { "content-length": it.length * 10 + 9 }))),
  },
  ResponseTooLarge: {
    "endless headers": breaksOff(
      breaks((it) => `HTTP/1.1 200 OK\r\n${`x-said: ${inHeader(it)}\r\n`.repeat(4_000)}\r\n`),
    ),
  },
  UnsupportedContentEncoding: {
    "an unknown coding": platformDoes(responseThat((it) => answer("x", 200, { "content-encoding": inHeader(it) }))),
  },
  ProtocolError: { "not HTTP": breaksOff(breaks((it) => `${it}\r\n\r\n`)) },
  HeadersTimeout: { silence: breaksOff(() => {}) },
  IdleTimeout: {
    "a stalled body": breaksOff(responseThat((it) => answer(it, 200, { "content-length": it.length * 10 + 9 }))),
  },
  RequestTimedOut: elsewhere("Wire.test.ts; its message is a number"),
  TimedOut: {
    "a caller with a short timeout": async ({ prompt, third }) => {
      const model = await modelOf(`plain ${third}`, () => register("plain", blueprint(third)))
      const id = remember({ said: "", act: () => {} })
      const body = { parameters: { q: `${prompt} #case#${id}` } }
      return (await say("haste", "POST", `${ml}/models/${model}/_predict?timeout=50ms`, body)).status
    },
  },
  MissingParameters: { "nothing sent": callerSends(({ prompt }) => ({ other: prompt })) },
  NotRendered: {
    "a text for a JSON value": callerSends(({ prompt }) => ({ q: `{${prompt}` }), "whole", {
      request_body: '{"q":${parameters.q}}',
    }),
    "an invalid header": callerSends(({ prompt }) => ({ q: `${prompt}\n` }), "header", {
      headers: { "X-Asked": "${parameters.q}" },
    }),
  },
  InvalidInput: {
    "an invalid filter": callerSends(({ prompt }) => ({ q: prompt, response_filter: "$[" })),
    "an invalid chain": callerSends(({ prompt }) => ({ q: prompt, output_processors: [{ type: "none" }] })),
    "no action of that type": typed("question_answering", (text) => ({ question: text, context: text })),
    "a script that fails": typed("text_embedding", (text) => ({ text_docs: [text] }), {
      pre_process_function: "return Integer.parseInt(params.text_docs[0]).toString();",
    }),
  },
  InvalidConnector: {
    "an unknown function": creates(() => ({
      actions: [{ ...blueprint(0).actions[0], post_process_function: "connector.post_process.none" }],
    })),
    "a template in an invalid position": creates(() => ({
      actions: [{ ...blueprint(0).actions[0], request_body: '{"q":"${credential.key_0}"}' }],
    })),
    "mutual TLS with an invalid key": creates(({ secret }) => ({
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
    "connection refused": callerSends(({ prompt }) => ({ q: prompt }), "gone", { url: "http://127.0.0.1:64999/say" }),
  },
  TlsFailed: {
    "no TLS": (met) =>
      callerSends(({ prompt }) => ({ q: prompt }), "tls", { url: `https://127.0.0.1:${portOf(collector)}/say` })(met),
  },
  ConnectTimeout: {
    "TLS with a silent server": (met) =>
      callerSends(({ prompt }) => ({ q: prompt }), "late", { url: `https://127.0.0.1:${portOf(mute)}/say` })(met),
  },
  InvalidField: {
    "a secret in an invalid position": creates(({ secret }) => ({ protocol: secret })),
    "an invalid credential": creates(({ secret }) => ({ credential: { key: [secret] } })),
    "an invalid prompt": requests(
      "POST",
      () => `${ml}/models/some/_predict`,
      ({ prompt }) => ({ parameters: prompt }),
    ),
  },
  UnsafeText: { "an invalid name": creates(() => ({ name: "<script>" })) },
  InvalidJson: {
    "truncated JSON": async ({ prompt, secret }) => {
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
  RequestAborted: elsewhere("the caller has disconnected"),
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
    "an unknown parameter": requests(
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
    "a malformed token": requests(
      "POST",
      () => `${ml}/models/some/_predict`,
      ({ prompt }) => ({ parameters: { q: prompt } }),
      () => `Bearer ${secrets[3]?.word}.${secrets[3]?.word}.x`,
    ),
    "a wrong password": async ({ secret, prompt }) => {
      const who = `Basic ${Buffer.from(`unknown:${secret}`).toString("base64")}`
      return (await say("password", "POST", `${ml}/models/some/_predict`, { q: prompt }, { who })).status
    },
  },
  NotReady: elsewhere("SqliteFile.test.ts; its message is fixed"),
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
    "a name that exists": requests(
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
  RecordAccessDenied: elsewhere("AccessModes.test.ts; its messages are fixed"),
  LoginThrottled: elsewhere("Guesses.test.ts; it names a time"),
  ModelAccessDenied: elsewhere("AccessModes.test.ts; its messages are fixed"),
  QuotaExceeded: elsewhere("AccessModes.test.ts; its messages are fixed"),
  BudgetExceeded: elsewhere("Budgets.test.ts; its messages are fixed"),
  PriceUnknown: elsewhere("Budgets.test.ts; it names an id"),
  InUse: elsewhere("Refusals.test.ts; it names ids"),
  Busy: elsewhere("it names ids"),
  StaleWrite: elsewhere("Versions.test.ts; it names ids"),
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
  RemoteInferenceDisabled: elsewhere("a server-wide setting; a fixed message"),
  StreamingDisabled: elsewhere("a server-wide setting; a fixed message"),
  RateLimited: {
    "too often": callerSends(
      ({ prompt }) => ({ q: prompt }),
      "slow",
      {},
      {},
      { rate_limiter: { limit: "0", unit: "DAYS" } },
    ),
  },
  LimitExceeded: elsewhere("a fixed sentence"),
  Overloaded: elsewhere("a fixed sentence"),
  ShuttingDown: elsewhere("a fixed sentence"),
  DeadlineExceeded: elsewhere("Chaos.test.ts; it names an origin"),
  ProxyRefused: elsewhere("Doors.test.ts, with the proxy's own password"),
  PoolExhausted: elsewhere("Resilience.test.ts; it names an origin"),
  PoolClosed: elsewhere("it names an origin"),
  CircuitOpen: elsewhere("Resilience.test.ts; it names an origin"),
  DnsLookupFailed: elsewhere("Egress.test.ts; it names a host"),
  PrivateAddress: elsewhere("Egress.test.ts; it names an address"),
  RestrictedAddress: elsewhere("Egress.test.ts; it names an address"),
  NoRoom: elsewhere("Errors.test.ts; it names an origin"),
  OriginMismatch: elsewhere("OriginPool.test.ts; it names origins"),
  InvalidOutboundRequest: elsewhere("OriginPool.test.ts; it names no value"),
}
