/** The query string: the parameters of every endpoint, those of one endpoint, and the error for unknown ones. */
import { Result } from "effect"
import * as FilterPath from "./FilterPath.ts"
import { BadParameter, NotAcceptable, RequestError } from "./RequestError.ts"

export interface Query {
  readonly pretty: boolean
  readonly filterPath: FilterPath.FilterPath | undefined
  /** A body in the query, for clients that cannot send one with GET. */
  readonly source: string | undefined
  readonly sourceContentType: string | undefined
  /** What the endpoint itself reads. */
  readonly own: Readonly<Record<string, string>>
}

/** `error_trace` is taken and does nothing: no internals leave the server. `human` is for numbers that Drawbar has none of. */
const common = ["pretty", "human", "error_trace", "filter_path", "format", "source", "source_content_type"]

const none: Query = {
  pretty: false,
  filterPath: undefined,
  source: undefined,
  sourceContentType: undefined,
  own: {},
}

/** `known` are the names that the endpoint reads; `path` is for the message. */
export const read = (
  search: string | undefined,
  known: ReadonlyArray<string>,
  path: string,
): Result.Result<Query, RequestError> => {
  if (search === undefined || search === "") return Result.succeed(none)
  const given = new Map(new URLSearchParams(search))
  const unknown = [...given.keys()].filter((name) => !known.includes(name) && !common.includes(name))
  if (unknown.length > 0)
    return Result.fail(RequestError.from(new BadParameter({ message: strangers(path, unknown, known) })))
  const format = given.get("format")
  if (format !== undefined && format !== "json")
    return Result.fail(
      RequestError.from(
        new NotAcceptable({ message: `format [${format}] is not served: answers are JSON. Use format=json.` }),
      ),
    )
  const filterPath = given.get("filter_path")
  const parsed = filterPath === undefined ? Result.succeed(undefined) : FilterPath.parse(filterPath)
  return Result.mapBoth(parsed, {
    onFailure: (message) => RequestError.from(new BadParameter({ message })),
    onSuccess: (filterPath) => ({
      pretty: isOn(given.get("pretty")),
      filterPath,
      source: given.get("source"),
      sourceContentType: given.get("source_content_type"),
      own: Object.fromEntries(
        known.flatMap((name) => {
          const value = given.get(name)
          return value === undefined ? [] : [[name, value === "" ? "true" : value]]
        }),
      ),
    }),
  })
}

/** What a request that is refused wants its refusal to look like, however much of its query is wrong. */
export const wantsPretty = (search: string | undefined): boolean =>
  search !== undefined && isOn(new URLSearchParams(search).get("pretty") ?? undefined)

const isOn = (value: string | undefined) => value !== undefined && value !== "false"

const strangers = (path: string, unknown: ReadonlyArray<string>, known: ReadonlyArray<string>): string => {
  const named = unknown.map((name) => {
    const near = [...known, ...common].find((candidate) => distance(name, candidate) <= Math.max(1, name.length / 3))
    return near === undefined ? `[${name}]` : `[${name}] -> did you mean [${near}]?`
  })
  return `request [${path}] contains unrecognized parameter${unknown.length > 1 ? "s" : ""}: ${named.join(", ")}`
}

/** How many characters are to be added, dropped or changed to make one word the other (Levenshtein). */
const distance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 0; i < a.length; i++) {
    const next = [i + 1]
    for (let j = 0; j < b.length; j++)
      next.push(Math.min((next[j] ?? 0) + 1, (row[j + 1] ?? 0) + 1, (row[j] ?? 0) + (a[i] === b[j] ? 0 : 1)))
    row = next
  }
  return row[b.length] ?? 0
}
