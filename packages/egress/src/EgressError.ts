/** Why nothing, or only a part, came back through the one door to the network: the error of `Egress`. */
import { Data } from "effect"

const trustedSetting = "plugins.ml_commons.trusted_connector_endpoints_regex"
const trustedPrivateSetting = "plugins.ml_commons.trusted_connector_private_endpoints_regex"
const privateSetting = "plugins.ml_commons.connector.private_ip_enabled"
const restrictedSetting = "plugins.ml_commons.connector.restricted_ip_patterns"

/** The request cannot be written as HTTP. `problem` begins with what is wrong and names no value. */
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

/** A port that speaks another protocol: https://fetch.spec.whatwg.org/#port-blocking */
export class BlockedPort extends Data.TaggedError("BlockedPort")<{ readonly port: number }> {
  readonly retryable = false
  override get message() {
    return `Port out of range: ${this.port} belongs to another protocol than HTTP; serve the model on another port`
  }
}

/** `user:password@` stands before the host. The user is never shown. */
export class UserInfoInUrl extends Data.TaggedError("UserInfoInUrl")<{ readonly host: string }> {
  readonly retryable = false
  override get message() {
    return `The URL of ${this.host} has a user or a password before its host; put it in the connector's credential and an Authorization header`
  }
}

/** No entry of the trusted list lets the URL pass. `url` is without its query. */
export class NotTrusted extends Data.TaggedError("NotTrusted")<{
  readonly url: string
  readonly list: "endpoints" | "private endpoints"
  /** The entry that comes closest; absent where the list is empty. */
  readonly nearest: string | undefined
}> {
  readonly retryable = false
  override get message() {
    const [name, setting] = lists[this.list]
    if (this.nearest === undefined) return `Trusted connector endpoints regex is not configured. Please set ${setting}.`
    return `Connector URL is not matching the trusted connector ${name} regex: ${this.url}. The nearest entry of ${setting} is ${this.nearest}; correct the URL, or add its host to that setting`
  }
}

const lists = {
  endpoints: ["endpoint", trustedSetting],
  "private endpoints": ["private endpoint", trustedPrivateSetting],
} as const

/** The host's name leads to an address that requests may not reach. */
export class PrivateAddress extends Data.TaggedError("PrivateAddress")<{
  readonly host: string
  readonly address: string
  /** Whether `private_ip_enabled` would let it pass. */
  readonly permittable: boolean
}> {
  readonly retryable = false
  override get message() {
    return `Remote inference host name has private ip address: ${this.host} (${this.address}). ${
      this.permittable
        ? `To reach models inside the network, set ${privateSetting} to true`
        : `This address is reserved (link-local, metadata service, multicast or unassigned), and no setting opens it`
    }`
  }
}

/** The operator's list of forbidden addresses holds one of the host's. */
export class RestrictedAddress extends Data.TaggedError("RestrictedAddress")<{
  readonly host: string
  readonly address: string
}> {
  readonly retryable = false
  override get message() {
    return `Remote inference host name has restricted ip address: ${this.host} (${this.address}); see ${restrictedSetting}`
  }
}

/** A request for another origin than its pool's, by its URL or its Host header. */
export class OriginMismatch extends Data.TaggedError("OriginMismatch")<{
  readonly expected: string
  readonly found: string
}> {
  readonly retryable = false
  override get message() {
    return `The connector is bound to ${this.expected}, but this request names ${this.found}; scheme, host and port are the connector's alone`
  }
}

/** `skip_ssl_verification` where the operator has not allowed it. */
export class VerificationRequired extends Data.TaggedError("VerificationRequired")<{ readonly origin: string }> {
  readonly retryable = false
  override get message() {
    return `client_config.skip_ssl_verification is not allowed on this server; have the operator trust the authority that certified ${this.origin}`
  }
}

/** `code` is the resolver's (`ENOTFOUND`, `EAI_AGAIN`). */
export class DnsLookupFailed extends Data.TaggedError("DnsLookupFailed")<{
  readonly host: string
  readonly code: string
}> {
  readonly retryable = true
  override get message() {
    return `${this.host}: Name or service not known (${this.code}); check the host of the connector's URL, and this server's DNS`
  }
}

export class ConnectFailed extends Data.TaggedError("ConnectFailed")<{
  readonly origin: string
  readonly code: string
}> {
  readonly retryable = true
  override get message() {
    return `Error communicating with remote model: no connection to ${this.origin} (${this.code}); check that it runs and that this server may reach it`
  }
}

