/** The requests, responses and limits of a connection pool to one origin. */
import type { Effect, Scope } from "effect"
import type { EgressError } from "./EgressError.ts"
import type { ExchangeObserver } from "./ExchangeObserver.ts"
import type { MemoryReservation } from "./MemoryReservation.ts"
import type { Share } from "./Share.ts"

/** How a pool connects. */
export interface ConnectionOptions {
  readonly maxConnections: number
  readonly connectTimeoutMs: number
  /** `false` accepts any certificate; the layer must allow it. */
  readonly verifyCertificates: boolean
}

export const defaultConnectionOptions: ConnectionOptions = {
  maxConnections: 30,
  connectTimeoutMs: 30_000,
  verifyCertificates: true,
}

export interface EgressRequest {
  readonly method: string
  /** Absolute, and within the pool's origin; path and query are sent byte for byte. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Called as the request proceeds. */
  readonly observer?: ExchangeObserver | undefined
  /** Reserves memory for each chunk of a body that is buffered until it is complete. */
  readonly memory?: MemoryReservation | undefined
  /** The principal's share of the processor; absent: the server's own. */
  readonly share?: Share | undefined
}

/** In milliseconds and bytes. */
export interface Limits {
  /** From the request to the end of the response headers. */
  readonly headersTimeoutMs: number
  /** Between two chunks of the response body. */
  readonly idleTimeoutMs: number
  /** All the time left for this request; no limit if absent. */
  readonly timeoutMs?: number
  /** Size of the body, before and after decompression. */
  readonly maxResponseBytes: number
}

/** Limits for a short exchange, such as one that fetches a token, a key or a secret. */
export const brief = (maxResponseBytes: number): Limits => ({
  headersTimeoutMs: 10_000,
  idleTimeoutMs: 10_000,
  timeoutMs: 20_000,
  maxResponseBytes,
})

/** Header names are in lower case. The body is decompressed, but not decoded as text. */
export interface EgressResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | ReadonlyArray<string>>>
  readonly body: Uint8Array
}

/**
 * Like `EgressResponse`, but the body of a response with status 2xx is still arriving. Its stream may fail with an
 * `EgressError`.
 */
export interface StreamedResponse extends EgressResponse {
  readonly stream: AsyncIterable<Uint8Array> | undefined
}

/** The current state of a pool. */
export interface PoolState {
  /** Open connections, and those that carry a request; a connection that is being opened counts as busy. */
  readonly open: number
  readonly busy: number
  /** Requests that wait for a connection. */
  readonly waiting: number
  /** Whether the circuit breaker of the origin is open. */
  readonly resting: boolean
}

export interface EgressPool {
  readonly origin: string
  readonly state: () => PoolState
  /** Sends one request and waits for the whole response, whatever its status. Interruption closes the connection. */
  readonly send: (request: EgressRequest, limits: Limits) => Effect.Effect<EgressResponse, EgressError>
  /** Sends one request and waits for the response headers. Closing the scope frees or closes the connection. */
  readonly stream: (request: EgressRequest, limits: Limits) => Effect.Effect<StreamedResponse, EgressError, Scope.Scope>
}
