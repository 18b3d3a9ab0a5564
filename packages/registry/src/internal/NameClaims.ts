/**
 * Names of models: ids that clients choose and aliases share one namespace. Two collections have no common key, so that
 * each such name has a claim, which is created in the transaction that takes the name.
 */
import { createHash } from "node:crypto"
import { isObject, type Json } from "@drawbar/json-text/Json"
import { Effect, Option, Stream } from "effect"
import type { Write } from "@drawbar/document-store/Document"
import type { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { AlreadyExists, StoreError } from "@drawbar/document-store/StoreError"
import type { RegistryFailure } from "../RegistryError.ts"
import * as UniquenessGuard from "./UniquenessGuard.ts"

const claimOf = (name: string) => `_model_name_${createHash("sha256").update(name).digest("hex")}`

/** The write that takes a free name. Fails with `AlreadyExists` where a model or an alias has it. */
export const claim = Effect.fnUntraced(function* (
  store: DocumentStore["Service"],
  name: string,
): Effect.fn.Return<Write, RegistryFailure> {
  for (const collection of ["model", "alias"] as const)
    if (Option.isSome(yield* store.get(collection, name)))
      return yield* StoreError.from(
        new AlreadyExists({
          collection,
          id: name,
          message: `The name [${name}] is taken: there is ${collection === "alias" ? "an alias" : "a model"} with it. Ids of models and aliases share one namespace; choose another name`,
        }),
      )
  const { collection } = UniquenessGuard
  const left = yield* store.get(collection, claimOf(name))
  // A claim without its record was left by a version of Drawbar that knew no claims.
  return Option.match(left, {
    onNone: () => ({ _tag: "Create", collection, id: claimOf(name), source: {} }),
    onSome: ({ id, version, source }) => ({ _tag: "Replace", collection, id, source, ifVersion: version }),
  })
})

/** The write that gives a name back, where it was claimed. */
export const unclaim = (
  store: DocumentStore["Service"],
  name: string,
): Effect.Effect<ReadonlyArray<Write>, RegistryFailure> =>
  Effect.map(
    store.get(UniquenessGuard.collection, claimOf(name)),
    Option.match({
      onNone: () => [],
      onSome: ({ id }) => [{ _tag: "Delete", collection: UniquenessGuard.collection, id } as const],
    }),
  )

/** The names of the aliases of which a model is a target. */
export const aliasesOf = (
  store: DocumentStore["Service"],
  modelId: string,
): Effect.Effect<ReadonlyArray<string>, RegistryFailure> =>
  Stream.runCollect(
    store.all("alias").pipe(
      Stream.filter(
        ({ source: { targets } }) =>
          Array.isArray(targets) && targets.some((target: Json) => isObject(target) && target["model_id"] === modelId),
      ),
      Stream.map(({ id }) => id),
    ),
  )
