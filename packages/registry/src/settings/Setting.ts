/** One cluster setting: its default, when it may change, and how its text is read. */
import * as TrustedEndpoints from "@drawbar/egress/TrustedEndpoints"
import * as TrustedHosts from "@drawbar/egress/TrustedHosts"
import { Result } from "effect"

/** A value as clients send and are shown it: text, or a list of texts. */
export type Shown = string | ReadonlyArray<string>

export interface Setting<out A> {
  /** `dynamic` by the API at any time; `static` and `final` by the settings file only. */
  readonly changes: "dynamic" | "static" | "final"
  readonly fallback: A
  readonly read: (name: string, shown: Shown) => Result.Result<A, string>
}

const setting = <A>(fallback: A, read: Setting<A>["read"]): Setting<A> => ({ changes: "dynamic", fallback, read })

export const fixed = <A>(changes: "static" | "final", inner: Setting<A>): Setting<A> => ({ ...inner, changes })

export const flag = (fallback: boolean) =>
  setting(fallback, (name, shown) => {
    if (shown === "true" || shown === "false") return Result.succeed(shown === "true")
    return Result.fail(
      `Failed to parse value [${textOf(shown)}] as only [true] or [false] are allowed. Set [${name}] to one of them`,
    )
  })

export const text = (fallback: string) => setting(fallback, one)

export const choice = <const Choices extends ReadonlyArray<string>>(...choices: Choices) =>
  setting<Choices[number]>(choices[0] ?? "", (name, shown) => {
    const chosen = choices.find((known) => known === shown)
    return chosen === undefined
      ? Result.fail(
          `Failed to parse value [${textOf(shown)}] for setting [${name}] must be one of [${choices.join(", ")}]`,
        )
      : Result.succeed(chosen)
  })

/** A whole number between two others, or from one on. */
export const integer = (fallback: number, minimum: number, maximum = 2_147_483_647) =>
  setting(fallback, number(/^-?\d+$/, minimum, maximum))

/** A number between 0 and 1. */
export const ratio = (fallback: number) => setting(fallback, number(/^-?\d*\.?\d+$/, 0, 1))

/** Texts: a list, or one text with commas. */
export const texts = (fallback: ReadonlyArray<string>) =>
  setting(fallback, (_name, shown) =>
    Result.succeed(typeof shown === "string" ? shown.split(",").flatMap((part) => part.trim() || []) : shown),
  )

/** A regular expression that is searched for in a text. */
export const pattern = (fallback: string) =>
  setting(fallback, (name, shown) =>
    Result.flatMap(one(name, shown), (regex) => Result.map(check(name, regex), () => regex)),
  )

/** Regular expressions that match a whole text, or plain host names such as `api.openai.com` and `*.openai.azure.com`. */
export const patterns = (fallback: ReadonlyArray<string>) =>
  setting(fallback, (name, shown) => {
    const list = typeof shown === "string" ? [shown] : shown
    return Result.map(Result.all(list.map((entry) => check(name, entry))), () => list)
  })

/** Origins: scheme, host and port. */
export const origins = (fallback: ReadonlyArray<string>) =>
  setting(fallback, (name, shown) => {
    const list = typeof shown === "string" ? [shown] : shown
    if (list.length > TrustedHosts.maxEntries)
      return Result.fail(`setting [${name}] has more than ${TrustedHosts.maxEntries} entries`)
    return Result.mapError(Result.all(list.map(TrustedHosts.parse)), ({ message }) => `Invalid trusted host ${message}`)
  })

const one = (name: string, shown: Shown): Result.Result<string, string> =>
  typeof shown === "string"
    ? Result.succeed(shown)
    : Result.fail(`Failed to parse value [${textOf(shown)}] for setting [${name}] must be one text`)

const number =
  (form: RegExp, minimum: number, maximum: number) =>
  (name: string, shown: Shown): Result.Result<number, string> => {
    const refused = (why: string) => Result.fail(`Failed to parse value [${textOf(shown)}] for setting [${name}]${why}`)
    if (typeof shown !== "string" || !form.test(shown)) return refused("")
    const value = Number(shown)
    if (value < minimum) return refused(` must be >= ${minimum}`)
    return value > maximum ? refused(` must be <= ${maximum}`) : Result.succeed(value)
  }

const textOf = (shown: Shown) => (typeof shown === "string" ? shown : shown.join(","))

// The engine is linear in time whatever the pattern; the rule stays because clients know its message.
const nested = /\([^()]*[+*}][^()]*\)[+*{]|\\[1-9]|\\k</
const isNested = (entry: string) =>
  entry.length <= TrustedEndpoints.maxEntryChars && !TrustedEndpoints.isHost(entry) && nested.test(entry)

const check = (name: string, entry: string): Result.Result<void, string> =>
  isNested(entry)
    ? Result.fail(
        `Regex pattern contains nested quantifiers or backreferences that may cause ReDoS: ${entry}. Write the entry of [${name}] without a repeated group, such as ${example}`,
      )
    : Result.mapError(
        TrustedEndpoints.check(entry),
        ({ problem }) =>
          `${problem}: ${entry}. Correct the entry of [${name}]: a regular expression of whole URLs, such as ${example}`,
      )

const example = "^https://api\\.example\\.com/.*$"
