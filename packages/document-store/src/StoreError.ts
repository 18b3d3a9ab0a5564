/** The error of this package: why a store rejects an operation or fails. */
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

/** Another writer changed the record after it was read. To retry, read it again. */
export class VersionConflict extends Data.TaggedError("VersionConflict")<{
  readonly collection: Collection
  readonly id: string
  readonly message: string
}> {}

/** An invalid search body. `message` names the clause and the problem; `type` is the error type on the wire. */
export class InvalidSearchQuery extends Data.TaggedError("InvalidSearchQuery")<{
  readonly message: string
  readonly type: "parsing_exception" | "illegal_argument_exception" | "query_shard_exception" | "parse_exception"
}> {}

/** The database failed: no part of the write was acknowledged. */
export class StorageFailed extends Data.TaggedError("StorageFailed")<{
  readonly operation: string
  /** Whether the database is full. */
  readonly isFull?: boolean
  /** Present if the database cannot be used now, and the same request may succeed after this time. */
  readonly retryAfterMillis?: number
  readonly message: string
}> {}

/** `InvalidField`: the record could not be read again, so it was not written. */
export type Reason = NotFound | AlreadyExists | VersionConflict | InvalidSearchQuery | InvalidField | StorageFailed

export class StoreError extends Data.TaggedError("StoreError")<{ readonly reason: Reason }> {
  override get message() {
    return this.reason.message
  }

  static from(reason: Reason): StoreError {
    return new StoreError({ reason })
  }
}
