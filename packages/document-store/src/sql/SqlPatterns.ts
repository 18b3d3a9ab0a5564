/**
 * Finds the records that match the wildcards and regular expressions of a query. The distinct values of the field are
 * read from the database's index in batches and matched here, where each step is counted and the search can yield. The
 * records with a matching value are then looked up, several values at a time.
 */
import * as Pattern from "@drawbar/linear-regex/Pattern"
import { Effect } from "effect"
import type { Statement } from "effect/sql"
import type { StoreError } from "../StoreError.ts"
import { fieldAt, type SearchField } from "../search/SearchFields.ts"
import * as SearchPattern from "../search/SearchPattern.ts"
import type { SearchQuery } from "../search/SearchQuery.ts"
import { lowerAscii } from "../search/SearchText.ts"
import type { SearchWork } from "../search/SearchWork.ts"
import { storageFailed } from "./SqlFailure.ts"
import { isAnalysed, last, rowsOfJson, type SqlQueryContext } from "./SqlQuery.ts"

/** The query with its patterns replaced by the matching records. `count` is the number of records in the collection. */
export const expand = (
  context: SqlQueryContext,
  work: SearchWork,
  query: SearchQuery,
  count: number,
): Effect.Effect<SearchQuery, StoreError> => {
  const each = (queries: ReadonlyArray<SearchQuery>) =>
    Effect.forEach(queries, (one) => expand(context, work, one, count))
  switch (query._tag) {
    case "Bool":
      return Effect.map(
        Effect.all([each(query.must), each(query.filter), each(query.should), each(query.mustNot)]),
        ([must, filter, should, mustNot]): SearchQuery => ({ ...query, must, filter, should, mustNot }),
      )
    case "Best":
      return Effect.map(each(query.queries), (queries): SearchQuery => ({ ...query, queries }))
    case "Constant":
      return Effect.map(expand(context, work, query.query, count), (inner): SearchQuery => ({ ...query, query: inner }))
    case "Pattern": {
      const [first, second] = query.pattern
      const isPrefix = typeof first === "object" && second === "any" && query.pattern.length === 2
      // A range of the index finds them.
      if (isPrefix && !query.caseInsensitive && query.field !== undefined && !isAnalysed(fieldAt(query.field)))
        return Effect.succeed({
          _tag: "Phrase",
          field: query.field,
          text: first.literal,
          prefix: true,
          boost: query.boost,
        })
      return records(context, work, query, wildcard(query), count)
    }
    case "Regexp":
      return records(context, work, query, regexp(query), count)
    default:
      return Effect.succeed(query)
  }
}

type Of<Tag extends SearchQuery["_tag"]> = Extract<SearchQuery, { _tag: Tag }>

interface Test {
  /** The common prefix of all matches. */
  readonly start: string
  /** A text that all matches contain, as they stand in the index. */
  readonly contained?: string
  readonly cost: (text: string) => number
  readonly matches: (text: string) => boolean
}

const isWords = (name: string | undefined) => name === undefined || isAnalysed(fieldAt(name))

const wildcard = ({ field, pattern, caseInsensitive }: Of<"Pattern">): Test => {
  // Case folding as in OpenSearch: words are in lower case; for whole texts, only ASCII letters are folded.
  const fold = isWords(field) ? (text: string) => text.toLowerCase() : lowerAscii
  const folded = caseInsensitive
    ? pattern.map((part) => (typeof part === "object" ? { literal: fold(part.literal) } : part))
    : pattern
  const set = SearchPattern.PatternSet.of([folded])
  const shown = caseInsensitive ? fold : (text: string) => text
  return {
    start: caseInsensitive ? "" : SearchPattern.literalStart(pattern),
    // Only words are in lower case in the index.
    ...(caseInsensitive && !isWords(field) ? {} : { contained: SearchPattern.longestLiteral(folded) }),
    cost: set.cost,
    matches: (text) => set.accepts(set.advance(set.start, shown(text))),
  }
}

const regexp = ({ pattern }: Of<"Regexp">): Test => ({
  start: "",
  cost: (text) => Pattern.work(pattern, text),
  matches: (text) => pattern.matches(text),
})

