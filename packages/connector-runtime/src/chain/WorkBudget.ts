/**
 * How much work one call may ask for by what it brings: paths, patterns and chains of processors, of which a short one can ask for
 * more than there is time, while everybody else waits.
 */
import process from "node:process"

/** Of 10 ns or so each. */
const maxWork = 100_000_000

/** In µs: not all work can be told beforehand, such as how far a pattern looks for each of its matches. */
const maxProcessorMicros = 2_000_000

/** How much is spent before the clock is looked at again. */
const workBetweenClockReads = 100_000

export class Exhausted extends Error {}

export class WorkBudget {
  #left = 0
  #until = 0
  #nextLook = 0

  /** Gives all of it anew. What it is given for runs to its end before anybody else does. */
  begin(): void {
    this.#left = maxWork
    this.#nextLook = maxWork - workBetweenClockReads
    this.#until = used() + maxProcessorMicros
  }

  /** Throws `Exhausted` where it is used up. */
  spend(work: number): void {
    this.#left -= work
    if (this.#left >= this.#nextLook) return
    this.#nextLook = this.#left - workBetweenClockReads
    if (this.#left < 0 || used() > this.#until) throw new Exhausted()
  }
}

/** The processor's time, which does not pass while others have the machine. */
const used = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}
