import type { Json } from "@drawbar/json-text/Json"
import { assert, describe, it } from "@effect/vitest"
import { DateTime, Result } from "effect"
import * as Search from "../src/search/Search.ts"
import * as SearchDate from "../src/search/SearchDate.ts"
import * as SearchPattern from "../src/search/SearchPattern.ts"
import { words } from "../src/search/SearchText.ts"

const many = (count: number) => Array.from({ length: count }, (_, i) => `t${i}`)
const nested = (depth: number): Json => (depth === 0 ? { match_all: {} } : { bool: { must: [nested(depth - 1)] } })

/** A body, and the type and text of its error. */
const refused: ReadonlyArray<readonly [body: Json, type: string, message: string]> = [
  [[], "parsing_exception", "Expected [START_OBJECT] but found [START_ARRAY]"],
  [{ foo: {} }, "parsing_exception", "Unknown key for a START_OBJECT in [foo]."],
  [{ foo: 1 }, "parsing_exception", "Unknown key for a VALUE_NUMBER in [foo]."],
  [{ constructor: 1 }, "parsing_exception", "Unknown key for a VALUE_NUMBER in [constructor]."],
  [{ size: -1 }, "illegal_argument_exception", "[size] parameter cannot be negative, found [-1]"],
  [{ from: -1 }, "illegal_argument_exception", "[from] parameter cannot be negative but was [-1]"],
  [{ size: "many" }, "illegal_argument_exception", "Failed to parse [size]: a whole number was expected"],
  [{ from: 9_991 }, "illegal_argument_exception", "less than or equal to: [10000] but was [10001]"],
  [{ search_after: [1] }, "illegal_argument_exception", "Sort must contain at least one field."],
  [
    { search_after: [1], sort: ["a", "b"] },
    "illegal_argument_exception",
    "search_after has 1 value(s) but sort has 2.",
  ],
  [{ search_after: [1], sort: ["a"], from: 1 }, "illegal_argument_exception", "`from` parameter must be set to 0"],
  [{ search_after: [{}], sort: ["a"] }, "parsing_exception", "[search_after] takes the [sort] values"],
  [{ sort: 5 }, "parsing_exception", "malformed sort format"],
  [{ sort: { a: "up" } }, "illegal_argument_exception", "[sort] order must be [asc] or [desc]"],
  [{ sort: { a: { foo: 1 } } }, "parsing_exception", "[field_sort] unknown field [foo]"],
  [{ sort: many(17) }, "illegal_argument_exception", "[sort] takes at most [16] keys"],
  [{ _source: 5 }, "parsing_exception", "but found [VALUE_NUMBER]"],
  [{ _source: { foo: [] } }, "parsing_exception", "Unknown key for a START_ARRAY in [foo]."],
  [{ _source: many(101) }, "illegal_argument_exception", "[_source] takes at most [100] patterns, found [101]"],
  [
    { _source: { includes: many(60), excludes: many(41) } },
    "illegal_argument_exception",
    "[_source] takes at most [100] patterns, found [101]",
  ],
  [{ _source: "x".repeat(256) }, "illegal_argument_exception", "[_source] takes patterns of at most [255] characters"],
  [{ min_score: "much" }, "illegal_argument_exception", "Failed to parse [min_score]: a number was expected"],
  [{ aggs: { a: { value_count: { field: "f", foo: 1 } } } }, "parsing_exception", "[value_count] unknown field [foo]"],
  [{ aggs: { a: { value_count: {} } } }, "illegal_argument_exception", "Required one of fields [field]"],
  [
    { aggs: { a: { value_count: { field: "f" }, terms: { field: "f" } } } },
    "parsing_exception",
    "Found two aggregation type definitions in [a]",
  ],
  [{ query: { dis_max: {} } }, "parsing_exception", "[dis_max] requires 'queries' field with at least one clause"],
  [{ query: { dis_max: { queries: [{ foo: {} }] } } }, "parsing_exception", "unknown query [foo]"],
  [{ query: { regexp: { a: "x".repeat(1_001) } } }, "illegal_argument_exception", "texts of at most [1000] characters"],
  [{ query: { regexp: { a: "(" } } }, "illegal_argument_exception", "[regexp] cannot read [(]"],
  [
    { query: { regexp: { a: "a~b" } } },
    "illegal_argument_exception",
    "does not support the operator [~] at character 2",
  ],
  [{ query: { regexp: { a: "(?i)b" } } }, "illegal_argument_exception", "[(?] at character 1 is not an operator"],
  [{ query: { regexp: { a: "[b" } } }, "illegal_argument_exception", "a [ at character 1 is not closed"],
  [{ query: { regexp: { a: "(a{1,500}){1,500}" } } }, "illegal_argument_exception", "[regexp] cannot read"],
  [
    { query: { bool: { should: many(33).map((name) => ({ wildcard: { name: `*${name}` } })) } } },
    "illegal_argument_exception",
    "takes at most [32] wildcards, prefixes and regular expressions, found [33]",
  ],
  [
    {
      query: {
        query_string: {
          query: many(33)
            .map((word) => `*${word}`)
            .join(" "),
        },
      },
    },
    "illegal_argument_exception",
    "takes at most [32] wildcards",
  ],
  [{ track_total_hits: "some" }, "illegal_argument_exception", "as only [true] or [false] are allowed"],
  [
    { aggs: { a: { avg: {} } } },
    "parsing_exception",
    "Unknown aggregation type [avg]: Drawbar has [terms] and [value_count]",
  ],
  [{ aggs: { a: { terms: { field: "f" }, aggs: {} } } }, "parsing_exception", "[a] holds a sub-aggregation"],
  [{ aggs: { a: { terms: { field: "f", foo: 1 } } } }, "parsing_exception", "[terms] unknown field [foo]"],
  [{ aggs: { a: { terms: {} } } }, "illegal_argument_exception", "Required one of fields [field]"],
  [{ aggs: { a: { terms: { field: "f", size: 0 } } } }, "illegal_argument_exception", "[size] must be between [1]"],
  [
    { aggs: { a: { terms: { field: "f", order: { x: "asc" } } } } },
    "illegal_argument_exception",
    "aggregation order [x]",
  ],

  [{ query: [] }, "parsing_exception", "[_na] query malformed, must start with start_object"],
  [{ query: {} }, "illegal_argument_exception", "query malformed, empty clause found"],
  [{ query: { foo: {} } }, "parsing_exception", "unknown query [foo]"],
  [{ query: { toString: {} } }, "parsing_exception", "unknown query [toString]"],
  [{ query: { term: 1 } }, "parsing_exception", "[term] query malformed, no start_object after query name"],
  [
    { query: { match_all: {}, term: {} } },
    "parsing_exception",
    "[match_all] malformed query, expected [END_OBJECT] but found [FIELD_NAME]",
  ],
  [{ query: { match_all: { foo: 1 } } }, "parsing_exception", "[match_all] query does not support [foo]"],
  [{ query: { match_all: { toString: 1 } } }, "parsing_exception", "[match_all] query does not support [toString]"],
  [{ query: { ids: {} } }, "parsing_exception", "[ids] requires a [values] list of ids"],
  [
    { query: { term: { a: "1", b: "2" } } },
    "parsing_exception",
    "[term] query doesn't support multiple fields, found [a] and [b]",
  ],
  [{ query: { term: { a: ["1"] } } }, "parsing_exception", "[term] query does not support array of values"],
  [{ query: { term: { a: { foo: 1 } } } }, "parsing_exception", "[term] query does not support [foo]"],
  [{ query: { term: { a: {} } } }, "illegal_argument_exception", "[term] value cannot be null"],
  [{ query: { terms: { a: "1" } } }, "parsing_exception", "[terms] unknown token [VALUE_STRING] after [a]"],
  [{ query: { terms: { a: [], b: [] } } }, "parsing_exception", "[terms] query does not support multiple fields"],
  [
    { query: { terms: { a: many(100_000) } } },
    "illegal_argument_exception",
    "The number of terms [100000] used in the [terms] query",
  ],
  [{ query: { match: { a: ["1"] } } }, "parsing_exception", "[match] unknown token [START_ARRAY] after [a]"],
  [
    { query: { match: { a: { query: "x", fuzziness: "AUTO" } } } },
    "parsing_exception",
    "[match] query does not support [fuzziness]",
  ],
  [
    { query: { match: { a: { query: "x", operator: "xor" } } } },
    "illegal_argument_exception",
    "[and] or [or] was expected",
  ],
  [
    { query: { match: { a: "x".repeat(1_001) } } },
    "illegal_argument_exception",
    "[match] takes texts of at most [1000] characters",
  ],
  [
    { query: { match_phrase: { a: { query: "x", slop: 2 } } } },
    "illegal_argument_exception",
    "[slop] other than 0 is not supported",
  ],
  [
    { query: { multi_match: { query: "x", type: "cross_fields" } } },
    "parsing_exception",
    "failed to parse [cross_fields] as a type",
  ],
  [{ query: { exists: {} } }, "parsing_exception", "[exists] must be provided with a [field]"],
  [{ query: { range: { a: 1 } } }, "parsing_exception", "[range] unknown token [VALUE_NUMBER] after [a]"],
  [{ query: { range: { a: { above: 1 } } } }, "parsing_exception", "[range] query does not support [above]"],
  [
    { query: { range: { a: { gt: 1, time_zone: "+01:00" } } } },
    "illegal_argument_exception",
    "[time_zone] other than UTC",
  ],
  [{ query: { nested: { path: "owner" } } }, "parsing_exception", "[nested] requires 'path' and 'query' fields"],
  [
    { query: { nested: { path: "tags", query: { match_all: {} } } } },
    "query_shard_exception",
    "failed to find nested object under path [tags]",
  ],
  [{ query: { bool: { musn: [] } } }, "parsing_exception", "[bool] query does not support [musn]"],
  [{ query: { bool: { must: [5] } } }, "parsing_exception", "[_na] query malformed, must start with start_object"],
  [{ query: { bool: { minimum_should_match: "most" } } }, "illegal_argument_exception", "a count or a percentage"],
  [{ query: nested(21) }, "illegal_argument_exception", "exceeds the maximum nested depth"],
  [
    { query: { bool: { should: many(513).map((id) => ({ term: { id } })) } } },
    "illegal_argument_exception",
    "maxClauseCount is set to 512",
  ],
  [{ query: { constant_score: {} } }, "parsing_exception", "[constant_score] requires a 'filter' element"],
  [{ query: { query_string: {} } }, "illegal_argument_exception", "[query_string] requires query value"],
  [{ query: { query_string: { query: "-" } } }, "parsing_exception", "it ends where a word was expected"],
  [{ query: { query_string: { query: "(a" } } }, "parsing_exception", "a bracket is not closed"],
  [{ query: { query_string: { query: "a)" } } }, "parsing_exception", "a closing bracket has no opening bracket"],
  [{ query: { query_string: { query: "a AND" } } }, "parsing_exception", "it ends where a word was expected"],
  [{ query: { query_string: { query: "name:" } } }, "parsing_exception", "it ends where a word was expected"],
  [{ query: { query_string: { query: "roam~2" } } }, "parsing_exception", "[~2] at character"],
  [{ query: { query_string: { query: '"open' } } }, "parsing_exception", '["] at character'],
  [{ query: { query_string: { query: "(".repeat(30) } } }, "parsing_exception", "brackets nest deeper than [20]"],
]

