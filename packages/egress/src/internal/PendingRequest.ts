/** One request and its response, as a handler for undici's dispatcher. It settles once, with a response or an error. */
import { performance } from "node:perf_hooks"
import { Result } from "effect"
import type { Dispatcher } from "undici"
import type { Destination } from "../Destination.ts"
import * as ContentCoding from "../ContentCoding.ts"
import type { ExchangeStage } from "../ExchangeObserver.ts"
import type { EgressRequest, Limits, EgressResponse } from "../EgressPool.ts"
import {
  BodyIncomplete,
  ConnectFailed,
  ConnectionReset,
  DeadlineExceeded,
  EgressError,
  type EgressReason,
  HeadersTimeout,
  IdleTimeout,
  InvalidOutboundRequest,
  NoRoom,
  PoolClosed,
  ProtocolError,
  ResponseTooLarge,
  UnsupportedContentEncoding,
} from "../EgressError.ts"
import * as TimeSlice from "../TimeSlice.ts"
import type { Connection } from "./Connection.ts"
import type { BodyStream } from "./BodyStream.ts"

export type Settle = (settled: Result.Result<EgressResponse, EgressError>) => void

/** What an exchange is sent over, released when the exchange no longer needs the connection. */
export interface Carrier {
  readonly connection: Connection | undefined
  readonly release: () => void
}

type Headers = Record<string, string | Array<string>>

export class PendingRequest implements Dispatcher.DispatchHandler {
  readonly destination: Destination
  readonly options: Dispatcher.DispatchOptions
  readonly #limits: Limits
  readonly #settle: Settle
  readonly #deadline: NodeJS.Timeout | undefined
  #patience: NodeJS.Timeout | undefined
  #settled = false
  #carrier: Carrier | undefined
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  /** Interim responses before the final one. */
  #early = 0
  #headers: Headers = {}
  #chunks: Array<Buffer> = []
  #received = 0
  /** Where the body of a successful response is streamed; if absent, the body is buffered until it is complete. */
  readonly #flow: BodyStream | undefined
  #flowing = false
  readonly #observer: EgressRequest["observer"]
  readonly #memory: EgressRequest["memory"]
  readonly #share: EgressRequest["share"]
  #stage: ExchangeStage = "wait"
  #since: number

