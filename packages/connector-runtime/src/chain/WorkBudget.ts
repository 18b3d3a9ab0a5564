/**
 * How much work one call may ask for by what it brings: paths, patterns and chains of processors, of which a short one can ask for
 * more than there is time, while other requests wait.
 */
import { performance } from "node:perf_hooks"
import process from "node:process"

/** Bounds of the work for one value. */
export interface Bounds {
  /** Of 10 ns or so each. */
  readonly units: number
  /** In µs of the processor: not all work can be told beforehand, such as how far a pattern looks for each of its matches. */
  readonly micros: number
}

/** For what a connector's author wrote, which was seen when the connector was created. */
const ofAuthors: Bounds = { units: 100_000_000, micros: 2_000_000 }

/** For what one request brings. */
export const ofCallers: Bounds = { units: 15_000_000, micros: 100_000 }

/** How much is spent, and how many ms pass, before the processor's clock is looked at again. */
const workBetweenClockReads = 100_000
const betweenMs = 5

export class Exhausted extends Error {}

/** What is produced would be longer than so many characters. */
export class TooLarge extends Error {
  readonly limit: number
  constructor(limit: number) {
    super()
    this.limit = limit
  }
}

export class WorkBudget {
  readonly #bounds: Bounds
  #left = 0
  #until = 0
  #nextLook = 0
  /** By `performance.now()`. */
  #lookAt = 0
  #rested = 0
  #largest = Infinity

  constructor(bounds: Bounds = ofAuthors) {
    this.#bounds = bounds
  }

  /** Restores the whole budget. The work that it is for runs to its end before any other, except while it rests. */
  begin(): void {
    this.#left = this.#bounds.units
    this.#nextLook = this.#left - workBetweenClockReads
    this.#until = used() + this.#bounds.micros
  }

  /** Others run until `resume`: their time is not counted. */
  rest(): void {
    this.#rested = used()
  }

  resume(): void {
    this.#until += used() - this.#rested
  }

  /** Throws `Exhausted` where it is used up. */
  spend(work: number): void {
    this.#left -= work
    if (this.#left >= this.#nextLook && performance.now() < this.#lookAt) return
    this.#nextLook = this.#left - workBetweenClockReads
    this.#lookAt = performance.now() + betweenMs
    if (this.#left < 0 || used() > this.#until) throw new Exhausted()
  }

  /** In characters of JSON: how much may be produced from a value of some size. */
  produceFrom(size: number, times: number): void {
    this.#largest = Math.max(harmless, size * times)
  }

  /** Throws `TooLarge` where a value of some size may not be produced. */
  produce(size: number): void {
    if (size > this.#largest) throw new TooLarge(this.#largest)
  }
}

/** In characters: a small answer may become so large, whatever its size. */
const harmless = 1_000_000

/** The processor's time, which does not pass while others have the machine. */
const used = (): number => {
  const { user, system } = process.cpuUsage()
  return user + system
}
