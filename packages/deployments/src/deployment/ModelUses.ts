/** When models were last called on any of the servers that share a database: each tells the others what was called on it. */
import { randomUUID } from "node:crypto"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { Clock, Effect, Option, Schema } from "effect"
import type { Deployments } from "./Deployments.ts"

/** How often each server reports its uses. */
const interval = "5 seconds"

/** In ms: a use is reported for so long; by then the others have stored it. */
const toldMillis = 60_000

const Told = Schema.Struct({ uses: Schema.Record(Schema.String, Schema.Finite) })
const decodeTold = Schema.decodeUnknownOption(Schema.fromJsonString(Told))

export interface ModelUses {
  /** In ms since 1970; nothing where no server has called it since this one started. */
  readonly lastUsed: (id: string) => Effect.Effect<number | undefined>
  /** Hears what the others say; to be called before `lastUsed`. `ids` are the models that are asked about. */
  readonly hear: (ids: ReadonlyArray<string>) => Effect.Effect<void>
}

/** Tells until the scope closes. */
export const make = Effect.fnUntraced(function* ({ lastUsed }: Deployments["Service"]) {
  const { followed } = yield* DocumentStore
  if (followed === undefined) return { lastUsed, hear: () => Effect.void } satisfies ModelUses
  const { replicas } = followed
  const self = `uses-${randomUUID()}`
  let asked: ReadonlySet<string> = new Set()
  const heard = new Map<string, number>()

  const tell = Effect.gen(function* () {
    const since = (yield* Clock.currentTimeMillis) - toldMillis
    const uses: Record<string, number> = {}
    for (const id of asked) {
      const at = yield* lastUsed(id)
      if (at !== undefined && at >= since) uses[id] = at
    }
    yield* Object.keys(uses).length === 0
      ? replicas.leave(self)
      : replicas.beat({ id: self, about: JSON.stringify({ uses }) })
  })
  // While the database is away no model is undeployed either.
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.ignore(tell), Effect.sleep(interval))))
  yield* Effect.addFinalizer(() => Effect.ignore(replicas.leave(self)))

  return {
    lastUsed: (id) =>
      Effect.map(lastUsed(id), (own) => {
        const other = heard.get(id)
        return own === undefined || other === undefined ? (own ?? other) : Math.max(own, other)
      }),
    hear: (ids) =>
      Effect.map(
        Effect.orElseSucceed(replicas.all, () => []),
        (rows) => {
          asked = new Set(ids)
          for (const id of heard.keys()) if (!asked.has(id)) heard.delete(id)
          for (const { about } of rows) {
            const told = Option.getOrUndefined(decodeTold(about))
            for (const [id, at] of Object.entries(told?.uses ?? {}))
              if (asked.has(id)) heard.set(id, Math.max(at, heard.get(id) ?? 0))
          }
        },
      ),
  } satisfies ModelUses
})
