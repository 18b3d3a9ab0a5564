/**
 * Which trusted hosts have had a public address. That is stored, so that the owner of such a name cannot turn it towards this
 * network while a server restarts, or by a server that has not called it yet.
 */
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import type { Document } from "@drawbar/document-store/Document"
import type { PublicHosts } from "@drawbar/egress/TrustedHosts"
import { Effect, FiberSet, Option } from "effect"
import { optimistically } from "../internal/OptimisticRetry.ts"
import * as RecordFollower from "../records/RecordFollower.ts"
import { Settings } from "./Settings.ts"

const collection = "config"
const recordId = "_public_hosts"

export const make = Effect.gen(function* () {
  const store = yield* DocumentStore
  const changes = yield* ChangeFeed
  const settings = yield* Settings
  const run = yield* FiberSet.makeRuntime()
  const known = new Set<string>()

  const stored = store.get(collection, recordId)
  const load = Effect.map(stored, (found) => {
    for (const origin of originsIn(found)) known.add(origin)
  })
  yield* Effect.catch(load, ({ message }) =>
    Effect.logError(`Which trusted hosts are public cannot be read, and is found out again: ${message}`),
  )
  // No change waits until this server has it, so that nothing needs what `follow` returns.
  yield* Effect.asVoid(
    RecordFollower.follow({
      name: "Public hosts",
      concerns: (change) => change.collection === collection && change.id === recordId,
      reload: () => load,
    }),
  )

  const listed = () => new Set<string>(settings.get("plugins.drawbar.trusted_hosts"))
  /** A host that is trusted again begins again. */
  const forget = () => {
    const hosts = listed()
    for (const origin of known) if (!hosts.has(origin)) known.delete(origin)
  }
  const persist = optimistically(
    changes,
    Effect.fnUntraced(function* (commit) {
      const found = yield* stored
      const hosts = listed()
      const before = originsIn(found)
      const origins = [...new Set([...before, ...known])].filter((origin) => hosts.has(origin)).toSorted()
      if (JSON.stringify(origins) === JSON.stringify(before)) return
      const source = { origins }
      yield* commit([
        Option.isNone(found)
          ? { _tag: "Create", collection, id: recordId, source }
          : { _tag: "Replace", collection, id: recordId, source, ifVersion: found.value.version },
      ])
    }),
  ).pipe(Effect.catch(({ message }) => Effect.logWarning(`A public host could not be stored: ${message}`)))

  yield* settings.subscribe((changed) => {
    if (!changed.has("plugins.drawbar.trusted_hosts") || known.size === 0) return
    forget()
    run(persist)
  })

  const hosts: PublicHosts = {
    has: (origin) => known.has(origin),
    add: (origin) => {
      if (known.has(origin)) return
      known.add(origin)
      run(persist)
    },
  }
  return hosts
})

const originsIn = (found: Option.Option<Document>): ReadonlyArray<string> => {
  const origins = Option.getOrUndefined(found)?.source["origins"]
  return Array.isArray(origins) ? origins.filter((origin) => typeof origin === "string") : []
}
