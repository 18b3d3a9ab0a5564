/** Why a value does not match its schema: the error of `Decode`. */
import { Data } from "effect"

/**
 * A field is missing, has the wrong type, or has a value that is not allowed. `pointer` is a JSON pointer (RFC 6901).
 */
export class InvalidField extends Data.TaggedError("InvalidField")<{
  readonly pointer: string
  readonly message: string
  /** The error type on the wire, if it is not `illegal_argument_exception`. */
  readonly type?: "parse_exception" | "settings_exception"
}> {}

export class DecodeError extends Data.TaggedError("DecodeError")<{ readonly reason: InvalidField }> {
  override get message() {
    return this.reason.message
  }
}
