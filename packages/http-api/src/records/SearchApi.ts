/** Searching a resource's records: the same two endpoints and the same shapes everywhere. */
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import { failures } from "../errors/ErrorEnvelope.ts"
import { Source } from "./Field.ts"
import * as RequestBody from "@drawbar/http-server/http/RequestBody"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"

/** A search body in OpenSearch's query language; `registry/Search` reads it. */
export const SearchBody = Schema.Record(Schema.String, Schema.Unknown)

export const SearchHit = Schema.Struct({
  _index: Schema.String,
  _id: Schema.String,
  _version: Schema.Number,
  _seq_no: Schema.Number,
  _primary_term: Schema.Number,
  _score: Schema.NullOr(Schema.Number),
  _source: Schema.optionalKey(Source),
  sort: Schema.optionalKey(Schema.Array(Schema.Unknown)),
})

export const SearchAnswer = Schema.Struct({
  took: Schema.Number,
  timed_out: Schema.Boolean,
  _shards: Schema.Struct({
    total: Schema.Number,
    successful: Schema.Number,
    skipped: Schema.Number,
    failed: Schema.Number,
  }),
  hits: Schema.Struct({
    total: Schema.optionalKey(Schema.Struct({ value: Schema.Number, relation: Schema.Literals(["eq", "gte"]) })),
    max_score: Schema.NullOr(Schema.Number),
    hits: Schema.Array(SearchHit),
  }),
  aggregations: Schema.optionalKey(Source),
})
export type SearchAnswer = typeof SearchAnswer.Type

const sentence = "request body or source parameter is required"

/** `POST` and `GET {base}/_search`. */
export const endpoints = <const Base extends `/${string}`>(base: Base) =>
  [
    HttpApiEndpoint.post("search", `${base}/_search`, {
      disableCodecs: true,
      error: failures,
      payload: SearchBody,
      success: SearchAnswer,
    })
      .annotateMerge(EndpointPolicy.read)
      .annotate(RequestBody.Required, sentence),
    HttpApiEndpoint.get("searchByGet", `${base}/_search`, {
      disableCodecs: true,
      error: failures,
      success: SearchAnswer,
    })
      .annotateMerge(EndpointPolicy.read)
      .annotate(RequestBody.Required, sentence),
  ] as const
