/** Why a store refuses or fails: the one error of this package. */
import type { InvalidField } from "@drawbar/json-text/DecodeError"
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

/** Another writer changed the record since it was read. A retry reads it again. */
export class VersionConflict extends Data.TaggedError("VersionConflict")<{
  readonly collection: Collection
  readonly id: string
  readonly message: string
}> {}

/** A search body that cannot be read; `message` says which clause and why, `type` is the wire's word for it. */
export class InvalidSearchQuery extends Data.TaggedError("InvalidSearchQuery")<{
  readonly message: string
  readonly type: "parsing_exception" | "illegal_argument_exception" | "query_shard_exception" | "parse_exception"
}> {}

/** The database failed: nothing of the write was acknowledged. */
export class StorageFailed extends Data.TaggedError("StorageFailed")<{
  readonly operation: string
  /** Whether it has no room left. */
  readonly isFull?: boolean
  readonly message: string
}> {}

/** `InvalidField`: the record could not be read again, and is not written. */
export type Reason = NotFound | AlreadyExists | VersionConflict | InvalidSearchQuery | InvalidField | StorageFailed

export class StoreError extends Data.TaggedError("StoreError")<{ readonly reason: Reason }> {
  override get message() {
    return this.reason.message
  }

  static from(reason: Reason): StoreError {
    return new StoreError({ reason })
  }
}