const accepted: ReadonlyArray<Json> = [
  {},
  { timeout: "1s", version: true, seq_no_primary_term: true, explain: true, track_scores: false },
  { size: 10_000 },
  { size: "5", from: "5" },
  { track_total_hits: 100 },
  { sort: [{ created_time: { order: "DESC", unmapped_type: "date", mode: "max" } }] },
  { query: nested(20) },
  { query: { simple_query_string: { query: '((("+-|~3 *' } } },
]

describe("a search body", () => {
  it(`is rejected in OpenSearch's words (${refused.length} bodies)`, () => {
    for (const [body, type, message] of refused) {
      const reason = Result.match(Search.parse(body), { onSuccess: () => undefined, onFailure: ({ reason }) => reason })
      assert.include(reason?.message ?? "", message, JSON.stringify(body).slice(0, 200))
      assert.deepStrictEqual(reason?._tag === "InvalidSearchQuery" ? reason.type : undefined, type, message)
    }
  })

  it("may be empty, and may contain options without effect", () => {
    for (const body of accepted) assert.isTrue(Result.isSuccess(Search.parse(body)), JSON.stringify(body))
  })
})

it("a wildcard matches the whole text, in linear time", () => {
  const table: ReadonlyArray<readonly [pattern: string, text: string, isMatch: boolean]> = [
    ["", "", true],
    ["*", "", true],
    ["?", "", false],
    ["a*c", "abc", true],
    ["a*c", "ac", true],
    ["a*c", "acb", false],
    ["*a?c*", "xxabcxx", true],
    ["\\*", "*", true],
    ["\\*", "x", false],
    ["a.c", "abc", false],
    ["?", "\u{1F600}", true],
    ["*a".repeat(200) + "*b", "a".repeat(5_000), false],
  ]
  for (const [pattern, text, isMatch] of table) {
    assert.strictEqual(SearchPattern.matches(SearchPattern.parse(pattern), text), isMatch, pattern)
  }
})

