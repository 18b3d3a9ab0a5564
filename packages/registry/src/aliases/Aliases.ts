/**
 * Aliases of models. They are held in memory, so that a predict resolves one without the database; a change holds for
 * every call that begins after it was acknowledged.
 */
import { invalid } from "@drawbar/blueprint-schema/BlueprintError"
import type { Document } from "@drawbar/document-store/Document"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { decode } from "@drawbar/json-text/Decode"
import type { Json } from "@drawbar/json-text/Json"
import { Clock, Context, Effect, Layer, Option, Result, Stream } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import type { CurrentPrincipal } from "../access/CurrentPrincipal.ts"
import * as ModelAccess from "../internal/ModelAccess.ts"
import * as ModelNames from "../internal/NameClaims.ts"
import { optimistically } from "../internal/OptimisticRetry.ts"
import * as StoredRecord from "../internal/StoredRecord.ts"
import * as ModelFinder from "../models/ModelFinder.ts"
import { InvalidState, RecordAccessDenied, RegistryError, type RegistryFailure } from "../RegistryError.ts"
import * as RecordFollower from "../records/RecordFollower.ts"
import * as ResourceId from "../records/ResourceId.ts"
import * as Alias from "./Alias.ts"
import * as WeightedTurns from "./WeightedTurns.ts"

/** Aliases of one server. */
const maxAliases = 1_000

export interface NamedAlias extends Alias.Alias {
  readonly name: string
}

export class Aliases extends Context.Service<
  Aliases,
  {
    /** Reads a `PUT` body and creates the alias or switches it. Fails with `AlreadyExists` where a model has the name. */
    readonly set: (
      name: string,
      body: Json,
    ) => Effect.Effect<{ readonly alias: NamedAlias; readonly isNew: boolean }, RegistryFailure>
    readonly get: (name: string) => Effect.Effect<NamedAlias, RegistryFailure>
    /** Those whose targets are all open to the principal, by name. */
    readonly list: Effect.Effect<ReadonlyArray<NamedAlias>, RegistryFailure>
    readonly delete: (name: string) => Effect.Effect<void, RegistryFailure>
    /** The targets of an alias; nothing where there is no such alias. */
    readonly targets: (name: string) => ReadonlyArray<Alias.Target> | undefined
    /** Whether a key that is for some models, by their ids or by aliases, may call a model; without a list it may call all. */
    readonly allows: (principal: CurrentPrincipal | undefined, modelId: string) => boolean
    /** The model that takes the next call of a name: one of an alias's targets, or the model of that id. */
    readonly next: (name: string) => string
    /** The one model behind a name, to read it. Of several targets it is the one with the greatest weight. */
    readonly main: (name: string) => string
    /** The one model behind a name, to change it. Fails with `InvalidState` where there are several. */
    readonly only: (name: string) => Effect.Effect<string, RegistryFailure>
  }
