/** What a pool of connections to one origin takes and gives. */
import type { Effect, Scope } from "effect"
import type { EgressError } from "./EgressError.ts"
import type { ExchangeObserver } from "./ExchangeObserver.ts"
import type { MemoryReservation } from "./MemoryReservation.ts"
import type { Share } from "./Share.ts"

/** How a pool connects. */
export interface ConnectionOptions {
  readonly maxConnections: number
  readonly connectTimeoutMs: number
  /** `false` accepts any certificate; the layer has to allow it. */
  readonly verifyCertificates: boolean
}

export const defaultConnectionOptions: ConnectionOptions = {
  maxConnections: 30,
  connectTimeoutMs: 30_000,
  verifyCertificates: true,
}

export interface EgressRequest {
  readonly method: string
  /** Absolute, of the pool's origin; path and query are sent to the byte. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Called as the request proceeds. */
  readonly observer?: ExchangeObserver | undefined
  /** Grows by each piece of a body that is held until it is whole. */
  readonly memory?: MemoryReservation | undefined
  /** The principal's share of the processor; absent: the server's own. */
  readonly share?: Share | undefined
}

/** In milliseconds and bytes. */
export interface Limits {
  /** From the request to the end of the answer's headers. */
  readonly headersTimeoutMs: number
  /** Between two pieces of the answer's body. */
  readonly idleTimeoutMs: number
  /** All that is left for this request; no bound if absent. */
  readonly timeoutMs?: number
  /** Of the body, before and after decompression. */
  readonly maxResponseBytes: number
}

/** Limits of a short exchange, such as one that fetches a token, a key or a secret. */
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

/** As `RemoteResponse`; of an answer of status 2xx the body is still on its way, and may fail there with an `EgressError`. */
export interface StreamedResponse extends EgressResponse {
  readonly stream: AsyncIterable<Uint8Array> | undefined
}

/** What a pool has at this moment. */
export interface PoolState {
  /** Connections that are open, and those of them that carry a request; what is being opened counts as busy. */
  readonly open: number
  readonly busy: number
  /** Requests that wait for one. */
  readonly waiting: number
  /** Whether its origin is given a rest, because it gave no answer. */
  readonly resting: boolean
}

export interface EgressPool {
  readonly origin: string
  readonly state: () => PoolState
  /** Sends one request and waits for its whole answer, whatever its status. Interruption closes the connection. */
  readonly send: (request: EgressRequest, limits: Limits) => Effect.Effect<EgressResponse, EgressError>
  /** Sends one request and waits for the head of its answer. The connection is free again, or closed, with the scope. */
  readonly stream: (request: EgressRequest, limits: Limits) => Effect.Effect<StreamedResponse, EgressError, Scope.Scope>
}
