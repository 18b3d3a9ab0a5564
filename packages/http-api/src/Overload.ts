/**
 * Whether another predict is more than this process can bear: too many bytes are under way, or its event loop has been late
 * for too long. Who is refused at once may go elsewhere; who waits in a queue that only grows is answered too late.
 * Source: https://sre.google/sre-book/handling-overload/
 */
import { Effect, type Scope } from "effect"
import { because, Overloaded, type RequestError } from "./RequestError.ts"

export interface Overload {
  /** Why a predict with a body of that many bytes is not taken on now. */
  readonly refusal: (bytes: number) => RequestError | undefined
  /** It is taken on; answers what to call when it has ended. */
  readonly enter: (bytes: number) => () => void
}

/** In bytes: of all bodies that are under way together. */
const mostBytes = 1_000_000_000

/** In ms: how often the loop is looked at, and how late is late. */
const interval = 100
const late = 250

/** How often in a row it has to be late: one long step of somebody's is no overload. */
const inARow = 3

const retryAfterMillis = 1_000

/** Watches until the scope closes. `now` is in ms, of a clock that only goes forward. */
export const make = (now: () => number): Effect.Effect<Overload, never, Scope.Scope> =>
  Effect.gen(function* () {
    let bytesUnderWay = 0
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
    return {
      refusal: (bytes) =>
        lateInARow >= inARow || bytesUnderWay + bytes > mostBytes
          ? because(new Overloaded({ retryAfterMillis }))
          : undefined,
      enter: (bytes) => {
        bytesUnderWay += bytes
        return () => {
          bytesUnderWay -= bytes
        }
      },
    }
  })
