/** What holds for one call beside its connector and its input. */
import type { MemoryReservation } from "@drawbar/egress/MemoryReservation"
import type { Share } from "@drawbar/egress/Share"
import type { TokenUsage } from "../response/TokenUsage.ts"
import type { CallObserver } from "./CallObserver.ts"

export interface CallOptions {
  /** When the caller stops waiting, in ms since 1970: no retry begins later. */
  readonly deadline?: number | undefined
  /** Headers of the trace that the call belongs to: https://www.w3.org/TR/trace-context/ */
  readonly trace?: Readonly<Record<string, string>> | undefined
  readonly observer?: CallObserver | undefined
  readonly memory?: MemoryReservation | undefined
  /** The principal's share of the processor; absent: the server's own. */
  readonly share?: Share | undefined
  /** Told what an answer took that is not passed on, such as one that a guardrail or a filter has refused; must not throw. */
  readonly lost?: ((usage: TokenUsage) => void) | undefined
}

export const none: CallOptions = {}
