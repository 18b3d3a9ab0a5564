/**
 * Whether another predict is more than this process can bear: too many bytes are under way, or so much work that its event loop is
 * late and who comes now would be answered too late. Who is refused at once may go elsewhere.
 * Sources: https://sre.google/sre-book/handling-overload/, https://queue.acm.org/detail.cfm?id=2209336
 */
import { Effect, type Scope } from "effect"
import { because, Overloaded, type RequestError } from "./RequestError.ts"

export interface Overload {
  /** Why a predict with a body of that many bytes is not taken on now. */
  readonly refusal: (bytes: number) => RequestError | undefined
  /** It is taken on; answers what to call when it has ended. */
  readonly enter: (bytes: number) => () => void
}

/** What time it is, on a clock that only goes forward, and what this process has used of its processors; in ms. */
export interface Measures {
  readonly now: () => number
  readonly used: () => number
}

/** In bytes: of all bodies that are under way together. */
const mostBytes = 1_000_000_000

/** In ms: how often the loop is looked at, and how late is late. */
export const interval = 100
const late = 50

/** In ms of a processor: what may be under way while the loop is late. A predict that waits for its platform costs it nothing. */
const mostWork = 500

/** The part of it that is left where the loop stays late, and how it goes down and up again, look by look. */
const least = 0.05
const down = 0.7
const up = 1.05

/** How much the newest predicts count in what one costs. */
const newest = 0.3

const retryAfterMillis = 1_000

/** Watches until the scope closes. */
export const make = ({ now, used }: Measures): Effect.Effect<Overload, never, Scope.Scope> =>
  Effect.gen(function* () {
    let bytesUnderWay = 0
    let underWay = 0
    let ended = 0
    let cost = 0
    let part = 1
    let lateInARow = 0
    let lastLook = now()
    let lastUsed = used()
    const look = () => {
      const lag = now() - lastLook - interval
      lastLook = now()
      lateInARow = lag > late ? lateInARow + 1 : 0
      // One long step of somebody's is no overload.
      if (lateInARow > 1) part = Math.max(least, part * down)
      else if (lateInARow === 0) part = Math.min(1, part * up)
      if (ended > 0) cost += newest * ((used() - lastUsed) / ended - cost)
      if (ended > 0 || underWay === 0) lastUsed = used()
      ended = 0
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => setInterval(look, interval).unref()),
      (timer) => Effect.sync(() => clearInterval(timer)),
    )
    const isLate = () => lateInARow > 0 || now() - lastLook > interval + late
    const isTooMuch = () => underWay * cost > part * mostWork && (part < 1 || isLate())
    return {
      refusal: (bytes) =>
        bytesUnderWay + bytes > mostBytes || isTooMuch() ? because(new Overloaded({ retryAfterMillis })) : undefined,
      enter: (bytes) => {
        bytesUnderWay += bytes
        underWay += 1
        return () => {
          bytesUnderWay -= bytes
          underWay -= 1
          ended += 1
        }
      },
    }
  })
