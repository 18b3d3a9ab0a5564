/** Why a request through `Egress` returned no response, or only part of one. */
import { Data } from "effect"

const trustedSetting = "plugins.ml_commons.trusted_connector_endpoints_regex"
const trustedPrivateSetting = "plugins.ml_commons.trusted_connector_private_endpoints_regex"
const privateSetting = "plugins.ml_commons.connector.private_ip_enabled"
const restrictedSetting = "plugins.ml_commons.connector.restricted_ip_patterns"

/** The request cannot be written as HTTP. `problem` begins with what is wrong and contains no value. */
export class InvalidOutboundRequest extends Data.TaggedError("InvalidOutboundRequest")<{ readonly problem: string }> {
  readonly retryable = false
  override get message() {
    return `The request cannot be sent: ${this.problem}`
  }
}

/** Neither http nor https. */
export class UnsupportedScheme extends Data.TaggedError("UnsupportedScheme")<{ readonly scheme: string }> {
  readonly retryable = false
  override get message() {
    return `Protocol is not http or https: ${this.scheme}`
  }
}

/** A port reserved for another protocol: https://fetch.spec.whatwg.org/#port-blocking */
export class BlockedPort extends Data.TaggedError("BlockedPort")<{ readonly port: number }> {
  readonly retryable = false
  override get message() {
    return `Port out of range: ${this.port} is reserved for a protocol other than HTTP; serve the model on another port`
  }
}

/** `user:password@` precedes the host. The user is never shown. */
export class UserInfoInUrl extends Data.TaggedError("UserInfoInUrl")<{ readonly host: string }> {
  readonly retryable = false
  override get message() {
    return `The URL of ${this.host} contains a user or a password; put it in the connector's credential and an Authorization header`
  }
}

/** No entry of the trusted list matches the URL. `url` is without its query. */
export class NotTrusted extends Data.TaggedError("NotTrusted")<{
  readonly url: string
  readonly origin: string
  readonly list: "endpoints" | "private endpoints"
  /** Whether the list has no entry. */
  readonly isEmpty: boolean
  /** The entry whose host is spelled almost the same, if there is one. */
  readonly nearest: string | undefined
}> {
  readonly retryable = false
  override get message() {
    const [name, setting] = lists[this.list]
    const command = trustCommand(this.origin)
    if (this.isEmpty)
      return `Trusted connector endpoints regex is not configured. Please set ${setting}. To allow this host only: ${command}`
    const refusal = `Connector URL is not matching the trusted connector ${name} regex: ${this.url}`
    return this.nearest === undefined
      ? `${refusal}. To allow this host: ${command}`
      : `${refusal}. The nearest entry of ${setting} is ${this.nearest}; correct the URL, or allow this host: ${command}`
  }
}

/** The command that adds an origin to `plugins.drawbar.trusted_hosts`. */
const trustCommand = (origin: string) =>
  // Shells expand brackets, which only an IPv6 address has.
  `drawbar trust ${origin.includes("[") ? `'${origin}'` : origin}`

const lists = {
  endpoints: ["endpoint", trustedSetting],
  "private endpoints": ["private endpoint", trustedPrivateSetting],
} as const

/** The host resolves to an address that requests may not reach. */
export class PrivateAddress extends Data.TaggedError("PrivateAddress")<{
  readonly origin: string
  readonly host: string
  readonly address: string
  /** Whether the operator can allow it. */
  readonly permittable: boolean
}> {
  readonly retryable = false
  override get message() {
    return `Remote inference host name has private ip address: ${this.host} (${this.address}). ${
      this.permittable
        ? `To allow exactly this host and port: ${trustCommand(this.origin)} (${privateSetting} allows all private addresses)`
        : `This address is reserved (link-local, metadata service, multicast or unassigned), and no setting allows it`
    }`
  }
}

/** The operator's list of restricted addresses contains one of the host's addresses. */
export class RestrictedAddress extends Data.TaggedError("RestrictedAddress")<{
  readonly host: string
  readonly address: string
}> {
  readonly retryable = false
  override get message() {
    return `Remote inference host name has restricted ip address: ${this.host} (${this.address}); see ${restrictedSetting}`
  }
}

