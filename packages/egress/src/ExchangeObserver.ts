/** Watches one exchange with an upstream; every callback is called synchronously and must not throw. */

/** Until the request goes out (queue and connection), until the response's head, until the response's end. */
export type ExchangeStage = "wait" | "head" | "body"

export interface ExchangeObserver {
  /** A request is about to wait for a connection; called again for each retry. */
  readonly attemptBegan: () => void
  /** A stage took that many milliseconds. */
  readonly stageEnded: (stage: ExchangeStage, millis: number) => void
  /** Bytes of the request's body, as they go over the wire. */
  readonly bodySent: (bytes: number) => void
  /** Bytes of the response's body, as they come over the wire. */
  readonly bodyReceived: (bytes: number) => void
}
