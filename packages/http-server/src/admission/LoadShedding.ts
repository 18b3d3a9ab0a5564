/**
 * Whether another predict is more than this process can bear: too many bytes are under way, or too much work. Who is refused at once
 * may go elsewhere; who waits in a queue that only grows is answered too late.
 * Source: https://sre.google/sre-book/handling-overload/
 */
import { totalmem } from "node:os"
import process from "node:process"
import { getHeapStatistics } from "node:v8"
import { Effect, type Scope } from "effect"
import { Overloaded, RequestError } from "../http/RequestError.ts"
import * as AdmissionControl from "./AdmissionControl.ts"
import { HeldMemory, type Load } from "./HeldMemory.ts"

export interface LoadShedding {
  /** What is held: bodies as they come, of callers and of upstreams, and all responses until they are read; streams pass by. */
  readonly load: Load
  /** The memory of one request; operators' requests have a part of it kept for them. */
  readonly memory: (isReserved?: boolean) => HeldMemory
  /**
   * Why a call of an upstream with a body of that many bytes is not taken on now. `hasLess`: whether its principal has less than its part
   * of all that is under way.
   */
  readonly refusal: (
    memory: HeldMemory,
    bytes: number,
    hasLess?: (underWay: number) => boolean,
  ) => RequestError | undefined
  /** A call of an upstream is taken on; returns what to call when it has ended. */
  readonly enter: () => () => void
  /** That many bytes more have come for a request; why it is not gone on with. */
  readonly grown: (memory: HeldMemory, bytes: number) => RequestError | undefined
  /** A response of so many bytes is held until its caller has read it: why it is not sent. A small one is sent in any case. */
  readonly kept: (memory: HeldMemory, bytes: number) => RequestError | undefined
  /** How often each cause has refused. */
  readonly refusals: Readonly<Record<"bytes" | "work", number>>
}

/** In bytes: a body is also a text, a rendered request and an answer for a while, so that only a part of the memory is given to bodies. */
export const maxHeldBytes = (constrained = process.constrainedMemory(), heap = getHeapStatistics().heap_size_limit) =>
  Math.min(1_000_000_000, (constrained || Infinity) / 4, totalmem() / 4, heap / 2)

/** The part of that beyond it which is kept for the bodies of operators. */
const reserve = 0.1

const retryAfterMillis = 1_000

/** In bytes: up to here a response is sent by a server that is full, too, so that it can be looked at. */
const alwaysSentBytes = 65_536

/** Watches until the scope closes. */
export const make = (
  measures: AdmissionControl.Measures,
  maxBytes = maxHeldBytes(),
): Effect.Effect<LoadShedding, never, Scope.Scope> =>
  Effect.map(AdmissionControl.make(measures), (workload) => {
    const load: Load = { bytes: 0, maxBytes }
    const refusals = { bytes: 0, work: 0 }
    const refused = (cause: keyof LoadShedding["refusals"]) => {
      refusals[cause] += 1
      return RequestError.from(new Overloaded({ retryAfterMillis }))
    }
    return {
      load,
      refusals,
      memory: (isReserved = false) => new HeldMemory(load, isReserved ? maxBytes * (1 + reserve) : maxBytes),
      enter: workload.enter,
      refusal: (memory, bytes, hasLess) => {
        if (workload.isTooMuch(hasLess)) return refused("work")
        return memory.hasRoom(bytes) ? undefined : refused("bytes")
      },
      grown: (memory, bytes) => (memory.tryHold(bytes) ? undefined : refused("bytes")),
      kept: (memory, bytes) => {
        if (bytes > alwaysSentBytes && !memory.hasRoom(bytes)) return refused("bytes")
        memory.hold(bytes)
        return undefined
      },
    }
  })