>()("@drawbar/registry/Aliases") {
  static readonly layer = Layer.effect(
    Aliases,
    Effect.gen(function* () {
      const store = yield* DocumentStore
      const changes = yield* ChangeFeed
      const { asking, findFor } = yield* ModelFinder.make
      const known = new Map<string, Known>()

      const remember = (document: Document) =>
        Effect.matchEffect(Effect.fromResult(StoredRecord.read(collection, document, Alias.read)), {
          onSuccess: (alias) => Effect.sync(() => void known.set(document.id, knownOf(alias, known.get(document.id)))),
          // One that cannot be read stands for no model, and does not keep the others out.
          onFailure: ({ message }) =>
            Effect.andThen(
              Effect.sync(() => void known.delete(document.id)),
              Effect.logError(message),
            ),
        })
      const caughtUp = yield* RecordFollower.follow({
        name: "Aliases",
        concerns: (change) => change.collection === collection,
        reload: (ids) =>
          Effect.forEach(
            ids,
            (id) =>
              Effect.flatMap(
                store.get(collection, id),
                Option.match({ onNone: () => Effect.sync(() => void known.delete(id)), onSome: remember }),
              ),
            { discard: true },
          ),
      })
      yield* Stream.runForEach(store.all(collection), remember)

      const find = Effect.fnUntraced(function* (name: string) {
        const document = yield* StoredRecord.find(store, collection, name, `There is no alias [${name}]`)
        return { document, alias: yield* Effect.fromResult(StoredRecord.read(collection, document, Alias.read)) }
      })
      const targetsOpen = ({ targets }: Alias.Alias) =>
        Effect.forEach(targets, ({ model_id }) => findFor(model_id, `Failed to find the target model [${model_id}]`), {
          discard: true,
        })
      const ownedOnly = Effect.fnUntraced(function* (name: string, { owner }: Alias.Alias) {
        const principal = yield* asking
        if (principal !== undefined && owner !== undefined && !AccessControl.isOneOfOwners(principal, [owner]))
          return yield* RegistryError.from(
            new RecordAccessDenied({
              message: `Only the owner of the alias [${name}] or an admin can change it. Ask them, or set another alias`,
            }),
          )
      })

      const set = Effect.fnUntraced(function* (name: string, body: Json) {
        const targets = yield* Effect.fromResult(readTargets(body))
        yield* ResourceId.chosenOrNew("alias", name)
        return yield* optimistically(
          changes,
          Effect.fnUntraced(function* (commit) {
            const found = yield* store.get(collection, name)
            const before = Option.isNone(found) ? undefined : yield* find(name)
            if (before !== undefined) yield* ownedOnly(name, before.alias)
            const now = yield* Clock.currentTimeMillis
            const owner = before === undefined ? yield* AccessControl.ownerOfNew : before.alias.owner
            const alias: Alias.Alias = {
              targets,
              ...(owner === undefined ? {} : { owner }),
              created_time: before?.alias.created_time ?? now,
              last_updated_time: now,
            }
            yield* targetsOpen(alias)
            if (before === undefined && known.size >= maxAliases) return yield* tooMany
            const source = { ...alias }
            yield* commit(
              before === undefined
                ? [{ _tag: "Create", collection, id: name, source }, yield* ModelNames.claim(store, name)]
                : [{ _tag: "Replace", collection, id: name, source, ifVersion: before.document.version }],
            )
            yield* caughtUp
            return { alias: { name, ...alias }, isNew: before === undefined }
          }),
          [`alias ${name}`, ...targets.map(({ model_id }) => `model ${model_id}`)],
        )
      })

      return {
        set,
        get: Effect.fnUntraced(function* (name) {
          const { alias } = yield* find(name)
          const principal = yield* asking
          for (const { model_id } of alias.targets)
            yield* ModelAccess.check(store, principal, model_id, ModelFinder.noPrivilege)
          return { name, ...alias }
        }),
        list: Effect.gen(function* () {
          const hidden = yield* ModelAccess.hidden(store, yield* asking)
          return [...known]
            .filter(([, { alias }]) => !alias.targets.some(({ model_id }) => hidden.has(model_id)))
            .map(([name, { alias }]) => ({ name, ...alias }))
            .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        }),
        delete: (name) =>
          optimistically(
            changes,
            Effect.fnUntraced(function* (commit) {
              const { document, alias } = yield* find(name)
              yield* ownedOnly(name, alias)
              yield* commit([
                { _tag: "Delete", collection, id: name, ifVersion: document.version },
                ...(yield* ModelNames.unclaim(store, name)),
              ])
              yield* caughtUp
            }),
            [`alias ${name}`],
          ),
        targets: (name) => known.get(name)?.alias.targets,
        allows: (principal, modelId) => {
          const listed = principal?.models
          if (listed === undefined || listed.includes(modelId)) return true
          return listed.some((name) => known.get(name)?.alias.targets.some(({ model_id }) => model_id === modelId))
        },
        next: (name) => known.get(name)?.next().model_id ?? name,
        main: (name) => {
          const found = known.get(name)
          return found === undefined ? name : Alias.mainTarget(found.alias).model_id
        },
        only: (name) => {
          const targets = known.get(name)?.alias.targets ?? []
          return targets.length > 1
            ? Effect.fail(RegistryError.from(new InvalidState({ message: severalTargets(name, targets) })))
            : Effect.succeed(targets[0]?.model_id ?? name)
        },
      }
    }),
  )
}

interface Known {
  readonly alias: Alias.Alias
  readonly next: () => Alias.Target
}

const collection = "alias"

const decodeDocument = decode(Alias.AliasDocument)

const readTargets = (body: Json): Result.Result<Alias.Alias["targets"], RegistryFailure> =>
  Result.flatMap(
    Result.mapError(decodeDocument(body), ({ reason }) => RegistryError.from(reason)),
    (document) => Result.mapError(Alias.targetsOf(document), ({ reason }) => RegistryError.from(reason)),
  )

/** The turns of an alias go on where only something else of it has changed. */
const knownOf = (alias: Alias.Alias, before: Known | undefined): Known => ({
  alias,
  next:
    before !== undefined && JSON.stringify(before.alias.targets) === JSON.stringify(alias.targets)
      ? before.next
      : WeightedTurns.make(alias.targets),
})

const severalTargets = (name: string, targets: ReadonlyArray<Alias.Target>) =>
  `The alias [${name}] has the targets [${targets.map(({ model_id }) => model_id).join(", ")}]. Send this request to the id of one of them`

const tooMany = RegistryError.from(
  invalid("", `There are ${maxAliases} aliases already, the maximum. Delete one first`).reason,
)
