/**
 * Whether another predict is more than this process can bear: too many bytes are under way, or too much work. Who is refused at once
 * may go elsewhere; who waits in a queue that only grows is answered too late.
 * Source: https://sre.google/sre-book/handling-overload/
 */
import { totalmem } from "node:os"
import process from "node:process"
import { getHeapStatistics } from "node:v8"
import * as Journey from "@drawbar/connector-runtime/Journey"
import { Effect, type Scope } from "effect"
import { because, Overloaded, type RequestError } from "./RequestError.ts"
import * as Workload from "./Workload.ts"

export interface Overload {
  /** What all predicts hold: bodies as they come, of callers and of platforms; streams pass by. */
  readonly load: Journey.Load
  /** Why a predict with a body of that many bytes is not taken on now. */
  readonly refusal: (bytes: number) => RequestError | undefined
  /** One is taken on; answers what to call when it has ended. */
  readonly enter: () => () => void
  /** That many bytes more have come for it; why it is not gone on with. */
  readonly grown: (journey: Journey.Journey, bytes: number) => RequestError | undefined
  /** How often each cause has refused. */
  readonly refusals: Readonly<Record<"bytes" | "work", number>>
}

/** In bytes: a body is also a text, a rendered request and an answer for a while, so that only a part of the memory is given to bodies. */
export const mostBytes = (constrained = process.constrainedMemory(), heap = getHeapStatistics().heap_size_limit) =>
  Math.min(1_000_000_000, (constrained || Infinity) / 4, totalmem() / 4, heap / 2)

const retryAfterMillis = 1_000

/** Watches until the scope closes. */
export const make = (measures: Workload.Measures, most = mostBytes()): Effect.Effect<Overload, never, Scope.Scope> =>
  Effect.map(Workload.make(measures), (workload) => {
    const load: Journey.Load = { bytes: 0 }
    const refusals = { bytes: 0, work: 0 }
    const refused = (cause: keyof Overload["refusals"]) => {
      refusals[cause] += 1
      return because(new Overloaded({ retryAfterMillis }))
    }
    /** One body alone, however large, is no overload. */
    const isTooMuch = (bytes: number, own = 0) => load.bytes > own && load.bytes + bytes > most
    return {
      load,
      refusals,
      enter: workload.enter,
      refusal: (bytes) => {
        if (workload.isTooMuch()) return refused("work")
        return isTooMuch(bytes) ? refused("bytes") : undefined
      },
      grown: (journey, bytes) => {
        if (isTooMuch(bytes, journey.held)) return refused("bytes")
        Journey.hold(journey, bytes)
        return undefined
      },
    }
  })