/** The URL or the Host header of a request names an origin other than its pool's. */
export class OriginMismatch extends Data.TaggedError("OriginMismatch")<{
  readonly expected: string
  readonly found: string
}> {
  readonly retryable = false
  override get message() {
    return `The connector is bound to ${this.expected}, but this request names ${this.found}; only the connector can set scheme, host and port`
  }
}

/** `skip_ssl_verification` is set, but the operator has not allowed it. */
export class VerificationRequired extends Data.TaggedError("VerificationRequired")<{ readonly origin: string }> {
  readonly retryable = false
  override get message() {
    return `client_config.skip_ssl_verification is not allowed on this server; ask the operator to trust the authority that issued the certificate of ${this.origin}`
  }
}

/** `code` is the resolver's (`ENOTFOUND`, `EAI_AGAIN`). */
export class DnsLookupFailed extends Data.TaggedError("DnsLookupFailed")<{
  readonly host: string
  readonly code: string
}> {
  readonly retryable = true
  override get message() {
    return `${this.host}: Name or service not known (${this.code}); check the host of the connector's URL and the DNS of this server`
  }
}

export class ConnectFailed extends Data.TaggedError("ConnectFailed")<{
  readonly origin: string
  readonly code: string
}> {
  readonly retryable = true
  override get message() {
    return `Error communicating with remote model: cannot connect to ${this.origin} (${this.code}); check that it is running and that this server can reach it`
  }
}

export class ConnectTimeout extends Data.TaggedError("ConnectTimeout")<{
  readonly origin: string
  readonly millis: number
}> {
  readonly retryable = true
  override get message() {
    return `Error communicating with remote model: cannot connect to ${this.origin} within ${this.millis} ms (client_config.connection_timeout)`
  }
}

/** The operator's proxy did not open a tunnel. */
export class ProxyRefused extends Data.TaggedError("ProxyRefused")<{
  readonly origin: string
  readonly proxy: string
  readonly why: string
}> {
  readonly retryable = true
  override get message() {
    return `Error communicating with remote model: the proxy ${this.proxy} (HTTPS_PROXY) cannot connect to ${this.origin}: ${this.why}`
  }
}

/** The certificate is not valid, or the handshake failed. */
export class TlsFailed extends Data.TaggedError("TlsFailed")<{ readonly origin: string; readonly code: string }> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: TLS with ${this.origin} failed (${this.code}); ${tlsAdvice(this.origin, this.code)}`
  }
}

const tlsAdvice = (origin: string, code: string): string => {
  if (/WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|HTTP_REQUEST|UNKNOWN_PROTOCOL/.test(code))
    return `its port does not speak TLS. Write ${origin.replace(/^https:/, "http:")} in the connector's url, or the port that serves https`
  if (/SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|CERT_UNTRUSTED/.test(code))
    return "this server does not know the authority of its certificate. The operator has to start the server with --ca-file FILE, the authority's certificate in PEM"
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID")
    return "its certificate is not valid at this time. Renew it there, or check the clock of this server"
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return "its certificate is for another name. Use a host that the certificate names in the connector's url"
  return "check its certificate, or ask the operator to trust its authority with --ca-file FILE"
}

/** All connections were busy for too long, or too many requests are already waiting for one. */
export class PoolExhausted extends Data.TaggedError("PoolExhausted")<{
  readonly origin: string
  readonly maxConnections: number
}> {
  readonly retryable = true
  readonly retryAfterMillis = 1_000
  override get message() {
    return `Error communicating with remote model: Acquire operation took longer than the configured maximum time: all ${this.maxConnections} connections to ${this.origin} are busy; raise client_config.max_connection or send fewer requests at once`
  }
}

/** After this many consecutive requests without a response, no more are sent for a while. */
export class CircuitOpen extends Data.TaggedError("CircuitOpen")<{
  readonly origin: string
  readonly failures: number
  readonly retryAfterMillis: number
}> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: ${this.origin} did not respond to the last ${this.failures} requests, so this request was not sent; retry in ${Math.ceil(this.retryAfterMillis / 1_000)} s`
  }
}

/** The connector's client was closed while the request was pending. */
export class PoolClosed extends Data.TaggedError("PoolClosed")<{ readonly origin: string }> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: the client for ${this.origin} was closed; send the request again`
  }
}

