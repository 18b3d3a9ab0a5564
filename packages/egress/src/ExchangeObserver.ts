/** Observes one exchange with an upstream; every callback is called synchronously and must not throw. */

/** Until the request is sent (queue and connection), until the response headers, until the end of the response. */
export type ExchangeStage = "wait" | "head" | "body"

export interface ExchangeObserver {
  /** A request is about to wait for a connection; called again for each retry. */
  readonly attemptBegan: () => void
  /** A stage took this many milliseconds. */
  readonly stageEnded: (stage: ExchangeStage, millis: number) => void
  /** Bytes of the request body, as sent over the wire. */
  readonly bodySent: (bytes: number) => void
  /** Bytes of the response body, as received over the wire. */
  readonly bodyReceived: (bytes: number) => void
}
