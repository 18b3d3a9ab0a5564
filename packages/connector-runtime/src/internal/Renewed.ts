/** A value that expires and is fetched anew in time; those who ask while it is fetched wait for the one who began. */
import { Clock, Effect, Semaphore } from "effect"

export interface Expiring<A> {
  readonly value: A
  /** In ms since 1970. */
  readonly expires: number
}

/** In ms: what expires sooner is fetched anew. */
const margin = 300_000

/** `fetch` is told the time, in ms since 1970. */
export const make = <A, E>(fetch: (now: number) => Effect.Effect<Expiring<A>, E>): Effect.Effect<Effect.Effect<A, E>> =>
  Effect.map(Semaphore.make(1), (one) => {
    let held: Expiring<A> | undefined
    const fresh = (now: number) => (held !== undefined && held.expires - margin > now ? held : undefined)
    const renewed = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      held = fresh(now) ?? (yield* fetch(now))
      return held.value
    })
    return Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const found = fresh(now)
      return found === undefined ? one.withPermits(1)(renewed) : Effect.succeed(found.value)
    })
  })
