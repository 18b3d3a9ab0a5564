/** Steps that work on text: a value that is none is taken as its JSON. Patterns are RE2's, and a dot matches a line break too. */
import type * as Json from "@drawbar/json-text/Json"
import * as Pattern from "@drawbar/linear-regex/Pattern"
import { Result } from "effect"
import type { WorkBudget } from "./WorkBudget.ts"
import { type Compiled, Inapplicable, type Make, text, textOf } from "./Step.ts"

export const toString: Make = ({ escape_json }) =>
  Result.succeed((value) => (escape_json === true ? JSON.stringify(textOf(value)).slice(1, -1) : textOf(value)))

/** A replacement may name groups as `$1`. */
export const regexReplace: Make = (config, { allowance }) =>
  Result.map(patternIn(config, allowance), (pattern) => {
    const { replacement = "", replace_all = true } = config
    return (value) => {
      const matcher = searched(pattern, textOf(value), allowance)
      return matcher === undefined
        ? textOf(value)
        : replaced(matcher, textOf(replacement), replace_all === true, allowance)
    }
  })

/** The groups of the first match: one as text, several as a list. What does not match stays as it is. */
export const regexCapture: Make = (config, { allowance }) =>
  Result.gen(function* () {
    const pattern = yield* patternIn(config, allowance)
    const groups = yield* groupsOf(config["groups"] ?? "1")
    return (value) => {
      const matcher = searched(pattern, textOf(value), allowance)
      if (matcher?.find() !== true) return value
      const captures = groups.filter((group) => group <= matcher.groupCount()).map((group) => matcher.group(group))
      return captures.length === 1 ? (captures[0] ?? null) : captures
    }
  })

/** A compiled pattern, or why it is none. Also used by conditions. */
export const regex = (pattern: string, allowance: WorkBudget): Compiled<Pattern.Pattern> => {
  allowance.spend(perPattern)
  return Result.mapError(
    Pattern.compile(pattern, Pattern.DOTALL),
    (why) => `Invalid regex pattern: ${pattern} (${why})`,
  )
}

/** So much that the clock is looked at: a short pattern can be long to compile. */
const perPattern = 100_000

/** Absent if there is no match: to test for one is much faster than to find its position. */
const searched = (pattern: Pattern.Pattern, source: string, allowance: WorkBudget): Matcher | undefined => {
  allowance.spend(Pattern.work(pattern, source))
  return pattern.test(source) ? pattern.matcher(source) : undefined
}

type Matcher = ReturnType<Pattern.Pattern["matcher"]>

const patternIn = (config: Json.JsonObject, allowance: WorkBudget) =>
  Result.flatMap(text(config, "pattern"), (pattern) => regex(pattern, allowance))

const replaced = (matcher: Matcher, replacement: string, all: boolean, allowance: WorkBudget): string => {
  let size = 0
  const expand = (...groups: ReadonlyArray<string | undefined>): string => {
    const text = replacement.replaceAll(reference, (_, literal: string | undefined, group: string) => {
      if (literal !== undefined) return literal
      if (Number(group) > matcher.groupCount()) throw new Inapplicable()
      return groups[Number(group)] ?? ""
    })
    size += text.length
    allowance.produce(size)
    allowance.spend(text.length + 300)
    return text
  }
  return all ? matcher.replaceAll(expand) : matcher.replaceFirst(expand)
}

/** A character after a backslash is itself; a dollar and a digit are a group. */
const reference = /\\([^])|\$(\d)/g

const groupsOf = (given: Json.Json): Compiled<ReadonlyArray<number>> => {
  const parts = textOf(given)
    .replaceAll(/^\s*\[|\]\s*$/g, "")
    .split(",")
    .map((part) => part.trim())
  return parts.every((part) => /^\d{1,4}$/.test(part))
    ? Result.succeed(parts.map(Number))
    : Result.fail(`Invalid 'groups' format: ${textOf(given)}`)
}
