/** A JSONPath over a platform's answer. */
import type { Share } from "@drawbar/egress/Share"
import { Result } from "effect"
import type { WorkBudget, Bounds } from "../chain/WorkBudget.ts"
import * as JsonQuery from "./JsonQuery.ts"
import { type JsonSource, type Location, slices } from "@drawbar/json-text/JsonSource"
import type { Selection } from "../processors/PostProcessor.ts"
import { type DataType, dataTypes } from "./Tensor.ts"

export interface ResponseFilter {
  readonly path: string
  readonly query: JsonQuery.JsonQuery
  readonly dataType: DataType
}

/** Reads a path once; fails with a sentence that says where it cannot be read. With an allowance, it spends of that. */
export const compile = (path: string, allowance?: WorkBudget, bounds?: Bounds): Result.Result<ResponseFilter, string> =>
  Result.mapBoth(JsonQuery.compile(path.length > JsonQuery.longest ? path : standard(path), allowance, bounds), {
    onSuccess: (query) => ({ path, query, dataType: dataTypeOf(path) }),
    onFailure: (why) => `response_filter is not a valid JSONPath: ${why}`,
  })

/** Fails with a sentence where the path takes too much. */
export const select = (filter: ResponseFilter, source: JsonSource): Result.Result<Selection, string> =>
  Result.map(filter.query.nodes(source.value), (nodes) => selectionOf(filter, source, nodes))

/** As `select`, with turns of the event loop. */
export const selectInTurns = async (
  filter: ResponseFilter,
  source: JsonSource,
  share?: Share,
): Promise<Result.Result<Selection, string>> =>
  Result.map(await filter.query.nodesInTurns(source.value, share), (nodes) => selectionOf(filter, source, nodes))

const selectionOf = (
  { query, dataType }: ResponseFilter,
  source: JsonSource,
  nodes: Selection["nodes"],
): Selection => ({ source, nodes, definite: query.isSingular, union: query.union, dataType })

/** How many times the size of an answer may be found in it, where a path finds parts of it several times. */
const growth = 2

/** What a selection found, as JSON with its own digits; nothing where it found nothing. Fails with a sentence where that is too much. */
export const found = (
  { path, query: { allowance } }: ResponseFilter,
  { source, nodes, definite, union }: Selection,
): Result.Result<string | undefined, string> =>
  Result.try({
    try: () => {
      if (nodes.length === 0) return undefined
      const locations = nodes.map(({ location }) => location)
      const texts = slices(source, locations, (characters) => allowance.spend(perContainer + characters / perUnit))
      // A part that was found several times is written each time.
      allowance.produceFrom(source.text.length, growth)
      let size = 0
      for (const text of texts) {
        size += text.length + 1
        allowance.produce(size)
      }
      return union === undefined ? (definite ? texts[0] : `[${texts.join(",")}]`) : objectsOf(locations, texts, union)
    },
    catch: (cause) => JsonQuery.excess(path, cause),
  })

/** What it costs to walk a container, and how many of its characters are passed over in a unit of work. */
const perContainer = 50
const perUnit = 10

const objectsOf = (
  locations: ReadonlyArray<Location>,
  texts: ReadonlyArray<string>,
  union: "one" | "many",
): string | undefined => {
  const byLocation = new Map(locations.map((location, i) => [location, texts[i] ?? "null"]))
  const objects = byHolder(locations).map((members) => {
    const written = [...members].map(
      ([name, location]) => `${JSON.stringify(String(name))}:${byLocation.get(location) ?? "null"}`,
    )
    return `{${written.join(",")}}`
  })
  return union === "one" ? objects[0] : `[${objects.join(",")}]`
}

/** Locations of members by the object that holds them, for a path that ends in a union of names. */
export const byHolder = (locations: ReadonlyArray<Location>): ReadonlyArray<ReadonlyMap<string | number, Location>> => {
  const holders = new Map<string, Map<string | number, Location>>()
  for (const location of locations) {
    const key = JSON.stringify(location.slice(0, -1))
    const members = holders.get(key) ?? new Map<string | number, Location>()
    holders.set(key, members)
    members.set(location.at(-1) ?? "", location)
  }
  return [...holders.values()]
}

// The wire derives the type of an embedding from the spelling of its path: `$.embeddings.int8` holds INT8.
const dataTypeOf = (path: string): DataType => {
  const spelling = path.toLowerCase()
  return dataTypes.find((type) => spelling.includes(`.${type.toLowerCase()}`)) ?? "FLOAT32"
}

// Published filters are written for Jayway's dialect: the leading `$` may be absent, a dot may stand before a bracket,
// and a name after a dot may hold characters (`-`, `@`, a leading digit) that the standard wants in quotes.
const standard = (path: string): string => {
  const trimmed = path.trim()
  const rooted = trimmed.startsWith("$") ? trimmed : trimmed.startsWith("[") ? `$${trimmed}` : `$.${trimmed}`
  return rooted.replace(step, (whole, dots: string | undefined, name: string | undefined) => {
    if (dots === undefined) return whole
    if (name === undefined) return dots === "." ? "[" : "..["
    return plainName.test(name) ? whole : `${dots === "." ? "" : ".."}['${name.replaceAll("'", "\\'")}']`
  })
}

// Quoted texts and filter expressions are passed over as they are.
const step = /'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|\[\?.*\]|(\.\.?)(?:\[|([^.[\]'"()*\s]+))/gs
const plainName = /^[A-Za-z_\u0080-\u{10ffff}][\w\u0080-\u{10ffff}]*$/u
