import type { Limits } from "../Limits.ts"
import { Exception, type Value } from "./Value.ts"

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

const costOfUnwinding = 20

/** One run of a script: where it stands and what it may still use. */
export class Run {
  readonly limits: Limits
  /** Texts of the data that are escaped already. */
  readonly escaped: ReadonlySet<string>
  line = 0
  depth = 0
  /** What the `return` under way hands back. */
  result: Value = null
  /** Characters of the answer so far. */
  answered = 0
  private steps: number
  private elements: number

  constructor(limits: Limits, escaped: ReadonlySet<string>) {
    this.limits = limits
    this.escaped = escaped
    this.steps = limits.steps
    this.elements = limits.elements
  }

  /** Counts `amount` steps. */
  work(amount: number): void {
    if ((this.steps -= amount) < 0) throw new Exhausted("steps")
  }

  /** Reads or copies a text of `length`, which must be one that may exist. */
  text(length: number): void {
    if (length > this.limits.text) throw new Exhausted("text")
    if ((this.steps -= length >> 7) < 0) throw new Exhausted("steps")
  }

  /** Goes into a call; who comes back takes one off `depth`, and who catches an exception puts it back. */
  enter(): void {
    this.work(1)
    if (++this.depth > this.limits.calls) throw new Exhausted("calls")
  }

  /** Takes `amount` more elements into a collection. */
  hold(amount: number): void {
    if ((this.elements -= amount) < 0) throw new Exhausted("elements")
  }

  /** Raises what Java would. */
  fail(kind: string, message: string): never {
    return this.raise(new Exception(kind, message, false))
  }

  /** Unwinding takes far longer than a step, and a script can catch and go on. */
  raise(exception: Exception): never {
    this.work(costOfUnwinding)
    throw new Raised(exception, this.line)
  }
}
