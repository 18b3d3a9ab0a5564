/** Who calls a model, until when, and who watches: the same for an HTTP request, a batch row and a guardrail's judge. */
import type { CallObserver } from "@drawbar/connector-runtime/call/CallObserver"
import type * as CallOptions from "@drawbar/connector-runtime/call/CallOptions"
import { anonymous, type Caller } from "@drawbar/registry/access/Caller"
import type { RouteObserver } from "../routing/RouteObserver.ts"

export interface CallContext extends CallOptions.CallOptions {
  readonly observer?: (CallObserver & RouteObserver) | undefined
  readonly caller: Caller
}

/** A call of the server's own. */
export const server: CallContext = { caller: anonymous }
