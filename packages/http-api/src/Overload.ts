/**
 * Whether another predict is more than this process can bear: too many bytes are under way, or its event loop has been late
 * for too long. Who is refused at once may go elsewhere; who waits in a queue that only grows is answered too late.
 * Source: https://sre.google/sre-book/handling-overload/
 */
import { totalmem } from "node:os"
import process from "node:process"
import { getHeapStatistics } from "node:v8"
import * as Journey from "@drawbar/connector-runtime/Journey"
import { Effect, type Scope } from "effect"
import { because, Overloaded, type RequestError } from "./RequestError.ts"

export interface Overload {
  /** What all predicts hold: bodies as they come, of callers and of platforms; streams pass by. */
  readonly load: Journey.Load
  /** Why a predict with a body of that many bytes is not taken on now. */
  readonly refusal: (bytes: number) => RequestError | undefined
  /** That many bytes more have come for it; why it is not gone on with. */
  readonly grown: (journey: Journey.Journey, bytes: number) => RequestError | undefined
  /** How often each cause has refused. */
  readonly refusals: Readonly<Record<"bytes" | "event_loop", number>>
}

/** In bytes: a body is also a text, a rendered request and an answer for a while, so that only a part of the memory is given to bodies. */
export const mostBytes = (constrained = process.constrainedMemory(), heap = getHeapStatistics().heap_size_limit) =>
  Math.min(1_000_000_000, (constrained || Infinity) / 4, totalmem() / 4, heap / 2)

/** In ms: how often the loop is looked at, and how late is late. */
const interval = 100
const late = 250

/** How often in a row it has to be late: one long step of somebody's is no overload. */
const inARow = 3

const retryAfterMillis = 1_000

/** Watches until the scope closes. `now` is in ms, of a clock that only goes forward. */
export const make = (now: () => number, most = mostBytes()): Effect.Effect<Overload, never, Scope.Scope> =>
  Effect.gen(function* () {
    const load: Journey.Load = { bytes: 0 }
    const refusals = { bytes: 0, event_loop: 0 }
    let lateInARow = 0
    let last = now()
    const look = () => {
      const lag = now() - last - interval
      last = now()
      lateInARow = lag > late ? lateInARow + 1 : 0
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => setInterval(look, interval).unref()),
      (timer) => Effect.sync(() => clearInterval(timer)),
    )
    const refused = (cause: keyof Overload["refusals"]) => {
      refusals[cause] += 1
      return because(new Overloaded({ retryAfterMillis }))
    }
    /** One body alone, however large, is no overload. */
    const isTooMuch = (bytes: number, own = 0) => load.bytes > own && load.bytes + bytes > most
    return {
      load,
      refusals,
      refusal: (bytes) => {
        if (lateInARow >= inARow) return refused("event_loop")
        return isTooMuch(bytes) ? refused("bytes") : undefined
      },
      grown: (journey, bytes) => {
        if (isTooMuch(bytes, journey.held)) return refused("bytes")
        Journey.hold(journey, bytes)
        return undefined
      },
    }
  })
