/** Records read back: what was written was checked, so that a record which cannot be read is a fault of the store. */
import type { BlueprintError } from "@drawbar/blueprint-schema/BlueprintError"
import { Effect, Option, Result } from "effect"
import type { Collection, Document } from "../Document.ts"
import type { DocumentStore } from "../DocumentStore.ts"
import { fail, NotFound, type RegistryError, StorageFailed } from "../RegistryError.ts"

/** The record, or `NotFound` with that message. */
export const find = (
  store: DocumentStore["Service"],
  collection: Collection,
  id: string,
  message: string,
): Effect.Effect<Document, RegistryError> =>
  Effect.flatMap(
    store.get(collection, id),
    Option.match({
      onNone: () => Effect.fail(fail(new NotFound({ collection, id, message }))),
      onSome: Effect.succeed,
    }),
  )

/** The record's source as its type says, by the decoder of that type. */
export const read = <A>(
  collection: Collection,
  { id, source }: Document,
  decode: (source: unknown) => Result.Result<A, BlueprintError>,
): Result.Result<A, RegistryError> =>
  Result.mapError(decode(source), ({ message }) =>
    fail(
      new StorageFailed({ operation: "read", message: `The stored ${collection} [${id}] cannot be read: ${message}` }),
    ),
  )
