/** Why the registry refuses or cannot: the one error of this package. */
import type { InvalidField, UnsafeText } from "@drawbar/blueprint-schema/BlueprintError"
import { Data } from "effect"
import type { Collection } from "./Document.ts"

export class NotFound extends Data.TaggedError("NotFound")<{
  readonly collection: Collection
  readonly id: string
  readonly message: string
}> {}

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

/** The record belongs to somebody who has not opened it to who asks. */
export class NoAccess extends Data.TaggedError("NoAccess")<{ readonly message: string }> {}

/** Passwords were guessed too often, or too many are being looked at. */
export class TooManyGuesses extends Data.TaggedError("TooManyGuesses")<{ readonly retryAfterMillis: number }> {
  override get message() {
    return `Too many wrong passwords. Try again in ${Math.ceil(this.retryAfterMillis / 1_000)} s; an API key is not held back`
  }
}

/** A record is needed by others; `users` are their ids. */
export class InUse extends Data.TaggedError("InUse")<{
  readonly message: string
  readonly users: ReadonlyArray<string>
}> {}

/** The record is at work; trying again when it is done may succeed. */
export class Busy extends Data.TaggedError("Busy")<{
  readonly collection: Collection
  readonly id: string
  readonly message: string
}> {}

/** A change of settings that changes none. */
export class NothingToUpdate extends Data.TaggedError("NothingToUpdate")<{ readonly message: string }> {}

/** A search body that cannot be read; `message` says which clause and why, `type` is the wire's word for it. */
export class BadQuery extends Data.TaggedError("BadQuery")<{
  readonly message: string
  readonly type: "parsing_exception" | "illegal_argument_exception" | "query_shard_exception" | "parse_exception"
}> {}

/** The database failed: nothing of the write was acknowledged. */
export class StorageFailed extends Data.TaggedError("StorageFailed")<{
  readonly operation: string
  readonly message: string
}> {}

/** A sealed value cannot be opened: another key, or somebody changed it. */
export class SealBroken extends Data.TaggedError("SealBroken")<{
  readonly keyId: string
  readonly field: string
  readonly message: string
}> {}

/** The key ring's file is missing, unreadable, or readable by others; `message` says what to do. */
export class KeyRingUnusable extends Data.TaggedError("KeyRingUnusable")<{
  readonly path: string
  readonly message: string
}> {}

/** The two reasons of a document that cannot be read are those of a blueprint: the same fields, the same rules. */
export type Reason =
  | InvalidField
  | UnsafeText
  | NotFound
  | AlreadyExists
  | VersionConflict
  | Refused
  | NoAccess
  | TooManyGuesses
  | InUse
  | Busy
  | NothingToUpdate
  | BadQuery
  | StorageFailed
  | SealBroken
  | KeyRingUnusable

export class RegistryError extends Data.TaggedError("RegistryError")<{ readonly reason: Reason }> {
  override get message() {
    return this.reason.message
  }
}

export const fail = (reason: Reason) => new RegistryError({ reason })
