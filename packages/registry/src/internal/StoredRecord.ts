/** Records read back: what was written was checked, so that a record which cannot be read is a fault of the store. */
import type { DecodeError } from "@drawbar/json-text/DecodeError"
import { Effect, Option, Result } from "effect"
import type { Collection, Document } from "@drawbar/document-store/Document"
import type { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { StoreError, NotFound, StorageFailed } from "@drawbar/document-store/StoreError"
import { type RegistryFailure } from "../RegistryError.ts"

/** The record, or `NotFound` with that message. */
export const find = (
  store: DocumentStore["Service"],
  collection: Collection,
  id: string,
  message: string,
): Effect.Effect<Document, RegistryFailure> =>
  Effect.flatMap(
    store.get(collection, id),
    Option.match({
      onNone: () => Effect.fail(StoreError.from(new NotFound({ collection, id, message }))),
      onSome: Effect.succeed,
    }),
  )

/** The record's source as its type says, by the decoder of that type. */
export const read = <A>(
  collection: Collection,
  { id, source }: Document,
  decode: (source: unknown) => Result.Result<A, DecodeError>,
): Result.Result<A, RegistryFailure> =>
  Result.mapError(decode(source), ({ message }) =>
    StoreError.from(
      new StorageFailed({ operation: "read", message: `The stored ${collection} [${id}] cannot be read: ${message}` }),
    ),
  )
