/**
 * `filter_path`: the parts of an answer that a client wants, by dotted patterns; `*` is any part of a name, `**` any
 * depth, a leading `-` leaves out. Lists are looked through, not counted.
 */
import * as Json from "@drawbar/json-text/Json"
import * as SearchPattern from "@drawbar/document-store/search/SearchPattern"
import { Result } from "effect"

export interface FilterPath {
  /** What is left of an answer; fails with a sentence where the patterns ask for too much work on it. */
  readonly apply: (value: Json.Json) => Result.Result<Json.Json, string>
}

/** How many names all patterns together may have: each is held against each name of an answer. */
export const maxNames = 200

/** Of one answer, in steps of 10 ns or so: a character of a name against a pattern with `*`, or a member that is looked at. */
export const maxSteps = 5_000_000

/** How many moves from one state to the next are remembered; answers have the same few names again and again. */
const maxMoves = 10_000

/** Reads a comma-separated list of patterns; fails with a sentence where there are too many. */
export const parse = (text: string): Result.Result<FilterPath, string> => {
  const all = text
    .split(",")
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== "")
  const wanted = all.filter((pattern) => !pattern.startsWith("-"))
  const unwanted = all.filter((pattern) => pattern.startsWith("-")).map((pattern) => pattern.slice(1))
  const names = [...wanted, ...unwanted].reduce((count, pattern) => count + pattern.split(".").length, 0)
  if (names > maxNames) return Result.fail(`filter_path has more than ${maxNames} names`)
  return Result.succeed({
    apply: (value) => {
      const work = { left: maxSteps }
      try {
        const kept = wanted.length === 0 ? value : (only(value, Walker.of(wanted, work).start) ?? {})
        return Result.succeed(unwanted.length === 0 ? kept : without(kept, Walker.of(unwanted, work).start))
      } catch (cause) {
        if (cause instanceof TooMuch)
          return Result.fail("filter_path asks for too much work on this answer. Name fewer fields, and use fewer [*]")
        throw cause
      }
    },
  })
}

class TooMuch extends Error {}

interface Work {
  left: number
}

const spend = (work: Work, steps: number): void => {
  work.left -= steps
  if (work.left < 0) throw new TooMuch()
}

/** Where all patterns stand at one place of an answer. */
interface State {
  /** Whether a pattern has come to its end: all below is named. */
  readonly isNamed: boolean
  /** Whether no pattern can come to its end any more. */
  readonly isDead: boolean
  /** The state one name further down. */
  readonly next: (name: string) => State
}

/** One name of a pattern: `**`, a name, or a name with `*` in it. */
type Step = { readonly anyDepth: true } | { readonly name: string } | { readonly glob: SearchPattern.PatternSet }

/** The patterns of a list as one machine: what it does at a name in a state is worked out once and remembered. */
class Walker {
  readonly start: State
  readonly #patterns: ReadonlyArray<ReadonlyArray<Step>>
  readonly #work: Work
  readonly #states = new Map<string, State>()
  #moves = 0

  private constructor(patterns: ReadonlyArray<string>, work: Work) {
    this.#patterns = patterns.map((pattern) => stepsOf(pattern))
    this.#work = work
    this.start = this.#state(patterns.map(() => [0]))
  }

  static readonly of = (patterns: ReadonlyArray<string>, work: Work): Walker => new Walker(patterns, work)

  /** `places`: of each pattern, at which of its names it may stand. */
  readonly #state = (places: ReadonlyArray<ReadonlyArray<number>>): State => {
    const key = JSON.stringify(places)
    spend(this.#work, key.length)
    const known = this.#states.get(key)
    if (known !== undefined) return known
    const moves = new Map<string, State>()
    const state: State = {
      isNamed: places.some((at, pattern) => at.includes(this.#patterns[pattern]?.length ?? -1)),
      isDead: places.every((at) => at.length === 0),
      next: (name) => {
        spend(this.#work, 1)
        const before = moves.get(name)
        if (before !== undefined) return before
        const after = this.#state(places.map((at, pattern) => this.#advance(this.#patterns[pattern] ?? [], at, name)))
        if (this.#moves++ < maxMoves) moves.set(name, after)
        return after
      },
    }
    if (this.#states.size < maxMoves) this.#states.set(key, state)
    return state
  }

  /** Where a pattern may stand one name further down, each place once: there are many ways to pass a name by `**`. */
  readonly #advance = (steps: ReadonlyArray<Step>, at: ReadonlyArray<number>, name: string): ReadonlyArray<number> => {
    const places = new Set<number>()
    for (const place of at) {
      let here = place
      for (let step = steps[here]; step !== undefined && "anyDepth" in step; step = steps[++here])
        places.add(here === steps.length - 1 ? steps.length : here)
      const step = steps[here]
      spend(this.#work, 1 + here - place)
      if (step !== undefined && !("anyDepth" in step) && this.#isMatch(step, name)) places.add(here + 1)
    }
    return [...places].toSorted((a, b) => a - b)
  }

  readonly #isMatch = (step: { readonly name: string } | { readonly glob: SearchPattern.PatternSet }, name: string) => {
    if ("name" in step) return step.name === name
    spend(this.#work, step.glob.cost(name))
    return step.glob.accepts(step.glob.advance(step.glob.start, name))
  }
}

/** `**` beside `**` says no more than one. */
const stepsOf = (pattern: string): ReadonlyArray<Step> => {
  const names = pattern.split(".")
  return names.filter((name, i) => name !== "**" || names[i + 1] !== "**").map(stepOf)
}

const stepOf = (text: string): Step => {
  if (text === "**") return { anyDepth: true }
  if (!text.includes("*")) return { name: text }
  const parts = text.split(/(\*+)/).filter((part) => part !== "")
  return {
    glob: SearchPattern.PatternSet.of([parts.map((part) => (part.startsWith("*") ? "any" : { literal: part }))]),
  }
}

const only = (value: Json.Json, state: State): Json.Json | undefined => {
  if (state.isDead) return undefined
  if (Array.isArray(value)) {
    const kept: Array<Json.Json> = []
    for (const item of value) {
      const part = only(item, state)
      if (part !== undefined) kept.push(part)
    }
    return kept.length === 0 ? undefined : kept
  }
  if (!Json.isObject(value)) return undefined
  const kept: Array<readonly [string, Json.Json]> = []
  for (const [name, child] of Object.entries(value)) {
    const below = state.next(name)
    const part = below.isNamed ? child : only(child, below)
    if (part !== undefined) kept.push([name, part])
  }
  return kept.length === 0 ? undefined : Object.fromEntries(kept)
}

const without = (value: Json.Json, state: State): Json.Json => {
  if (state.isDead) return value
  if (Array.isArray(value)) {
    const kept: Array<Json.Json> = []
    for (const item of value) kept.push(without(item, state))
    return kept
  }
  if (!Json.isObject(value)) return value
  const kept: Array<readonly [string, Json.Json]> = []
  for (const [name, child] of Object.entries(value)) {
    const below = state.next(name)
    if (!below.isNamed) kept.push([name, without(child, below)])
  }
  return Object.fromEntries(kept)
}
