/** Watches the calls of one predict. Every callback is called synchronously and must not throw. */
import type { ExchangeObserver } from "@drawbar/egress/ExchangeObserver"
import type { TokenUsage } from "../response/TokenUsage.ts"
import type { CallTarget } from "./CallTarget.ts"

export interface CallObserver extends ExchangeObserver {
  /** How long the upstreams have taken so far, in ms. */
  readonly upstreamMillis: number
  /** A call begins; an input that is split makes several, side by side. */
  readonly callBegan: (target: CallTarget) => void
  /** A call ended, however it ended; of a stream, only its head has come. */
  readonly callEnded: () => void
  /** A response came, whatever its status; `body` is empty where the body is still to come. */
  readonly responded: (status: number, body: Uint8Array) => void
  /** The first piece of a stream came. */
  readonly streamBegan: () => void
  /** Further pieces of a stream came. */
  readonly piecesCame: (count: number) => void
  /** Tokens of the prompt and of the answer. */
  readonly tokensUsed: (usage: TokenUsage) => void
  /** The stream ended, or its caller stopped reading. */
  readonly streamEnded: () => void
}
