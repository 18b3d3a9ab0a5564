/** The ways in which a predict fails, an example of each: the page docs/errors.md is made from them, and a test causes each. */
import * as CircuitBreaker from "@drawbar/egress/CircuitBreaker"
import * as ConnectorError from "@drawbar/connector-runtime/ConnectorError"
import * as Egress from "@drawbar/egress/EgressError"
import * as UpstreamResponse from "@drawbar/connector-runtime/response/UpstreamResponse"
import * as SecretMask from "@drawbar/connector-runtime/response/SecretMask"
import * as Transport from "@drawbar/egress/Transport"
import { DeploymentError, RateLimited } from "@drawbar/deployments/DeploymentError"
import { Result } from "effect"
import * as OpenSearchError from "@drawbar/http-api/errors/OpenSearchError"
import { BodyTooLarge, Overloaded, RequestError, ShuttingDown, TimedOut } from "@drawbar/http-server/http/RequestError"

const origin = "https://api.example.com"
const by = (reason: Egress.EgressReason) => ConnectorError.ConnectorError.from(reason)

/** What becomes of a platform's answer. */
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
    "the model is asked more often than its `rate_limiter` allows",
    DeploymentError.from(new RateLimited({ level: "model", retryAfterMillis: 1_000 })),
  ],
  overload: [
    "this server has more to do than it can bear",
    RequestError.from(new Overloaded({ retryAfterMillis: 1_000 })),
  ],
  stop: ["this server is stopping, and 30 s were not enough", RequestError.from(new ShuttingDown())],
  "caller's timeout": ["the `timeout` of the request is over", RequestError.from(new TimedOut({ timeout: "5s" }))],
  "not trusted": [
    "the operator's list does not let the URL pass",
    by(new Egress.NotTrusted({ url: `${origin}/v1`, list: "endpoints", nearest: undefined })),
  ],
  "private address": [
    "the host's name leads into this network",
    by(new Egress.PrivateAddress({ host: "api.example.com", address: "10.0.0.1", permittable: true })),
  ],
  "name not found": [
    "the host has no address",
    by(new Egress.DnsLookupFailed({ host: "api.example.com", code: "ENOTFOUND" })),
  ],
  "connection refused": [
    "nobody listens, or no way leads there",
    by(new Egress.ConnectFailed({ origin, code: "ECONNREFUSED" })),
  ],
  "connection timeout": [
    "no connection, TLS included, within `connection_timeout`",
    by(new Egress.ConnectTimeout({ origin, millis: 30_000 })),
  ],
  TLS: ["the certificate or the handshake is not good", by(new Egress.TlsFailed({ origin, code: "CERT_HAS_EXPIRED" }))],
  proxy: [
    "the operator's proxy makes no tunnel",
    by(new Egress.ProxyRefused({ origin, proxy: "proxy:3128", why: "status 403" })),
  ],
  "pool full": [
    "all `max_connection` connections were busy for 10 s",
    by(new Egress.PoolExhausted({ origin, maxConnections: 30 })),
  ],
  "breaker open": [
    "20 requests in a row got no answer; this one was not sent",
    by(new Egress.CircuitOpen({ origin, failures: 20, retryAfterMillis: 5_000 })),
  ],
  "headers timeout": [
    "no answer begins within `read_timeout`",
    by(new Egress.HeadersTimeout({ origin, millis: 30_000 })),
  ],
  "idle timeout": [
    "the answer stands still for `read_timeout`",
    by(new Egress.IdleTimeout({ origin, millis: 30_000 })),
  ],
  deadline: [
    "the call took 10 minutes, or what its connector asks for where that is longer",
    by(new Egress.DeadlineExceeded({ origin })),
  ],
  "reset before the answer": [
    "the connection breaks once the request is on its way",
    by(new Egress.ConnectionReset({ origin, code: "ECONNRESET" })),
  ],
  "reset in the answer": [
    "the connection breaks inside the body",
    by(new Egress.BodyIncomplete({ origin, status: 200, received: 5 })),
  ],
  "length mismatch": [
    "the body is shorter than it said",
    by(new Egress.BodyIncomplete({ origin, status: 200, received: 5 })),
  ],
  "answer too large": [
    "the body is larger than 100 MB, decompressed",
    by(new Egress.ResponseTooLarge({ origin, part: "body", limit: 100_000_000 })),
  ],
  "headers too large": [
    "the answer's headers are larger than 64 KiB",
    by(new Egress.ResponseTooLarge({ origin, part: "headers", limit: 65_536 })),
  ],
  "not HTTP": [
    "what comes back is no HTTP/1.1",
    by(new Egress.ProtocolError({ origin, code: "HPE_INVALID_CONSTANT" })),
  ],
  encoding: [
    "the `content-encoding` is unknown or does not hold",
    by(new Egress.UnsupportedContentEncoding({ origin, encoding: "gzip" })),
  ],
  charset: ["the answer is not in the charset that it names", bad("not in its charset")],
  "not JSON": ["the answer says it is JSON, and is not, or not all of it", bad("not JSON")],
  "an empty answer": ["a success that says nothing", bad("empty")],
  filter: ["`response_filter` finds nothing", bad("nothing at $.x")],
  redirect: ["the platform sends elsewhere, and nobody follows", answered(302)],
  "platform's 4xx": ["the platform refuses the request: its own status", answered(400)],
  "platform's 401": ["the platform refuses the key: 401 or 403 as it says", answered(401)],
  "platform's 429": ["the platform limits its rate", answered(429, { "retry-after": "7" })],
  "platform's 500": ["the platform is broken: 500, 502 or 504 as it says", answered(500)],
  "platform's 503": ["the platform is busy", answered(503, { "retry-after": "7" })],
  "platform's 529": ["the platform is overloaded", answered(529)],
  "stream cut short": [
    "the stream ends in order, before the model's answer does",
    bad("before the answer was complete"),
  ],
  "stream not readable": ["an event is not JSON, or the bytes are not what the format says", bad("not JSON")],
  "error in the stream": [
    "the platform tells of a failure in an event",
    ConnectorError.ConnectorError.from(
      new ConnectorError.UpstreamError({ remote: { status: 200, body: "overloaded" }, message: "overloaded" }),
    ),
  ],
} as const satisfies Record<string, readonly [when: string, example: OpenSearchError.ApiError]>

export type Name = keyof typeof classes

export interface ErrorClass {
  readonly name: Name
  /** A clause: what has happened. */
  readonly when: string
  readonly status: number
  readonly type: string
  /** In seconds: the answer's `Retry-After`, as the example has it. */
  readonly retryAfter: string | undefined
  /** Whether it is sent again where `max_retry_times` says so. */
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
