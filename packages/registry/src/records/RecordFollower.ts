/**
 * Keeps what a service holds in memory as it is stored, whether this process wrote a record or another one did: a change that the feed
 * reports is read again. A writer waits for that reading, so that its own change holds when it returns.
 */
import { type RecordChange, ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { Effect, Exit, FiberSet, type Scope, Semaphore } from "effect"
import type { RegistryFailure } from "../RegistryError.ts"

export interface Following {
  readonly concerns: (change: RecordChange) => boolean
  /** Reads these records, some of which may be gone, and holds what it finds. */
  readonly reload: (ids: ReadonlyArray<string>) => Effect.Effect<void, RegistryFailure>
  /** What is followed, for the log. */
  readonly name: string
}

/** How long after a failure the records are read again. */
const retryAfter = "1 second"

/** Returns the effect that waits until all that was reported so far is read. Follows until the scope closes. */
export const follow = Effect.fnUntraced(function* ({
  concerns,
  reload,
  name,
}: Following): Effect.fn.Return<Effect.Effect<void, RegistryFailure>, never, ChangeFeed | Scope.Scope> {
  const changes = yield* ChangeFeed
  const run = yield* FiberSet.makeRuntime()
  const reader = yield* Semaphore.make(1)
  const stale = new Set<string>()
  let isFollowing = false

  const read = Effect.suspend(() => {
    const ids = [...stale]
    if (ids.length === 0) return Effect.void
    stale.clear()
    return Effect.onExit(reload(ids), (exit) =>
      Effect.sync(() => {
        if (Exit.isFailure(exit)) for (const id of ids) stale.add(id)
      }),
    )
  })
  const caughtUp = reader.withPermit(read)

  const followed: Effect.Effect<void> = Effect.suspend(() => {
    isFollowing = stale.size > 0
    return isFollowing ? Effect.andThen(Effect.catch(caughtUp, later), followed) : Effect.void
  })
  const later = ({ message }: RegistryFailure) =>
    Effect.andThen(
      Effect.logWarning(`${name}: a change cannot be read yet, and is read again in ${retryAfter}: ${message}`),
      Effect.sleep(retryAfter),
    )

  yield* changes.subscribe((written) => {
    for (const change of written) if (concerns(change)) stale.add(change.id)
    if (stale.size === 0 || isFollowing) return
    isFollowing = true
    run(
      Effect.ensuring(
        followed,
        Effect.sync(() => (isFollowing = false)),
      ),
    )
  })

  return caughtUp
})
