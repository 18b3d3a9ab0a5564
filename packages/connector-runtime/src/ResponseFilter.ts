/** JSONPath (RFC 9535, https://www.rfc-editor.org/rfc/rfc9535) over a platform's answer. */
import { Result } from "effect"
import { compile as compileQuery, type JSONPathQuery } from "json-p3"
import type { JsonSource } from "./JsonSource.ts"
import type { Selection } from "./PostProcessor.ts"
import { type DataType, dataTypes } from "./Tensor.ts"

export interface ResponseFilter {
  readonly path: string
  readonly query: JSONPathQuery
  readonly definite: boolean
  readonly dataType: DataType
}

/** Reads a path once; fails with a sentence that says where it cannot be read. */
export const compile = (path: string): Result.Result<ResponseFilter, string> => {
  try {
    const query = compileQuery(standard(path))
    return Result.succeed({ path, query, definite: query.singularQuery(), dataType: dataTypeOf(path) })
  } catch (cause) {
    return Result.fail(`response_filter is no JSONPath: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}

export const select = ({ query, definite, dataType }: ResponseFilter, source: JsonSource): Selection => ({
  source,
  nodes: query.query(source.value).nodes.map(({ location, value }) => ({ location, value })),
  definite,
  dataType,
})

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
