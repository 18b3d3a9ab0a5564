/** Who calls a model, until when, and who watches: the same for an HTTP request, a batch row and a guardrail's judge. */
import type * as CallOptions from "@drawbar/connector-runtime/call/CallOptions"
import type { CallObserver } from "@drawbar/connector-runtime/call/CallObserver"
import { anonymous, type Caller } from "@drawbar/registry/access/Caller"

/** It also receives the id of the model that takes a call, which is not what the caller named where that was an alias. */
export interface PredictObserver extends CallObserver {
  modelChosen?(id: string): void
}

export interface CallContext extends CallOptions.CallOptions {
  readonly caller: Caller
  readonly observer?: PredictObserver | undefined
}

/** A call of the server's own. */
export const server: CallContext = { caller: anonymous }
