/** Why a document is no blueprint: the one error of this package. */
import { Data } from "effect"

/** A field is missing, of the wrong type, or has a value that is not allowed. `pointer` is a JSON pointer (RFC 6901). */
export class InvalidField extends Data.TaggedError("InvalidField")<{
  readonly pointer: string
  readonly message: string
}> {}

/** Names or descriptions hold characters that are not allowed; every problem at once. */
export class UnsafeText extends Data.TaggedError("UnsafeText")<{ readonly problems: ReadonlyArray<string> }> {
  override get message() {
    return `Validation Failed: ${this.problems.map((problem, i) => `${i + 1}: ${problem};`).join("")}`
  }
}

export class BlueprintError extends Data.TaggedError("BlueprintError")<{ readonly reason: InvalidField | UnsafeText }> {
  override get message() {
    return this.reason.message
  }
}

export const invalid = (pointer: string, message: string) =>
  new BlueprintError({ reason: new InvalidField({ pointer, message }) })
