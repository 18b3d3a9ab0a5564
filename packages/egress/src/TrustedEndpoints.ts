/** The list of URLs that connectors may call, as the operator wrote it. */
import * as Pattern from "@drawbar/linear-regex/Pattern"
import { Data, Result } from "effect"

/** Longer than any host may be: https://www.rfc-editor.org/rfc/rfc1035#section-2.3.4 */
export const maxEntryChars = 256

/** An entry that is neither a host nor a regular expression of RE2. */
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
  /** One of them lets the URL pass. Its user, password and fragment are the caller's to refuse. */
  readonly matches: (url: URL) => boolean
}

/**
 * Compiles a list. An entry is either
 * - a host, `api.openai.com`, `vllm.internal:8443`, whose first label may hold one `*` for a part of that label
 *   (`*.openai.azure.com`): https, that host, that port (443 if none is named), any path; or
 * - a regular expression of RE2 that the whole URL has to match, as the URL parser writes it. A URL without a path is also
 *   tried without the slash that the parser adds.
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

// A `*` in a later label would make a host of `https.*`; no regular expression for a URL has it in the first.
const hostEntry = /^(?<host>(?:[a-z0-9-]+|[a-z0-9-]*\*[a-z0-9-]*(?=\.))(?:\.[a-z0-9-]+)*)(?::(?<port>\d+))?$/i

const plain = (host: string, port: string): Test => {
  const [before = "", after] = host.toLowerCase().split("*")
  const effectivePort = port === "443" ? "" : port
  const named = (hostname: string) => {
    if (after === undefined) return hostname === before
    const wild = hostname.slice(before.length, hostname.length - after.length)
    return hostname === `${before}${wild}${after}` && /^[a-z0-9-]+$/.test(wild)
  }
  return (url) => url.protocol === "https:" && url.port === effectivePort && named(url.hostname)
}

const regex = (entry: string): Result.Result<Test, InvalidEntry> =>
  Result.mapBoth(Pattern.compile(entry), {
    onSuccess: (pattern) => (url: URL) => spellings(url).some((text) => pattern.testExact(text)),
    onFailure: () => new InvalidEntry({ entry, problem: "Invalid regex pattern" }),
  })

const spellings = (url: URL): ReadonlyArray<string> =>
  url.pathname === "/" && url.search === "" ? [url.href, url.href.slice(0, -1)] : [url.href]

/** The entry that a refused URL's host comes closest to; absent where there are none. */
export const nearest = ({ entries }: TrustedEndpoints, url: URL): string | undefined => {
  const ranked = entries.map((entry) => ({ entry, steps: distance(hostOf(entry), url.host) }))
  return ranked.toSorted((a, b) => a.steps - b.steps)[0]?.entry
}

/** What an entry says of the host, unescaped; good enough to compare, not to decide. */
const hostOf = (entry: string) =>
  entry
    .replace(/^\^?https?\??:\/\//, "")
    .replace(/\/.*$|\$$/, "")
    .replaceAll("\\", "")

/** Levenshtein's distance. */
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

/** What an operator should know of entries that let more hosts pass than they seem to. */
export const warnings = (entries: ReadonlyArray<string>): ReadonlyArray<string> =>
  entries.flatMap((entry) => {
    const problem = isHost(entry) ? wildness(entry) : openness(entry)
    return problem === undefined ? [] : [`${entry}: ${problem}`]
  })

const wildness = (entry: string): string | undefined =>
  entry.includes("*") && entry.split(".").length < 3
    ? "its wildcard stands right before a top-level domain, so that anybody can register a host that matches"
    : undefined

const openness = (entry: string): string | undefined => {
  const start = entry.indexOf("://")
  if (start === -1) return "names no scheme and host, so that it may match a URL of any host"
  const end = entry.indexOf("/", start + 3)
  const host = entry.slice(start + 3, end === -1 ? entry.length : end).replace(/\$$/, "")
  if (anything.test(host))
    return "its host is open: `.*` and the like also match a slash, so that another host can stand before it. Write [a-z0-9-]+ for one label"
  if (end === -1 && !entry.endsWith("$") && /[*+?)]$/.test(host)) return "its host has no end; put a slash after it"
  if (unescapedDot.test(host)) return "a dot of its host is not escaped, so that it matches any character; write \\."
  return undefined
}

/** A repeated dot, or a repeated class that holds the slash. */
const anything = /(?<!\\)(?:\\\\)*(?:\.|\\[DSWP]|\[\^[^\]]*\])(?:[*+]|\{)/
const unescapedDot = /(?<!\\)(?:\\\\)*\.(?![*+?{])/
