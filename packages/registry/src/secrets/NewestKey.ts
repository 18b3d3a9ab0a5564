/**
 * Which key the servers of one database seal with. A server whose key ring does not have that key would seal what the
 * others cannot open, so that it does not seal.
 */
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { Context, Effect, Layer, Option } from "effect"
import { optimistically } from "../internal/OptimisticRetry.ts"
import * as RecordFollower from "../records/RecordFollower.ts"
import { KeyRingUnusable, RegistryError, type RegistryFailure } from "../RegistryError.ts"
import { KeyRing } from "./KeyRing.ts"

export class NewestKey extends Context.Reference<{
  /** Fails if this server must not seal. */
  readonly checked: Effect.Effect<void, RegistryFailure>
  /** The active key of this server is the newest from now on. */
  readonly announce: Effect.Effect<void, RegistryFailure>
}>("@drawbar/registry/NewestKey", { defaultValue: () => ({ checked: Effect.void, announce: Effect.void }) }) {
  /** Of a database that several servers share; otherwise there is nothing to check. */
  static readonly layer = Layer.effect(
    NewestKey,
    Effect.gen(function* () {
      const store = yield* DocumentStore
      const changes = yield* ChangeFeed
      const ring = yield* KeyRing
      if (store.followed === undefined) return { checked: Effect.void, announce: Effect.void }
      let newest: string | undefined
      const stored = store.get(collection, recordId)
      const held = (found: Option.Option<{ readonly source: object }>) => {
        const key = Option.match(found, { onNone: () => undefined, onSome: ({ source }) => Reflect.get(source, "key") })
        newest = typeof key === "string" ? key : undefined
      }
      const caughtUp = yield* RecordFollower.follow({
        name: "The newest encryption key",
        concerns: (change) => change.collection === collection && change.id === recordId,
        reload: () => Effect.map(stored, held),
      })
      const announce = optimistically(
        changes,
        Effect.fnUntraced(function* (commit) {
          const source = { key: ring.current().active.id }
          const found = Option.getOrUndefined(yield* stored)
          if (found?.source["key"] === source.key) return
          yield* commit([
            found === undefined
              ? { _tag: "Create", collection, id: recordId, source }
              : { _tag: "Replace", collection, id: recordId, source, ifVersion: found.version },
          ])
        }),
      ).pipe(Effect.andThen(caughtUp))
      const isMissing = () => newest !== undefined && !ring.current().all.has(newest)
      const checked = Effect.suspend(() =>
        isMissing()
          ? Effect.andThen(
              ring.reread,
              Effect.suspend(() => (isMissing() ? Effect.fail(lacks(String(newest))) : Effect.void)),
            )
          : Effect.void,
      )

      held(yield* stored)
      if (newest === undefined) yield* announce
      yield* Effect.catch(checked, ({ message }) => Effect.logError(message))
      return { checked, announce }
    }),
  )
}

const collection = "config"
const recordId = "_newest_key"

const lacks = (key: string) =>
  RegistryError.from(
    new KeyRingUnusable({
      path: "",
      message:
        `The key ring of this server does not have the key [${key}], with which the servers of this database encrypt. ` +
        "Give it the key ring of the others; or, if that one is lost for good, make this one the newest with drawbar keyring rotate",
    }),
  )
