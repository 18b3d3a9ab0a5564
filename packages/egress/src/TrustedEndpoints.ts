/** The list of URLs that connectors may call, in the operator's notation. */
import * as Pattern from "@drawbar/linear-regex/Pattern"
import { Data, Result } from "effect"

/** Longer than any host may be: https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4 */
export const maxEntryChars = 256

/** An entry that is neither a host nor an RE2 regular expression. */
export class InvalidEntry extends Data.TaggedError("InvalidEntry")<{
  readonly entry: string
  readonly problem: string
}> {
  override get message() {
    return `${this.problem}: ${this.entry.slice(0, maxEntryChars)}`
  }
}

export interface TrustedEndpoints {
  readonly entries: ReadonlyArray<string>
  /** Whether an entry matches the URL. The caller must reject a URL with a user, a password or a fragment. */
  readonly matches: (url: URL) => boolean
}

/**
 * Compiles a list. An entry is either
 * - a host, `api.openai.com`, `vllm.internal:8443`, whose first label may contain one `*` for part of that label
 * (`*.openai.azure.com`). It matches https, that host, that port (443 by default) and any path; or
 * - an RE2 regular expression that must match the whole URL as the URL parser writes it. A URL without a path is also
 * tried without the slash that the parser adds.
 */
export const make = (entries: ReadonlyArray<string>): Result.Result<TrustedEndpoints, InvalidEntry> =>
  Result.map(Result.all(entries.map(compile)), (tests) => ({
    entries,
    matches: (url) => tests.some((test) => test(url)),
  }))

/** What is wrong with one entry. */
export const check = (entry: string): Result.Result<void, InvalidEntry> => Result.map(compile(entry), () => undefined)

/** Whether an entry is a plain host, as above, and no regular expression. */
export const isHost = (entry: string): boolean => hostEntry.test(entry)

type Test = (url: URL) => boolean

const compile = (entry: string): Result.Result<Test, InvalidEntry> => {
  if (entry.length > maxEntryChars)
    return Result.fail(new InvalidEntry({ entry, problem: `Regex pattern too long (max ${maxEntryChars} chars)` }))
  const host = hostEntry.exec(entry)?.groups
  return host === undefined ? regex(entry) : Result.succeed(plain(host["host"] ?? "", host["port"] ?? ""))
}

// With a `*` in a later label, `https.*` would be a host; no regular expression for a URL has one in the first label.
const hostEntry = /^(?<host>(?:[a-z0-9-]+|[a-z0-9-]*\*[a-z0-9-]*(?=\.))(?:\.[a-z0-9-]+)*)(?::(?<port>\d+))?$/i

const plain = (host: string, port: string): Test => {
  const [before = "", after] = host.toLowerCase().split("*")
  const effectivePort = port === "443" ? "" : port
  const named = (hostname: string) => {
    if (after === undefined) return hostname === before
    const wildcard = hostname.slice(before.length, hostname.length - after.length)
    return hostname === `${before}${wildcard}${after}` && /^[a-z0-9-]+$/.test(wildcard)
  }
  return (url) => url.protocol === "https:" && url.port === effectivePort && named(url.hostname)
}

const regex = (entry: string): Result.Result<Test, InvalidEntry> =>
  Result.mapBoth(Pattern.compile(entry), {
    onSuccess: (pattern) => (url: URL) => equivalentUrls(url).some((text) => pattern.testExact(text)),
    onFailure: () => new InvalidEntry({ entry, problem: "Invalid regex pattern" }),
  })

const equivalentUrls = (url: URL): ReadonlyArray<string> =>
  url.pathname === "/" && url.search === "" ? [url.href, url.href.slice(0, -1)] : [url.href]

/** The entry whose host differs from that of a rejected URL by a few characters, if there is one. */
export const nearest = ({ entries }: TrustedEndpoints, url: URL): string | undefined => {
  const ranked = entries.map((entry) => ({ entry, steps: distance(hostOf(entry), url.host) }))
  return ranked.filter(({ steps }) => steps <= maxTypos).toSorted((a, b) => a.steps - b.steps)[0]?.entry
}

/** More characters than this make another host, not a misspelled one. */
const maxTypos = 3

/** The host of an entry, unescaped; suitable for comparison, not for decisions. */
const hostOf = (entry: string) =>
  entry
    .replace(/^\^?https?\??:\/\//, "")
    .replace(/\/.*$|\$$/, "")
    .replaceAll("\\", "")

/** Levenshtein distance. */
const distance = (left: string, right: string): number => {
  let row = Array.from({ length: right.length + 1 }, (_, column) => column)
  for (const [index, character] of [...left].entries()) {
    const next = [index + 1]
    for (let column = 1; column <= right.length; column++)
      next.push(
        Math.min(
          (next[column - 1] ?? 0) + 1,
          (row[column] ?? 0) + 1,
          (row[column - 1] ?? 0) + (right[column - 1] === character ? 0 : 1),
        ),
      )
    row = next
  }
  return row.at(-1) ?? 0
}

/** Warnings about entries that allow more hosts than they appear to. */
export const warnings = (entries: ReadonlyArray<string>): ReadonlyArray<string> =>
  entries.flatMap((entry) => {
    const problem = isHost(entry) ? wildcardProblem(entry) : regexProblem(entry)
    return problem === undefined ? [] : [`${entry}: ${problem}`]
  })

const wildcardProblem = (entry: string): string | undefined =>
  entry.includes("*") && entry.split(".").length < 3
    ? "its wildcard is directly below a top-level domain, so anyone can register a matching host"
    : undefined

const regexProblem = (entry: string): string | undefined => {
  const start = entry.indexOf("://")
  if (start === -1) return "it has no scheme and host, so it may match a URL of any host"
  const end = entry.indexOf("/", start + 3)
  const host = entry.slice(start + 3, end === -1 ? entry.length : end).replace(/\$$/, "")
  if (matchesSlash.test(host))
    return "its host is open: `.*` and similar patterns also match a slash, so another host can precede it. Write [a-z0-9-]+ for one label"
  if (end === -1 && !entry.endsWith("$") && /[*+?)]$/.test(host)) return "its host has no end; add a slash after it"
  if (unescapedDot.test(host)) return "a dot in its host is not escaped, so it matches any character; write \\."
  return undefined
}

/** A repeated dot, or a repeated class that contains the slash. */
const matchesSlash = /(?<!\\)(?:\\\\)*(?:\.|\\[DSWP]|\[\^[^\]]*\])(?:[*+]|\{)/
const unescapedDot = /(?<!\\)(?:\\\\)*\.(?![*+?{])/