export class ConnectTimeout extends Data.TaggedError("ConnectTimeout")<{
  readonly origin: string
  readonly millis: number
}> {
  readonly retryable = true
  override get message() {
    return `Error communicating with remote model: ${this.origin} was not connected within ${this.millis} ms (client_config.connection_timeout)`
  }
}

/** The operator's proxy gave no tunnel. */
export class ProxyRefused extends Data.TaggedError("ProxyRefused")<{
  readonly origin: string
  readonly proxy: string
  readonly why: string
}> {
  readonly retryable = true
  override get message() {
    return `Error communicating with remote model: the proxy ${this.proxy} (HTTPS_PROXY) made no connection to ${this.origin}: ${this.why}`
  }
}

/** The certificate, or the handshake, is not good. */
export class TlsFailed extends Data.TaggedError("TlsFailed")<{ readonly origin: string; readonly code: string }> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: TLS with ${this.origin} failed (${this.code}); check its certificate, or have the operator trust its authority`
  }
}

/** All connections were busy for too long, or too many requests wait for one already. */
export class PoolExhausted extends Data.TaggedError("PoolExhausted")<{
  readonly origin: string
  readonly maxConnections: number
}> {
  readonly retryable = true
  readonly retryAfterMillis = 1_000
  override get message() {
    return `Error communicating with remote model: Acquire operation took longer than the configured maximum time: all ${this.maxConnections} connections to ${this.origin} are busy; raise client_config.max_connection or send less at once`
  }
}

/** So many requests in a row got no answer that no more are sent for a while. */
export class CircuitOpen extends Data.TaggedError("CircuitOpen")<{
  readonly origin: string
  readonly failures: number
  readonly retryAfterMillis: number
}> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: ${this.origin} gave no answer to the last ${this.failures} requests, so that this one was not sent; it is tried again in ${Math.ceil(this.retryAfterMillis / 1_000)} s`
  }
}

/** The connector's client was closed while the request ran. */
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
    return `Error communicating with remote model: ${this.origin} did not begin to answer within ${this.millis} ms (client_config.read_timeout)`
  }
}

export class IdleTimeout extends Data.TaggedError("IdleTimeout")<{ readonly origin: string; readonly millis: number }> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: ${this.origin} fell silent in its answer for ${this.millis} ms (client_config.read_timeout)`
  }
}

/** The call's whole time is over. */
export class DeadlineExceeded extends Data.TaggedError("DeadlineExceeded")<{ readonly origin: string }> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: ${this.origin} did not answer before the call's deadline`
  }
}

/**
 * The connection broke after the request was sent: the platform may have worked on it. A connection that had been kept was most
 * likely being closed already, when the request was written.
 */
export class ConnectionReset extends Data.TaggedError("ConnectionReset")<{
  readonly origin: string
  readonly code: string
  /** It had been kept, and not a byte has come since the last answer. */
  readonly wasKept?: boolean
}> {
  readonly retryable = this.wasKept === true
  override get message() {
    return `Error communicating with remote model: ${this.origin} broke the connection before it answered (${this.code})`
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
    return `Error communicating with remote model: ${this.origin} broke off its answer (status ${this.status}) after ${this.received} bytes`
  }
}

export class ResponseTooLarge extends Data.TaggedError("ResponseTooLarge")<{
  readonly origin: string
  readonly part: "headers" | "body" | "decompressed body"
  readonly limit: number
}> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: the ${this.part} of the answer of ${this.origin} is larger than ${this.limit} bytes`
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

/** The body is compressed in a way that is not known, or that does not hold. A name that nobody registered is not repeated. */
export class UnsupportedContentEncoding extends Data.TaggedError("UnsupportedContentEncoding")<{
  readonly origin: string
  readonly encoding: string
}> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: the answer of ${this.origin} is not readable as ${
      codings.has(this.encoding) ? `content-encoding "${this.encoding}"` : "its content-encoding, which is not known"
    }`
  }
}

/** What came back is not HTTP. */
export class ProtocolError extends Data.TaggedError("ProtocolError")<{
  readonly origin: string
  readonly code: string
}> {
  readonly retryable = false
  override get message() {
    return `Error communicating with remote model: the answer of ${this.origin} is not HTTP/1.1 (${this.code}); check the scheme and the port of the connector's URL`
  }
}

/** `retryable` where nothing was sent and another attempt may fare better. */
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
