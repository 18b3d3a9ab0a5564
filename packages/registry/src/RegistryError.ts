/** Why the registry refuses or cannot: the one error of this package. */
import { Data } from "effect"
import type { Collection } from "./Document.ts"

export class NotFound extends Data.TaggedError("NotFound")<{ readonly collection: Collection; readonly id: string; readonly message: string }> {}

export class AlreadyExists extends Data.TaggedError("AlreadyExists")<{
  readonly collection: Collection
  readonly id: string
  readonly message: string
}> {}

/** Somebody else wrote the record since it was read. Trying again reads it anew. */
export class VersionConflict extends Data.TaggedError("VersionConflict")<{
  readonly collection: Collection
  readonly id: string
  readonly message: string
}> {}

/** The request cannot be carried out as it stands: a rule of the registry forbids it. */
export class Refused extends Data.TaggedError("Refused")<{ readonly message: string }> {}

/** A record is needed by others; `users` are their ids. */
export class InUse extends Data.TaggedError("InUse")<{ readonly message: string; readonly users: ReadonlyArray<string> }> {}

/** A search body that cannot be read; `message` says which clause and why. */
export class BadQuery extends Data.TaggedError("BadQuery")<{ readonly message: string }> {}

/** The database failed: nothing of the write was acknowledged. */
export class StorageFailed extends Data.TaggedError("StorageFailed")<{ readonly operation: string; readonly message: string }> {}

/** A sealed value cannot be opened: another key, or somebody changed it. */
export class SealBroken extends Data.TaggedError("SealBroken")<{ readonly keyId: string; readonly message: string }> {}

export type Reason = NotFound | AlreadyExists | VersionConflict | Refused | InUse | BadQuery | StorageFailed | SealBroken

export class RegistryError extends Data.TaggedError("RegistryError")<{ readonly reason: Reason }> {
  override get message() {
    return this.reason.message
  }
}

export const fail = (reason: Reason) => new RegistryError({ reason })
