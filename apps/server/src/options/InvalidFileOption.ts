import { Data } from "effect"

/** A file that a flag names cannot be used; the message says which and why. */
export class InvalidFileOption extends Data.TaggedError("UnusableFile")<{ readonly message: string }> {}
