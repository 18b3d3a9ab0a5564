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
import type { HeldMemory, Load } from "./HeldMemory.ts"

export interface LoadShedding {
  /** What all predicts hold: bodies as they come, of callers and of platforms; streams pass by. */
  readonly load: Load
  /** Why a predict with a body of that many bytes is not taken on now. */
  readonly refusal: (bytes: number) => RequestError | undefined
  /** Why another request with a body of that many bytes is not taken on now; operators' have a part of the memory kept for them. */
  readonly bodyRefusal: (bytes: number, isReserved: boolean) => RequestError | undefined
  /** One is taken on; answers what to call when it has ended. */
  readonly enter: () => () => void
  /** That many bytes more have come for it; why it is not gone on with. */
  readonly grown: (memory: HeldMemory, bytes: number, isReserved?: boolean) => RequestError | undefined
  /** How often each cause has refused. */
  readonly refusals: Readonly<Record<"bytes" | "work", number>>
}

/** In bytes: a body is also a text, a rendered request and an answer for a while, so that only a part of the memory is given to bodies. */
export const maxHeldBytes = (constrained = process.constrainedMemory(), heap = getHeapStatistics().heap_size_limit) =>
  Math.min(1_000_000_000, (constrained || Infinity) / 4, totalmem() / 4, heap / 2)

/** The part of that beyond it which is kept for the bodies of operators. */
export const reserve = 0.1

const retryAfterMillis = 1_000

/** Watches until the scope closes. */
export const make = (
  measures: AdmissionControl.Measures,
  most = maxHeldBytes(),
): Effect.Effect<LoadShedding, never, Scope.Scope> =>
  Effect.map(AdmissionControl.make(measures), (workload) => {
    const load: Load = { bytes: 0 }
    const refusals = { bytes: 0, work: 0 }
    const refused = (cause: keyof LoadShedding["refusals"]) => {
      refusals[cause] += 1
      return RequestError.from(new Overloaded({ retryAfterMillis }))
    }
    /** One body alone, however large, is no overload. */
    const isTooMuch = (bytes: number, own = 0, limit = most) => load.bytes > own && load.bytes + bytes > limit
    const limits = { shared: most, reserved: most * (1 + reserve) }
    return {
      load,
      refusals,
      enter: workload.enter,
      refusal: (bytes) => {
        if (workload.isTooMuch()) return refused("work")
        return isTooMuch(bytes) ? refused("bytes") : undefined
      },
      bodyRefusal: (bytes, isReserved) =>
        isTooMuch(bytes, 0, limits[isReserved ? "reserved" : "shared"]) ? refused("bytes") : undefined,
      grown: (memory, bytes, isReserved = false) => {
        if (isTooMuch(bytes, memory.bytes, limits[isReserved ? "reserved" : "shared"])) return refused("bytes")
        memory.hold(bytes)
        return undefined
      },
    }
  })
