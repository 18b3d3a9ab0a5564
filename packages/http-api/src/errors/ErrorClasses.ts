/** The error classes of a predict with an example of each: docs/errors.md is generated from them, and a test causes each. */
import * as CircuitBreaker from "@drawbar/egress/CircuitBreaker"
import * as ConnectorError from "@drawbar/connector-runtime/ConnectorError"
import * as Egress from "@drawbar/egress/EgressError"
import * as UpstreamResponse from "@drawbar/connector-runtime/response/UpstreamResponse"
import * as SecretMask from "@drawbar/connector-runtime/response/SecretMask"
import * as Transport from "@drawbar/egress/Transport"
import { DeploymentError, RateLimited } from "@drawbar/deployments/DeploymentError"
import { Result } from "effect"
import * as OpenSearchError from "./OpenSearchError.ts"
import { BodyTooLarge, Overloaded, RequestError, ShuttingDown, TimedOut } from "@drawbar/http-server/http/RequestError"

const origin = "https://api.example.com"
const by = (reason: Egress.EgressReason) => ConnectorError.ConnectorError.from(reason)

/** The failure of a provider's response. */
const answered = (status: number, headers: Readonly<Record<string, string>> = {}) =>
  Result.getOrThrow(
    Result.flip(UpstreamResponse.read({ status, headers, body: Buffer.from("no") }, 0, SecretMask.none)),
  )

const bad = (message: string) =>
  ConnectorError.ConnectorError.from(
    new ConnectorError.InvalidUpstreamResponse({ remote: { status: 200, body: "" }, message }),
  )

