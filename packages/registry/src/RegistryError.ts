/** Why the registry refuses or cannot: the one error of this package. */
import type { UnsafeText } from "@drawbar/blueprint-schema/BlueprintError"
import { Data } from "effect"
import type { Collection } from "@drawbar/document-store/Document"
import type { StoreError } from "@drawbar/document-store/StoreError"
import type { InvalidField } from "@drawbar/json-text/DecodeError"

/** The request cannot be carried out as it stands: a rule of the registry forbids it. */
export class InvalidState extends Data.TaggedError("InvalidState")<{ readonly message: string }> {}

/** The owner of the record has not given the caller access to it. */
export class RecordAccessDenied extends Data.TaggedError("RecordAccessDenied")<{ readonly message: string }> {}

/** Passwords were guessed too often, or too many are being looked at. */
export class LoginThrottled extends Data.TaggedError("LoginThrottled")<{ readonly retryAfterMillis: number }> {
  override get message() {
    return `Too many wrong passwords. Try again in ${Math.ceil(this.retryAfterMillis / 1_000)} s; an API key is not held back`
  }
}

/** A record is needed by others; `users` are their ids. */
export class InUse extends Data.TaggedError("InUse")<{
  readonly message: string
  readonly users: ReadonlyArray<string>
}> {}

/** The record was written after the caller read it: it has another sequence number than the caller's condition. */
export class StaleWrite extends Data.TaggedError("StaleWrite")<{ readonly message: string }> {}

/** The record is at work; trying again when it is done may succeed. */
export class Busy extends Data.TaggedError("Busy")<{
  readonly collection: Collection
  readonly id: string
  readonly message: string
}> {}

/** A change of settings that changes none. */
export class NothingToUpdate extends Data.TaggedError("NothingToUpdate")<{ readonly message: string }> {}

/** A sealed value cannot be opened: it was sealed with another key, or it was changed. */
export class DecryptionFailed extends Data.TaggedError("DecryptionFailed")<{
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
  | InvalidState
  | RecordAccessDenied
  | LoginThrottled
  | InUse
  | Busy
  | StaleWrite
  | NothingToUpdate
  | DecryptionFailed
  | KeyRingUnusable

export class RegistryError extends Data.TaggedError("RegistryError")<{ readonly reason: Reason }> {
  static readonly from = (reason: Reason): RegistryError => new RegistryError({ reason })

  override get message() {
    return this.reason.message
  }
}

/** Everything that a service of the registry may fail with. */
export type RegistryFailure = RegistryError | StoreError
