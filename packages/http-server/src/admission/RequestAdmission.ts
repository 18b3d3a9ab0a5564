/** Takes requests on or refuses them, and counts what they hold until they end: memory, and a share of the processor. */
import type { Share } from "@drawbar/egress/Share"
import * as TimeSlice from "@drawbar/egress/TimeSlice"
import { Effect } from "effect"
import type { Endpoint } from "../http/Endpoint.ts"
import type { RequestContext } from "../http/RequestContext.ts"
import type { RequestError } from "../http/RequestError.ts"
import type { HeldMemory } from "./HeldMemory.ts"
import type { LoadShedding } from "./LoadShedding.ts"
import * as Shares from "./Shares.ts"

export interface RequestAdmission {
  /** Counts a request for its principal, and admits it with its body of at most `limit` bytes; the reason, where that is more than this process can take on. */
  readonly admit: (context: RequestContext, endpoint: Endpoint, limit: number) => RequestError | undefined
  /** A response is held until its caller has read it, however slow the caller is; the reason, where there is no room for it. */
  readonly hold: (context: RequestContext, bytes: number) => RequestError | undefined
  /** The request is over. */
  readonly release: (context: RequestContext) => void
}

export const make = (loadShedding: LoadShedding): RequestAdmission => {
  const shares = Shares.make()

  /** Takes on a call of an upstream. */
  const enter = (context: RequestContext, memory: HeldMemory, bytes: number): RequestError | undefined => {
    const { share } = context
    const refusal = loadShedding.refusal(
      memory,
      bytes,
      share === undefined ? undefined : (underWay) => share.underWay - 1 < underWay / shares.count(),
    )
    if (refusal !== undefined) return refusal
    memory.hold(bytes)
    context.leave = loadShedding.enter()
    return undefined
  }

  return {
    admit: (context, endpoint, limit) => {
      const { request, caller } = context
      // Beyond its limit a body is refused for itself.
      const bytes = Math.min(Number(request.headers["content-length"] ?? 0), limit)
      const isCall = endpoint.admission.callsUpstream
      const memory = loadShedding.memory(!isCall && isOperators(endpoint, caller.principal))
      context.memory = memory
      context.weigh = (more) => loadShedding.grown(memory, more)
      if (endpoint.needs !== undefined) {
        context.shareKey = Shares.keyOf(caller.principal, request)
        context.share = shares.enter(context.shareKey)
      }
      if (isCall) return enter(context, memory, bytes)
      return bytes === 0 ? undefined : loadShedding.grown(memory, bytes)
    },
    hold: ({ memory, measurements }, bytes) => {
      if (memory === undefined) return undefined
      if (measurements === undefined) return loadShedding.kept(memory, bytes)
      // The response of a call is paid for, and sent in any case.
      memory.hold(bytes)
      return undefined
    },
    release: ({ leave, shareKey, memory }) => {
      leave?.()
      if (shareKey !== undefined) shares.leave(shareKey)
      memory?.release()
    },
  }
}

/** Whether part of the memory is kept for it: without settings, keys and health an overloaded server could not be helped. */
const isOperators = ({ admission }: Endpoint, principal: RequestContext["caller"]["principal"]): boolean =>
  admission.isOperators || principal?.roles.includes("admin") === true

/** Runs at once where no request waits for the processor, else when it is the share's turn. */
export const inTurn = <A, E, R>(share: Share | undefined, run: () => Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  share === undefined || TimeSlice.isFree() ? run() : Effect.flatMap(turnOf(share), run)

/** Ends when it is the share's turn. A request that has been given up meanwhile leaves a step that does nothing. */
const turnOf = (share: Share): Effect.Effect<void> =>
  Effect.callback((resume) => TimeSlice.take(() => resume(Effect.void), share))