const classes = {
  "missing parameter": [
    "neither the caller nor the connector gives what the template needs",
    ConnectorError.ConnectorError.from(new ConnectorError.MissingParameters({ names: ["q"] })),
  ],
  "request too large": [
    "the caller's body is larger than 100 MB",
    RequestError.from(new BodyTooLarge({ limit: 100_000_000 })),
  ],
  "rate limit": [
    "calls of the model exceed its `rate_limiter`",
    DeploymentError.from(new RateLimited({ level: "model", retryAfterMillis: 1_000 })),
  ],
  overload: ["this server sheds load", RequestError.from(new Overloaded({ retryAfterMillis: 1_000 }))],
  "no room for the response": [
    "the response does not fit in the memory for bodies and responses",
    by(new Egress.NoRoom({ origin })),
  ],
  stop: ["this server is shutting down and the request did not end within 30 s", RequestError.from(new ShuttingDown())],
  "timeout of the caller": [
    "the `timeout` of the request has passed",
    RequestError.from(new TimedOut({ timeout: "5s" })),
  ],
  "not trusted": [
    "no entry of the trusted list matches the URL",
    by(new Egress.NotTrusted({ url: `${origin}/v1`, origin, list: "endpoints", isEmpty: false, nearest: undefined })),
  ],
  "private address": [
    "the host resolves to a private address",
    by(new Egress.PrivateAddress({ origin, host: "api.example.com", address: "10.0.0.1", permittable: true })),
  ],
  "name not found": [
    "the host has no address",
    by(new Egress.DnsLookupFailed({ host: "api.example.com", code: "ENOTFOUND" })),
  ],
  "connection refused": [
    "the port is closed or unreachable",
    by(new Egress.ConnectFailed({ origin, code: "ECONNREFUSED" })),
  ],
  "connection timeout": [
    "no connection, TLS included, within `connection_timeout`",
    by(new Egress.ConnectTimeout({ origin, millis: 30_000 })),
  ],
  TLS: [
    "the certificate is not trusted or the handshake fails",
    by(new Egress.TlsFailed({ origin, code: "CERT_HAS_EXPIRED" })),
  ],
  proxy: [
    "the proxy does not open a tunnel",
    by(new Egress.ProxyRefused({ origin, proxy: "proxy:3128", why: "status 403" })),
  ],
  "pool full": [
    "all `max_connection` connections were busy for 10 s",
    by(new Egress.PoolExhausted({ origin, maxConnections: 30 })),
  ],
  "circuit open": [
    "20 requests in a row got no response; this one was not sent",
    by(new Egress.CircuitOpen({ origin, failures: 20, retryAfterMillis: 5_000 })),
  ],
  "headers timeout": [
    "no response begins within `read_timeout`",
    by(new Egress.HeadersTimeout({ origin, millis: 30_000 })),
  ],
  "idle timeout": [
    "the response pauses for longer than `read_timeout`",
    by(new Egress.IdleTimeout({ origin, millis: 30_000 })),
  ],
  deadline: [
    "the call takes longer than 10 minutes, or than its connector's timeouts where those are longer",
    by(new Egress.DeadlineExceeded({ origin })),
  ],
  "reset before the response": [
    "the connection breaks after the request was sent",
    by(new Egress.ConnectionReset({ origin, code: "ECONNRESET" })),
  ],
  "reset in the response": [
    "the connection breaks inside the body",
    by(new Egress.BodyIncomplete({ origin, status: 200, received: 5 })),
  ],
  "length mismatch": [
    "the body is shorter than its `Content-Length`",
    by(new Egress.BodyIncomplete({ origin, status: 200, received: 5 })),
  ],
  "response too large": [
    "the body is larger than 100 MB, decompressed",
    by(new Egress.ResponseTooLarge({ origin, part: "body", limit: 100_000_000 })),
  ],
  "headers too large": [
    "the headers are larger than 64 KiB",
    by(new Egress.ResponseTooLarge({ origin, part: "headers", limit: 65_536 })),
  ],
  "not HTTP": ["the response is not HTTP/1.1", by(new Egress.ProtocolError({ origin, code: "HPE_INVALID_CONSTANT" }))],
  encoding: [
    "the `content-encoding` is unknown or wrong",
    by(new Egress.UnsupportedContentEncoding({ origin, encoding: "gzip" })),
  ],
  charset: ["the body does not match its charset", bad("not in its charset")],
  "not JSON": ["the body is declared as JSON and is not valid, or cut off", bad("not JSON")],
  "empty response": ["a success without a body", bad("empty")],
  filter: ["`response_filter` finds nothing", bad("nothing at $.x")],
  redirect: ["the provider redirects; redirects are not followed", answered(302)],
  "provider's 4xx": ["the provider rejects the request; its status is passed on", answered(400)],
  "provider's 401": ["the provider rejects the key; 401 or 403 is passed on", answered(401)],
  "provider's 429": ["the provider limits the rate", answered(429, { "retry-after": "7" })],
  "provider's 500": ["the provider fails; 500, 502 or 504 is passed on", answered(500)],
  "provider's 503": ["the provider is busy", answered(503, { "retry-after": "7" })],
  "provider's 529": ["the provider is overloaded", answered(529)],
  "stream cut short": ["the stream ends before the model's output is complete", bad("before the answer was complete")],
  "stream not readable": ["an event is not JSON, or the bytes are not what the format says", bad("not JSON")],
  "error in the stream": [
    "the provider reports a failure in an event",
    ConnectorError.ConnectorError.from(
      new ConnectorError.UpstreamError({ remote: { status: 200, body: "overloaded" }, message: "overloaded" }),
    ),
  ],
} as const satisfies Record<string, readonly [when: string, example: OpenSearchError.ApiError]>

export type Name = keyof typeof classes

export interface ErrorClass {
  readonly name: Name
  /** A clause: what happened. */
  readonly when: string
  readonly status: number
  readonly type: string
  /** The `Retry-After` of the example's response, in seconds. */
  readonly retryAfter: string | undefined
  /** Whether it is retried where `max_retry_times` allows it. */
  readonly isSentAgain: boolean
  /** Whether the circuit breaker counts it. */
  readonly isCounted: boolean
}

const classOf = (name: Name): ErrorClass => {
  const [when, error] = classes[name]
  const { status, headers, body } = OpenSearchError.refusalOf(error)
  const { reason } = error
  return {
    name,
    when,
    status,
    type: typeof body.error === "string" ? "" : body.error.type,
    retryAfter: headers["Retry-After"],
    isSentAgain:
      reason._tag === "UpstreamError"
        ? Transport.isRetryable({ status: reason.remote.status, headers: {} })
        : "retryable" in reason && reason.retryable,
    isCounted: "retryable" in reason && CircuitBreaker.counts(reason),
  }
}

const isName = (name: string): name is Name => Object.hasOwn(classes, name)

export const all: ReadonlyArray<ErrorClass> = Object.keys(classes).filter(isName).map(classOf)
