import { Data } from "effect"
import type { Limits } from "./ScriptLimits.ts"

/** The source is not valid Painless, or uses an unknown name; `line` and `column` are 1-based. */
export class Syntax extends Data.TaggedError("Syntax")<{
  readonly line: number
  readonly column: number
  readonly message: string
  /** The line of the source, followed by a caret at the column. */
  readonly excerpt: string
}> {}

/**
 * The script did something for which Java throws an exception of class `kind`; `message` describes the script, never
 * its data.
 */
export class Runtime extends Data.TaggedError("Runtime")<{
  readonly line: number
  readonly kind: string
  readonly message: string
}> {}

/** The script itself threw; `message` is the script's own and may contain its data. */
export class Thrown extends Data.TaggedError("Thrown")<{
  readonly line: number
  readonly exception: string
  readonly message: string
}> {}

/** The script exceeded `limit` of `what`; it cannot catch this. */
export class LimitExceeded extends Data.TaggedError("LimitExceeded")<{
  readonly what: keyof Limits
  readonly limit: number
  /** The current line, or 0 if the source was still being parsed. */
  readonly line: number
}> {
  override get message(): string {
    return `the script exceeds its limit of ${this.limit} (${this.what})`
  }
}

/** The data passed to `Params.fromJsonText` is not JSON; `offset` is 0-based, in characters. */
export class InvalidJson extends Data.TaggedError("InvalidJson")<{
  readonly offset: number
  readonly message: string
}> {}

export type Reason = Syntax | Runtime | Thrown | LimitExceeded | InvalidJson

/** Every error of a script. */
export class PainlessError extends Data.TaggedError("PainlessError")<{ readonly reason: Reason }> {
  override get message(): string {
    return sentence(this.reason)
  }
}

const sentence = (reason: Reason): string => {
  switch (reason._tag) {
    case "Syntax":
      return `line ${reason.line}, column ${reason.column}: ${reason.message}\n${reason.excerpt}`
    case "Runtime":
      return `line ${reason.line}: ${reason.message} (${reason.kind})`
    case "Thrown":
      return `line ${reason.line}: ${reason.exception}: ${reason.message}`
    case "LimitExceeded":
      return reason.line === 0 ? reason.message : `line ${reason.line}: ${reason.message}`
    case "InvalidJson":
      return `offset ${reason.offset}: ${reason.message}`
  }
}
