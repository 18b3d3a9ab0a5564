/**
 * Regular expressions that others write: RE2's, which never go back, so that no text makes them slow for ever.
 * Source: https://swtch.com/~rsc/regexp/regexp3.html
 */
import { Result } from "effect"
import { RE2JS } from "re2js"

export type Pattern = RE2JS

/** In characters. */
const longest = 10_000

/** In instructions: repetitions that are counted are short to write and long to run. */
const largest = 1_000

/** Compiles a pattern; fails with the rest of a sentence that says why it is none. */
export const compile = (pattern: string, flags = 0): Result.Result<Pattern, string> => {
  if (pattern.length > longest) return Result.fail(`it is longer than ${longest} characters`)
  return Result.try({
    try: () => bounded(RE2JS.compile(pattern, flags)),
    catch: (cause) => (cause instanceof Error ? cause.message : String(cause)),
  }).pipe(
    Result.filterOrFail(
      (compiled) => compiled.programSize() <= largest,
      () => `it is ${largest} steps long once its repetitions are written out, or longer`,
    ),
  )
}

/**
 * In bytes: what a pattern may remember of the texts that it was held against, as states of its automaton. The library's own bound, 8 MB,
 * is that of one pattern; records hold many. Beyond it the states are forgotten and made again.
 */
const remembered = 262_144

const bounded = (compiled: Pattern): Pattern => {
  const { dfa } = compiled.re2Input
  dfa.stateBudget = remembered
  dfa.memBudget = remembered
  return compiled
}

/** The flag by which a dot matches a line break too. */
export const { DOTALL } = RE2JS

/** What a search in a text takes at the very worst, in steps of 10 ns or so: each instruction at each character. */
export const work = (pattern: Pattern, text: string): number => (pattern.programSize() + 20) * text.length
