import type { Limits } from "../../ScriptLimits.ts"
import type { Exception } from "./Exception.ts"

/** A Java exception on its way up; a script may catch it. */
export class Raised {
  readonly exception: Exception
  readonly line: number
  constructor(exception: Exception, line: number) {
    this.exception = exception
    this.line = line
  }
}

/** A limit that was met; a script cannot catch it. */
export class Exhausted {
  readonly what: keyof Limits
  constructor(what: keyof Limits) {
    this.what = what
  }
}
