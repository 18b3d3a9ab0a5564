import type { Limits } from "../../ScriptLimits.ts"
import type { Exception } from "./Exception.ts"

/** A Java exception being thrown; a script may catch it. */
export class Raised {
  readonly exception: Exception
  readonly line: number
  constructor(exception: Exception, line: number) {
    this.exception = exception
    this.line = line
  }
}

/** An exceeded limit; a script cannot catch it. */
export class Exhausted {
  readonly what: keyof Limits
  constructor(what: keyof Limits) {
    this.what = what
  }
}
