/** A value that expires and is fetched anew in time; those who ask while it is fetched wait for the one who began, and share what comes of it. */
import { Clock, Effect, Exit, Semaphore } from "effect"

export interface Expiring<A> {
  readonly value: A
  /** In ms since 1970. */
  readonly expires: number
}

/** In ms: what expires sooner is fetched anew. Of a life that is not much longer half is used, as far as a minute is left. */
const margin = 300_000
const least = 60_000
const marginOf = (life: number) => Math.min(margin, Math.max(least, life / 2))

/** In ms: how long a value that still holds is gone on with where a new one could not be had. */
const staleGraceMs = 30_000

interface Held<A> extends Expiring<A> {
  /** When a new one is fetched, in ms since 1970. */
  readonly due: number
}

/** `fetch` is told the time, in ms since 1970. */
export const make = <A, E>(fetch: (now: number) => Effect.Effect<Expiring<A>, E>): Effect.Effect<Effect.Effect<A, E>> =>
  Effect.map(Semaphore.make(1), (one) => {
    let held: Held<A> | undefined
    let last: Exit.Exit<Held<A>, E> | undefined

    const fetched = Effect.fnUntraced(function* (now: number) {
      const old = held
      const found = Effect.map(fetch(now), (found) => ({
        ...found,
        due: found.expires - marginOf(found.expires - now),
      }))
      last = yield* Effect.exit(
        old === undefined || old.expires <= now
          ? found
          : Effect.orElseSucceed(found, () => ({ ...old, due: Math.min(now + staleGraceMs, old.expires) })),
      )
      held = Exit.isSuccess(last) ? last.value : undefined
      return yield* last
    })

    return Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      if (held !== undefined && held.due > now) return held.value
      const before = last
      // Whoever had to wait takes what the one before him was given.
      const shared = Effect.suspend(() => (last === undefined || last === before ? fetched(now) : last))
      return (yield* one.withPermits(1)(shared)).value
    })
  })
