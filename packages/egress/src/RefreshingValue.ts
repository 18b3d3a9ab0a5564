/** A value that expires and is fetched again before it does. Concurrent callers share one fetch and its result. */
import { Clock, Effect, Exit, Semaphore } from "effect"

export interface Expiring<A> {
  readonly value: A
  /** In ms since 1970. */
  readonly expires: number
}

/**
 * In ms. A value is refreshed this long before it expires. A short-lived value is refreshed at half of its lifetime,
 * but at least a minute before it expires.
 */
const refreshMarginMs = 300_000
const minRefreshMarginMs = 60_000
const marginFor = (life: number) => Math.min(refreshMarginMs, Math.max(minRefreshMarginMs, life / 2))

/** In ms: how long an unexpired value stays in use after a failed refresh, before the next attempt. */
const staleGraceMs = 30_000

interface CachedValue<A> extends Expiring<A> {
  /** When to refresh, in ms since 1970. */
  readonly due: number
}

/** `fetch` receives the current time, in ms since 1970. */
export const make = <A, E>(fetch: (now: number) => Effect.Effect<Expiring<A>, E>): Effect.Effect<Effect.Effect<A, E>> =>
  Effect.map(Semaphore.make(1), (lock) => {
    let cached: CachedValue<A> | undefined
    let last: Exit.Exit<CachedValue<A>, E> | undefined

    const refresh = Effect.fnUntraced(function* (now: number) {
      const old = cached
      const found = Effect.map(fetch(now), (found) => ({
        ...found,
        due: found.expires - marginFor(found.expires - now),
      }))
      last = yield* Effect.exit(
        old === undefined || old.expires <= now
          ? found
          : Effect.orElseSucceed(found, () => ({ ...old, due: Math.min(now + staleGraceMs, old.expires) })),
      )
      cached = Exit.isSuccess(last) ? last.value : undefined
      return yield* last
    })

    return Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      if (cached !== undefined && cached.due > now) return cached.value
      const before = last
      // A caller that waited for the lock uses the result of the fetch before it.
      const shared = Effect.suspend(() => (last === undefined || last === before ? refresh(now) : last))
      return (yield* lock.withPermits(1)(shared)).value
    })
  })