export class HeadersTimeout extends Data.TaggedError("HeadersTimeout")<{
  readonly origin: string
  readonly millis: number
}> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: ${this.origin} sent no response headers within ${this.millis} ms (client_config.read_timeout)`
  }
}

export class IdleTimeout extends Data.TaggedError("IdleTimeout")<{ readonly origin: string; readonly millis: number }> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: ${this.origin} sent no more of its response for ${this.millis} ms (client_config.read_timeout)`
  }
}

/** The time limit of the whole call has passed. */
export class DeadlineExceeded extends Data.TaggedError("DeadlineExceeded")<{ readonly origin: string }> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: ${this.origin} did not respond before the call's deadline`
  }
}

/**
 * The connection broke after the request was sent, so the upstream may have processed it. A reused connection was most
 * likely already being closed when the request was written.
 */
export class ConnectionReset extends Data.TaggedError("ConnectionReset")<{
  readonly origin: string
  readonly code: string
  /** The connection was reused, and no byte has arrived since the previous response. */
  readonly wasKept?: boolean
}> {
  readonly retryable = this.wasKept === true
  override get message() {
    return `Error communicating with remote model: ${this.origin} closed the connection before it responded (${this.code})`
  }
}

/** The connection broke inside the body, or the body is shorter or longer than announced. */
export class BodyIncomplete extends Data.TaggedError("BodyIncomplete")<{
  readonly origin: string
  readonly status: number
  readonly received: number
}> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: ${this.origin} sent an incomplete response (status ${this.status}, ${this.received} bytes received)`
  }
}

export class ResponseTooLarge extends Data.TaggedError("ResponseTooLarge")<{
  readonly origin: string
  readonly part: "headers" | "body" | "decompressed body"
  readonly limit: number
}> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: the ${this.part} of the response of ${this.origin} is larger than ${this.limit} bytes`
  }
}

/** Requests and answers that are held at once are too many bytes for one more answer. */
export class NoRoom extends Data.TaggedError("NoRoom")<{ readonly origin: string }> {
  readonly retryable = false
  readonly retryAfterMillis = 1_000
  override get message() {
    return `Server overloaded: the answer of ${this.origin} does not fit beside the requests and answers that are held now. Retry after the time in Retry-After, or use another replica`
  }
}

/** What an answer may be compressed by: https://www.iana.org/assignments/http-parameters/http-parameters.xhtml#content-coding */
const codings: ReadonlySet<string> = new Set([
  "aes128gcm",
  "br",
  "compress",
  "dcb",
  "dcz",
  "deflate",
  "exi",
  "gzip",
  "identity",
  "pack200-gzip",
  "zstd",
])

/** The body has an unknown content coding, or does not decode. The name of an unregistered coding is not repeated. */
export class UnsupportedContentEncoding extends Data.TaggedError("UnsupportedContentEncoding")<{
  readonly origin: string
  readonly encoding: string
}> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: the response of ${this.origin} cannot be decoded as ${
      codings.has(this.encoding) ? `content-encoding "${this.encoding}"` : "its content-encoding, which is unknown"
    }`
  }
}

/** The response is not HTTP. */
export class ProtocolError extends Data.TaggedError("ProtocolError")<{
  readonly origin: string
  readonly code: string
}> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: the response of ${this.origin} is not HTTP/1.1 (${this.code}); check the scheme and the port of the connector's URL`
  }
}

/** `retryable` if nothing was sent and another attempt may succeed. */
export type EgressReason =
  | InvalidOutboundRequest
  | UnsupportedScheme
  | BlockedPort
  | UserInfoInUrl
  | NotTrusted
  | PrivateAddress
  | RestrictedAddress
  | OriginMismatch
  | VerificationRequired
  | DnsLookupFailed
  | ConnectFailed
  | ConnectTimeout
  | ProxyRefused
  | TlsFailed
  | PoolExhausted
  | CircuitOpen
  | PoolClosed
  | HeadersTimeout
  | IdleTimeout
  | DeadlineExceeded
  | ConnectionReset
  | BodyIncomplete
  | ResponseTooLarge
  | NoRoom
  | UnsupportedContentEncoding
  | ProtocolError

export class EgressError extends Data.TaggedError("EgressError")<{ readonly reason: EgressReason }> {
  static readonly from = (reason: EgressReason): EgressError => new EgressError({ reason })

  get retryable(): boolean {
    return this.reason.retryable
  }
  override get message() {
    return this.reason.message
  }
}
