/** The records of models, as the current principal may find them. */
import { Effect, Option, Result } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import { type Document } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as Alias from "../aliases/Alias.ts"
import * as StoredRecord from "../internal/StoredRecord.ts"
import * as Model from "./Model.ts"
import type { ModelGuardrails } from "./ModelGuardrails.ts"
import { collection } from "./ModelRecords.ts"

export interface Found {
  readonly document: Document
  readonly model: Model.Model
}

/** Finds the record of a model, where its group is open to the current principal. */
export const make = Effect.gen(function* () {
  const store = yield* DocumentStore
  const asking = yield* AccessControl.enforcedPrincipal("model")

  const find = Effect.fnUntraced(function* (id: string, message: string) {
    const document = yield* StoredRecord.find(store, collection, id, message)
    return { document, model: yield* Effect.fromResult(StoredRecord.read(collection, document, Model.read)) }
  })

  /** The record, if the caller has access to its group. */
  const findFor = Effect.fnUntraced(function* (id: string, message: string, denial = noPrivilege) {
    const found = yield* find(id, message)
    yield* Effect.fromResult(AccessControl.requireAccess(yield* asking, yield* accessOf(found.model), denial))
    return found
  })

  const accessOf = (model: Model.Model) =>
    Effect.map(
      store.get("model-group", model.model_group_id),
      Option.match({
        onNone: () => AccessControl.Access.make({}),
        onSome: ({ source }) => AccessControl.of(source),
      }),
    )

  /** The ids of the models behind a name, which is an alias or such an id. */
  const targetsOf = (name: string) =>
    Effect.map(
      store.get("alias", name),
      Option.match({
        onNone: () => [name],
        onSome: ({ source }) =>
          Result.match(Alias.read(source), {
            onFailure: () => [name],
            onSuccess: ({ targets }) => targets.map(({ model_id }) => model_id),
          }),
      }),
    )

  /** Who judges has to be open to who says so: a judgement tells what was answered. */
  const judgedBy = (guardrails: ModelGuardrails | null | undefined) =>
    Effect.flatMap(asking, (asker) =>
      asker === undefined || guardrails?.type !== "model"
        ? Effect.void
        : Effect.forEach([guardrails.input_guardrail?.model_id, guardrails.output_guardrail?.model_id], (id) =>
            id == null
              ? Effect.void
              : Effect.flatMap(targetsOf(id), (ids) =>
                  Effect.forEach(ids, (one) => findFor(one, `Failed to find the model that judges: ${id}`)),
                ),
          ),
    )

  return { asking, find, findFor, accessOf, judgedBy }
})

export type ModelFinder = Effect.Success<typeof make>

export const noPrivilege = "User doesn't have privilege to perform this operation on this model"
