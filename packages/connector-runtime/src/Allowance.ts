/**
 * How much work one call may ask for by what it brings: paths, patterns and chains of processors, of which a short one can ask for
 * more than there is time, while everybody else waits.
 */

/** Of 10 ns or so each. */
const whole = 100_000_000

export class Exhausted extends Error {}

export class Allowance {
  #left = 0

  /** Gives all of it anew. What it is given for runs to its end before anybody else does. */
  begin(): void {
    this.#left = whole
  }

  /** Throws `Exhausted` where it is used up. */
  spend(work: number): void {
    if ((this.#left -= work) < 0) throw new Exhausted()
  }
}
