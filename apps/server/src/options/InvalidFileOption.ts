import { Data } from "effect"

/** The file of a flag cannot be used; the message names the file and the reason. */
export class InvalidFileOption extends Data.TaggedError("UnusableFile")<{ readonly message: string }> {}