const records = Effect.fnUntraced(function* (
  context: SqlQueryContext,
  work: SearchWork,
  { field, boost }: Of<"Pattern"> | Of<"Regexp">,
  test: Test,
  count: number,
): Effect.fn.Return<SearchQuery, StoreError> {
  const ids = new Set<string>()
  const { sql, collection } = context
  /** Whether all records have been found, so that further values cannot add any. */
  const isWhole = () => ids.size >= count

  const searchIn = Effect.fnUntraced(function* (table: string, column: string, where: Statement.Fragment) {
    yield* distinct(
      context,
      { table, column, where: sql`collection = ${collection}`, isDone: isWhole, more: where },
      test,
      (texts) =>
        Effect.gen(function* () {
          const matching: Array<string> = []
          for (const text of texts) {
            work.spend(perValue + test.cost(text))
            if (test.matches(text)) matching.push(text)
            yield* work.check
          }
          for (let at = 0; at < matching.length && !isWhole(); at += valuesPerLookUp) {
            const some = matching.slice(at, at + valuesPerLookUp)
            // Without DISTINCT, for which SQLite would read the whole index by id.
            const rows = yield* sql<{ id: string }>`
            SELECT id FROM ${sql(table)} WHERE collection = ${collection} AND ${where}
            AND ${sql(column)} IN (${rowsOfJson(sql, context.dialect, some)})`.pipe(
              Effect.mapError(storageFailed("search")),
            )
            for (const { id } of rows) ids.add(id)
            work.spend(some.length * perLookUp + rows.length * perRow)
            yield* work.check
          }
        }),
    )
  })

  const fieldOf = field === undefined ? undefined : fieldAt(field)
  if (fieldOf === undefined) yield* searchIn("document_words", "word", sql.literal("1 = 1"))
  else if (isAnalysed(fieldOf)) yield* searchIn("document_words", "word", sql`field = ${fieldOf.path}`)
  else
    for (const path of yield* pathsOf(context, work, fieldOf))
      yield* searchIn("document_fields", "text", sql`field = ${path}`)
  return { _tag: "Records", ids, boost }
})

/** How many values one statement looks up, and the cost of each look-up and of each record found. */
const valuesPerLookUp = 50
const perLookUp = 15_000
const perRow = 1_000

/** The cost of reading one value, in addition to matching it. */
const perValue = 500

/** The paths of a field's values: for a tree, those of its leaves. */
const pathsOf = Effect.fnUntraced(function* (context: SqlQueryContext, work: SearchWork, { kind, path }: SearchField) {
  if (kind !== "tree") return [path]
  const { sql, collection } = context
  const paths: Array<string> = []
  const column = {
    table: "document_fields",
    column: "field",
    where: sql`collection = ${collection}`,
    isDone: () => false,
  }
  yield* distinct(context, column, { start: `${path}.` }, (found) => {
    work.spend(found.length * perValue)
    paths.push(...found)
    return work.check
  })
  return paths
})

interface Column {
  readonly table: string
  readonly column: string
  readonly where: Statement.Fragment
  /** A further condition, if the values follow another column in the index. */
  readonly more?: Statement.Fragment
  /** Whether no more values are needed. */
  readonly isDone: () => boolean
}

/** Values read in one statement. */
const valuesPerRead = 500

/**
 * Passes on the distinct values of an indexed column in order. The next value is found through the index, which skips
 * equal ones.
 */
const distinct = Effect.fnUntraced(function* (
  { sql, dialect }: SqlQueryContext,
  { table, column, where, more, isDone }: Column,
  { start, contained = "" }: Pick<Test, "start" | "contained">,
  process: (values: ReadonlyArray<string>) => Effect.Effect<void, StoreError>,
): Effect.fn.Return<void, StoreError> {
  const end = start + last
  // In the index of whole texts, the field precedes the value. Words are read for all fields, because there the field
  // follows the word.
  const all = table === "document_fields" && more !== undefined ? sql`${where} AND ${more}` : where
  const nextValue = (from: Statement.Fragment) =>
    sql`(SELECT MIN(${sql(column)}) FROM ${sql(table)} WHERE ${all} AND ${sql(column)} ${from} AND ${sql(column)} < ${end})`
  /** Reads each value once, however many records have it. */
  const skipping = (from: Statement.Fragment) => sql<{ value: string }>`
      WITH RECURSIVE found(value) AS (
        SELECT ${nextValue(from)} AS value
        UNION ALL
        SELECT ${nextValue(sql`> found.value`)} FROM found WHERE found.value IS NOT NULL
      )
      SELECT value FROM found WHERE value IS NOT NULL LIMIT ${sql.literal(String(valuesPerRead))}`
  /** Reads every entry of the index, so that the database drops most values. */
  const scanning = (from: Statement.Fragment) => sql<{ value: string }>`
      SELECT DISTINCT ${sql(column)} AS value FROM ${sql(table)}
      WHERE ${where} ${more === undefined ? sql.literal("") : sql`AND ${more}`} AND ${sql(column)} ${from} AND ${sql(column)} < ${end}
        AND ${sql.literal(dialect.position)}(${sql(column)}, ${contained}) > 0
      ORDER BY ${sql(column)} LIMIT ${sql.literal(String(valuesPerRead))}`
  let from = sql`>= ${start}`
  for (;;) {
    const rows = yield* (contained === "" ? skipping(from) : scanning(from)).pipe(
      Effect.mapError(storageFailed("search")),
    )
    const read = rows.map(({ value }) => value)
    yield* process(read)
    const after = read.at(-1)
    if (after === undefined || read.length < valuesPerRead || isDone()) return
    from = sql`> ${after}`
  }
})
