/** A JSONPath over a platform's answer. */
import { Result } from "effect"
import type { WorkBudget } from "../chain/WorkBudget.ts"
import * as JsonQuery from "./JsonQuery.ts"
import type { JsonSource } from "@drawbar/json-text/JsonSource"
import type { Selection } from "../processors/PostProcessor.ts"
import { type DataType, dataTypes } from "./Tensor.ts"

export interface ResponseFilter {
  readonly path: string
  readonly query: JsonQuery.JsonQuery
  readonly dataType: DataType
}

/** Reads a path once; fails with a sentence that says where it cannot be read. With an allowance, it spends of that. */
export const compile = (path: string, allowance?: WorkBudget): Result.Result<ResponseFilter, string> =>
  Result.mapBoth(JsonQuery.compile(path.length > JsonQuery.longest ? path : standard(path), allowance), {
    onSuccess: (query) => ({ path, query, dataType: dataTypeOf(path) }),
    onFailure: (why) => `response_filter is no JSONPath: ${why}`,
  })

/** Fails with a sentence where the path takes too much. */
export const select = ({ query, dataType }: ResponseFilter, source: JsonSource): Result.Result<Selection, string> =>
  Result.map(query.nodes(source.value), (nodes) => ({ source, nodes, definite: query.isSingular, dataType }))

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
