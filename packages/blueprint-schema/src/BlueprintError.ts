/** Why a document is not a valid blueprint: the error of this package. */
import { InvalidField } from "@drawbar/json-text/DecodeError"
import { Data } from "effect"

/** Names or descriptions contain characters that are not allowed; all problems at once. */
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

export const invalid = (pointer: string, message: string, type?: InvalidField["type"]) =>
  new BlueprintError({ reason: new InvalidField({ pointer, message, ...(type === undefined ? {} : { type }) }) })