  constructor(
    destination: Destination,
    request: EgressRequest,
    limits: Limits,
    settle: Settle,
    flow: BodyStream | undefined = undefined,
  ) {
    this.#flow = flow
    this.destination = destination
    this.#limits = limits
    this.#settle = settle
    this.#observer = request.observer
    this.#memory = request.memory
    this.#share = request.share
    this.#since = request.observer === undefined ? 0 : performance.now()
    request.observer?.attemptBegan()
    const options = {
      path: destination.path,
      method: request.method,
      headers: request.headers,
      body: request.body ?? null,
      headersTimeout: limits.headersTimeoutMs,
      bodyTimeout: limits.idleTimeoutMs,
      // Otherwise a Host header would set another server name for TLS, and so close the connection.
      servername: destination.host,
    }
    this.options = options
    if (limits.timeoutMs !== undefined)
      this.#deadline = setTimeout(
        () => this.fail(new DeadlineExceeded({ origin: destination.origin })),
        Math.min(limits.timeoutMs, maxTimerMs),
      )
  }

  /** Limits the wait until the request is sent. */
  limitWait(millis: number, reason: EgressReason): void {
    this.#patience = setTimeout(() => this.fail(reason), millis)
  }

  /** Ends the exchange; its connection is closed if it was in use. */
  fail(reason: EgressReason): void {
    if (this.#flowing) this.#controller?.abort(EgressError.from(reason))
    else this.#finish(Result.fail(EgressError.from(reason)))
  }

  /** Ends the exchange without notifying the caller. */
  cancel(): void {
    this.#close()
    this.#controller?.abort(new Error("cancelled"))
  }

  assign(carrier: Carrier): void {
    clearTimeout(this.#patience)
    this.#carrier = carrier
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // An exception here cancels the request before a byte is written, and keeps the connection.
    if (this.#settled) throw new Error("cancelled")
    if (this.#carrier?.connection?.isPrivate === true && Result.isFailure(this.destination.inside))
      throw this.destination.inside.failure
    this.#controller = controller
    this.#reach("head")
    this.#observer?.bodySent(bytesOf(this.options.body))
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    if (status < 200) {
      if (++this.#early > maxInformationalResponses)
        this.fail(new ProtocolError({ origin: this.destination.origin, code: String(status) }))
      return
    }
    this.#status = status
    this.#headers = headers
    this.#reach("body")
    if (Number(headers["content-length"]) > this.#limits.maxResponseBytes) this.fail(this.#tooLarge)
    else if (this.#flow !== undefined && isSuccess({ status })) this.#begin(this.#flow)
  }

  /** The headers have arrived: the caller continues, and the body follows. */
  #begin(flow: BodyStream): void {
    const controller = this.#controller
    flow.open({
      pause: () => controller?.pause(),
      resume: () => controller?.resume(),
      cancel: () => controller?.abort(new Error("cancelled")),
    })
    this.#flowing = true
    this.#succeed(Buffer.alloc(0), this.#headers)
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#received += chunk.length
    if (!this.#flowing && !this.#mayKeep(chunk.length)) this.fail(this.#noRoom)
    else if (this.#received > this.#limits.maxResponseBytes) this.fail(this.#tooLarge)
    else if (this.#flowing) this.#flow?.push(chunk)
    else this.#chunks.push(chunk)
  }

  onResponseEnd(): void {
    this.#depart()
    const connection = this.#carrier?.connection
    // A response that ends with its connection is complete only if the connection was closed in order.
    if (connection !== undefined && connection.socket.errored !== null) return this.fail(this.#incomplete)
    if (connection !== undefined) connection.readBefore = connection.socket.bytesRead
    if (this.#flowing) return this.#flow?.end()

    const [first] = this.#chunks
    const body = this.#chunks.length === 1 && first !== undefined ? first : Buffer.concat(this.#chunks, this.#received)
    const encoding = this.#headers["content-encoding"]
    if (encoding === undefined || body.length === 0) return this.#succeed(body, this.#headers)
    this.#decode(body, String(encoding))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: NodeJS.ErrnoException): void {
    this.#depart()
    const failure = error instanceof EgressError ? error : EgressError.from(this.#reason(error))
    if (this.#flowing) this.#flow?.end(failure)
    this.#finish(Result.fail(failure))
  }

  #decode(body: Buffer, encoding: string): void {
    const { maxResponseBytes } = this.#limits
    ContentCoding.decode(body, encoding, maxResponseBytes, (decoded) => {
      const { origin } = this.destination
      if ("problem" in decoded) return this.fail(new UnsupportedContentEncoding({ origin, encoding }))
      if ("largerThan" in decoded)
        return this.fail(new ResponseTooLarge({ origin, part: "decompressed body", limit: decoded.largerThan }))
      if (!this.#mayKeep(Math.max(0, decoded.body.length - body.length))) return this.fail(this.#noRoom)
      const { "content-encoding": _encoding, "content-length": _length, ...headers } = this.#headers
      this.#succeed(decoded.body, headers)
    })
  }

  #succeed(body: Buffer, headers: Headers): void {
    this.#finish(Result.succeed({ status: this.#status, headers, body }))
  }

  #finish(settled: Result.Result<EgressResponse, EgressError>): void {
    if (this.#settled) return
    this.#settled = true
    clearTimeout(this.#patience)
    this.#reach(this.#stage)
    if (!this.#flowing) clearTimeout(this.#deadline)
    if (Result.isFailure(settled)) this.#controller?.abort(settled.failure)
    // Not from inside the parser, whose client could not carry what the caller sends next.
    TimeSlice.take(() => this.#settle(settled), this.#share)
  }

  #depart(): void {
    clearTimeout(this.#deadline)
    this.#reach(this.#stage)
    this.#observer?.bodyReceived(this.#received)
    // The connection can carry another request once its parser has returned.
    if (this.#carrier !== undefined) TimeSlice.soon(this.#carrier.release)
  }

  /** Reports the time since the last call as the duration of the current stage; the next stage begins. */
  #reach(next: ExchangeStage): void {
    const observer = this.#observer
    if (observer === undefined) return
    const now = performance.now()
    observer.stageEnded(this.#stage, now - this.#since)
    this.#since = now
    this.#stage = next
  }

  #close(): void {
    this.#settled = true
    clearTimeout(this.#deadline)
    clearTimeout(this.#patience)
  }

  /** Whether there is room for so many bytes more, which are counted then. */
  #mayKeep(bytes: number): boolean {
    return this.#memory === undefined || this.#memory.tryHold(bytes)
  }

  get #noRoom() {
    return new NoRoom({ origin: this.destination.origin })
  }

  get #tooLarge() {
    const { origin } = this.destination
    return new ResponseTooLarge({ origin, part: "body", limit: this.#limits.maxResponseBytes })
  }

  get #incomplete() {
    return new BodyIncomplete({ origin: this.destination.origin, status: this.#status, received: this.#received })
  }

  #reason(error: NodeJS.ErrnoException): EgressReason {
    const { origin } = this.destination
    const code = error.code ?? "unknown"
    switch (code) {
      case "UND_ERR_INVALID_ARG":
      case "UND_ERR_NOT_SUPPORTED":
      case "UND_ERR_REQ_CONTENT_LENGTH_MISMATCH":
        return new InvalidOutboundRequest({ problem: error.message })
      case "UND_ERR_CLOSED":
      case "UND_ERR_DESTROYED":
        return new PoolClosed({ origin })
      case "UND_ERR_HEADERS_TIMEOUT":
        return new HeadersTimeout({ origin, millis: this.#limits.headersTimeoutMs })
      case "UND_ERR_BODY_TIMEOUT":
        return new IdleTimeout({ origin, millis: this.#limits.idleTimeoutMs })
      case "UND_ERR_HEADERS_OVERFLOW":
        return new ResponseTooLarge({ origin, part: "headers", limit: maxHeaderBytes })
    }
    if (this.#status > 0) return this.#incomplete
    // The client's parser asserts properties of a status that an upstream may not satisfy.
    if (error.name === "HTTPParserError" || code === "UND_ERR_RES_CONTENT_LENGTH_MISMATCH" || code === "ERR_ASSERTION")
      return new ProtocolError({ origin, code: code === "ERR_ASSERTION" ? "status" : code })
    if (this.#controller === undefined) return new ConnectFailed({ origin, code })
    const connection = this.#carrier?.connection
    return new ConnectionReset({ origin, code, wasKept: connection?.readBefore === connection?.socket.bytesRead })
  }
}

export const isSuccess = ({ status }: Pick<EgressResponse, "status">): boolean => status >= 200 && status <= 299

const bytesOf = (body: unknown): number =>
  typeof body === "string" ? Buffer.byteLength(body) : body instanceof Uint8Array ? body.length : 0

/** Only a few interim responses (status 1xx) are allowed, because each restarts the wait for the headers. */
const maxInformationalResponses = 20

/** The longest delay that a timer supports; a longer one would fire immediately. */
const maxTimerMs = 2_147_483_647

/** The maximum size of response headers, in bytes. */
export const maxHeaderBytes = 65_536
