/**
 * User-supplied regular expressions, compiled by RE2. RE2 does not backtrack, so matching takes time linear in the
 * text. Source: https://swtch.com/~rsc/regexp/regexp3.html
 */
import { Result } from "effect"
import { RE2JS } from "re2js"

export type Pattern = RE2JS

/** In characters. */
const maxLength = 10_000

/** In instructions. Counted repetitions are short to write but expand to many instructions. */
const maxProgramSize = 1_000

/**
 * Compiles a pattern. The failure is the end of a sentence that begins with the pattern's name: "… is invalid: it is
 * longer than …".
 */
export const compile = (pattern: string, flags = 0): Result.Result<Pattern, string> => {
  if (pattern.length > maxLength) return Result.fail(`it is longer than ${maxLength} characters`)
  return Result.try({
    try: () => bounded(RE2JS.compile(pattern, flags)),
    catch: (cause) => (cause instanceof Error ? cause.message : String(cause)),
  }).pipe(
    Result.filterOrFail(
      (compiled) => compiled.programSize() <= maxProgramSize,
      () => `it compiles to more than ${maxProgramSize} instructions; shorten its repetitions`,
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

/** The worst-case cost of a search in a text, in steps of about 10 ns: every instruction at every character. */
export const work = (pattern: Pattern, text: string): number => (pattern.programSize() + 20) * text.length
