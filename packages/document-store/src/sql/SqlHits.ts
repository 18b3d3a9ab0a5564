/** The hits of one page of a search. */
import * as Json from "@drawbar/json-text/Json"
import type { JsonObject } from "@drawbar/json-text/Json"
import { Effect, Result } from "effect"
import { type Document, shown as shownFields } from "../Document.ts"
import type { Hit, SearchRequest, SortValue } from "../search/Search.ts"
import { compileSourceFilter } from "../search/SearchSource.ts"
import type { SearchWork } from "../search/SearchWork.ts"
import type { SqlQueryContext } from "./SqlQuery.ts"
import { run } from "./SqlStatement.ts"
import { type DocumentRow, documentOf } from "./SqlWrites.ts"

export type PageRow = Omit<DocumentRow, "source" | "sealed"> & {
  readonly score: number | null
  readonly bytes: number | bigint
  readonly creation: number | bigint
} & { readonly [key: `key_${number}`]: SortValue | bigint }

/** The hits of one page. The texts of records are read only for this page, after its ids are known, and in batches. */
export const hitsOf = Effect.fnUntraced(function* (
  context: SqlQueryContext,
  request: SearchRequest,
  keys: number,
  rows: ReadonlyArray<PageRow>,
  work: SearchWork,
) {
  const show = compileSourceFilter(request.source)
  const isWhole = request.source !== false && request.source.includes.length + request.source.excludes.length === 0
  const hits: Array<Hit> = []
  for (const some of request.source === false ? [rows] : portions(rows)) {
    const documents = request.source === false ? undefined : yield* read(context, some)
    for (const row of some) {
      const document = documents?.get(row.id)
      // Deleted after the page was determined.
      if (documents !== undefined && document === undefined) continue
      work.spend(perHit + (document === undefined ? 0 : Number(row.bytes)))
      const shown =
        document === undefined ? undefined : show(shownFields(context.collection, document.source), work.spend)
      if (shown !== undefined) work.show(isWhole ? Number(row.bytes) : Json.stringify(shown).length)
      hits.push(hitOf(request, keys, { ...row, ...versionOf(document ?? row) }, shown))
      yield* work.check
    }
  }
  return hits
})

/** The cost of one hit in addition to its text. */
const perHit = 1_000

/** Limits on the records read in one statement, and on their total size in bytes. */
const portion = { records: 200, bytes: 1_000_000 }

const portions = (rows: ReadonlyArray<PageRow>): ReadonlyArray<ReadonlyArray<PageRow>> => {
  const all: Array<Array<PageRow>> = []
  let bytes = Number.POSITIVE_INFINITY
  for (const row of rows) {
    const current = all.at(-1)
    bytes += Number(row.bytes)
    if (current !== undefined && current.length < portion.records && bytes <= portion.bytes) current.push(row)
    else {
      all.push([row])
      bytes = Number(row.bytes)
    }
  }
  return all
}

const read = Effect.fnUntraced(function* ({ sql, collection }: SqlQueryContext, rows: ReadonlyArray<PageRow>) {
  const ids = rows.map(({ id }) => id)
  const found = yield* run(sql<DocumentRow>`
      SELECT id, version, seq_no, source, '{}' AS sealed FROM documents
      WHERE collection = ${collection} AND ${sql.in("id", ids)}`)
  const documents = new Map<string, Document>()
  for (const row of found) {
    const document = documentOf(row)
    // A record that cannot be read does not prevent others from being found.
    if (Result.isFailure(document)) yield* Effect.logError(document.failure.message)
    else documents.set(row.id, document.success)
  }
  return documents
})

const versionOf = (from: Document | PageRow) => ({
  version: Number(from.version),
  seqNo: Number("seqNo" in from ? from.seqNo : from.seq_no),
})

const hitOf = (
  request: SearchRequest,
  keys: number,
  row: PageRow & { readonly version: number; readonly seqNo: number },
  shown: JsonObject | undefined,
): Hit => ({
  id: row.id,
  version: row.version,
  seqNo: row.seqNo,
  score: row.score,
  ...(request.sort.length === 0 ? {} : { sort: Array.from({ length: keys }, (_, i) => sortValue(row[`key_${i}`])) }),
  ...(shown === undefined ? {} : { source: shown }),
})

export const sortValue = (value: SortValue | bigint | undefined): SortValue =>
  typeof value === "bigint" ? Number(value) : (value ?? null)