it("splits text into lower-case runs of letters and digits, and Han and Hiragana into characters", () => {
  assert.deepStrictEqual(words("OpenAI's gpt-4o_mini, v3.5 – ÉCOLE 东京 ひら カナ!"), [
    "openai",
    "s",
    "gpt",
    "4o_mini",
    "v3",
    "5",
    "école",
    "东",
    "京",
    "ひ",
    "ら",
    "カナ",
  ])
})

it("reads times as epoch milliseconds, ISO dates and date math", () => {
  const now = DateTime.makeUnsafe("2026-03-10T12:34:56.789Z")
  const table: ReadonlyArray<readonly [text: string, down: string | undefined, up?: string]> = [
    ["1700000000000", "2023-11-14T22:13:20.000Z"],
    ["2026", "2026-01-01T00:00:00.000Z", "2026-12-31T23:59:59.999Z"],
    ["2026-02", "2026-02-01T00:00:00.000Z", "2026-02-28T23:59:59.999Z"],
    ["2026-02-03", "2026-02-03T00:00:00.000Z", "2026-02-03T23:59:59.999Z"],
    ["2026-02-03T04:05", "2026-02-03T04:05:00.000Z"],
    ["2026-02-03T04:05:06.7Z", "2026-02-03T04:05:06.700Z"],
    ["2026-02-03T04:05:06+02:00", "2026-02-03T02:05:06.000Z"],
    ["now", "2026-03-10T12:34:56.789Z"],
    ["now-1d", "2026-03-09T12:34:56.789Z"],
    ["now+2h-30m", "2026-03-10T14:04:56.789Z"],
    ["now/d", "2026-03-10T00:00:00.000Z", "2026-03-10T23:59:59.999Z"],
    ["now-1M/M", "2026-02-01T00:00:00.000Z", "2026-02-28T23:59:59.999Z"],
    ["now/w", "2026-03-09T00:00:00.000Z", "2026-03-15T23:59:59.999Z"],
    ["2026-02-03||+1M/d", "2026-03-03T00:00:00.000Z", "2026-03-03T23:59:59.999Z"],
    ["2026-13-01", undefined],
    ["tomorrow", undefined],
    ["now-", undefined],
    ["now-1x", undefined],
    ["", undefined],
  ]
  for (const [text, down, up = down] of table) {
    const read = (end: boolean) => {
      const time = SearchDate.parse(text, now, end)
      return time === undefined ? undefined : DateTime.formatIso(DateTime.makeUnsafe(time))
    }
    assert.deepStrictEqual([read(false), read(true)], [down, up], text)
  }
})
