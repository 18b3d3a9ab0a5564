/** Searches one collection and returns the result in the shape of OpenSearch. */
import type { JsonObject } from "@drawbar/json-text/Json"
import type { Collection } from "@drawbar/document-store/Document"
import type { RegistryFailure } from "@drawbar/registry/RegistryError"
import * as Search from "@drawbar/document-store/search/Search"
import { Clock, Effect } from "effect"
import type { SearchAnswer } from "./SearchApi.ts"
import { indexOf } from "./WriteResult.ts"

type Find = (request: Search.SearchRequest) => Effect.Effect<Search.SearchResult, RegistryFailure>

/** The handlers of both search endpoints of a resource. */
export const handlers = (collection: Collection, find: Find) => {
  const search = Effect.fnUntraced(function* ({ json }: { readonly json: JsonObject }) {
    const request = yield* Effect.fromResult(Search.parse(json))
    const began = yield* Clock.currentTimeMillis
    const result = yield* find(request)
    return answerOf(collection, request, result, (yield* Clock.currentTimeMillis) - began)
  })
  return { search, searchByGet: search }
}

const answerOf = (
  collection: Collection,
  { trackTotalHits }: Search.SearchRequest,
  { total, maxScore, hits, aggregations }: Search.SearchResult,
  took: number,
): SearchAnswer => ({
  took,
  timed_out: false,
  _shards: { total: 1, successful: 1, skipped: 0, failed: 0 },
  hits: {
    ...(trackTotalHits === false ? {} : { total: totalOf(total, trackTotalHits) }),
    max_score: maxScore,
    hits: hits.map((hit) => ({
      _index: indexOf(collection),
      _id: hit.id,
      _version: hit.version,
      _seq_no: hit.seqNo,
      _primary_term: 1,
      _score: hit.score,
      ...(hit.source === undefined ? {} : { _source: hit.source }),
      ...(hit.sort === undefined ? {} : { sort: hit.sort }),
    })),
  },
  ...(Object.keys(aggregations).length === 0 ? {} : { aggregations }),
})

const totalOf = (total: number, ceiling: true | number) =>
  ceiling === true || total <= ceiling
    ? { value: total, relation: "eq" as const }
    : { value: ceiling, relation: "gte" as const }
