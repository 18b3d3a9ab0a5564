/**
 * How much work one call may ask for by what it brings: paths, patterns and chains of processors, of which a short one can ask for
 * more than there is time, while everybody else waits.
 */
import { performance } from "node:perf_hooks"

/** Of 10 ns or so each. */
const whole = 100_000_000

/** In ms: not all work can be told beforehand, such as how far a pattern looks for each of its matches. */
const patience = 2_000

export class Exhausted extends Error {}

export class Allowance {
  #left = 0
  #until = 0

  /** Gives all of it anew. What it is given for runs to its end before anybody else does. */
  begin(): void {
    this.#left = whole
    this.#until = performance.now() + patience
  }

  /** Throws `Exhausted` where it is used up. */
  spend(work: number): void {
    if ((this.#left -= work) < 0 || performance.now() > this.#until) throw new Exhausted()
  }
}
