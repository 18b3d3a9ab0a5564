/** What one predict took at its upstreams: filled in while its calls are made, read when the request has completed. */
import { performance } from "node:perf_hooks"
import { RouteMeasurements } from "./RouteMeasurements.ts"

/** What was called, in the words of OpenTelemetry's GenAI conventions. One object for each action, for as long as it is deployed. */
export interface CallTarget {
  readonly origin: string
  readonly operation: string
  readonly provider: string
  readonly model: string | undefined
  readonly address: string
  readonly port: number
}

export interface TokenUsage {
  readonly input: number
  readonly output: number
  readonly estimated?: boolean
}

/** Of one call: until its request goes out (queue and connection), until the response's head, until the response's end. */
type Stage = "wait" | "head" | "body"

/** It observes the calls of the runtime and the exchanges of its HTTP client. Times are in ms, points in time by `performance.now()`. */
export class CallMeasurements {
  target: CallTarget | undefined
  /** The status of the last response. */
  status: number | undefined
  /** The model that the upstream says has answered; only where the request is traced. */
  responseModel: string | undefined
  calls = 0
  /** How often something was sent, retries included. */
  attempts = 0
  /** The first call's beginning, and the last one's end; calls may be under way side by side. */
  began: number | undefined
  ended: number | undefined
  /** Of all calls together. */
  wait = 0
  head = 0
  body = 0
  /** Bytes of bodies, as they go over the wire. */
  sent = 0
  received = 0
  /** When the first piece of a stream came, and how many did. */
  first: number | undefined
  pieces = 0
  /** Tokens, as the upstreams count them; `estimated` where one of them does not. */
  input = 0
  output = 0
  estimated = false
  /** The model that was called last: the one that the caller named, that of its alias, or a target of its routing. */
  model: string | undefined
  readonly route = new RouteMeasurements()
  readonly #isTraced: boolean

  constructor(isTraced: boolean) {
    this.#isTraced = isTraced
  }

  get upstreamMillis(): number {
    return this.began === undefined ? 0 : (this.ended ?? performance.now()) - this.began
  }

  modelCalled(modelId: string): void {
    this.model = modelId
  }

  targetAsked(target: string, why: string): void {
    this.route.began(target, why)
  }

  targetAnswered(): void {
    this.route.ended("answered")
  }

  targetFailed(failure: string): void {
    this.route.ended(failure)
  }

  callBegan(target: CallTarget): void {
    this.target = target
    this.began ??= performance.now()
    this.calls += 1
  }

  callEnded(): void {
    this.ended = performance.now()
  }

  attemptBegan(): void {
    this.attempts += 1
  }

  stageEnded(stage: Stage, millis: number): void {
    this[stage] += millis
  }

  bodySent(bytes: number): void {
    this.sent += bytes
  }

  bodyReceived(bytes: number): void {
    this.received += bytes
  }

  responded(status: number, body: Uint8Array): void {
    this.status = status
    if (this.#isTraced) this.responseModel = modelIn(Buffer.from(body).toString())
  }

  tokensUsed({ input, output, estimated = false }: TokenUsage): void {
    this.input += input
    this.output += output
    this.estimated ||= estimated
  }

  streamBegan(): void {
    this.first = performance.now()
    this.ended = undefined
  }

  piecesCame(count: number): void {
    this.pieces += count
  }

  streamEnded(): void {
    this.ended = performance.now()
  }
}

/** The text of a response has its quotes escaped, so that only a field is found. */
const modelIn = (response: string): string | undefined =>
  /(?<!\\)"(?:model|modelVersion)"\s*:\s*"([\w.:/@-]{1,128})"/.exec(response)?.[1]
