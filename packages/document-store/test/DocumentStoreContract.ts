/** The contract of every `DocumentStore`, whatever its database. */
import type { Json, JsonObject } from "@drawbar/json-text/Json"
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, Option, Stream } from "effect"
import { TestClock } from "effect/testing"
import type { Document, Write } from "../src/Document.ts"
import { DocumentStore } from "../src/DocumentStore.ts"
import type { StoreError } from "../src/StoreError.ts"
import * as Search from "../src/search/Search.ts"
import * as SearchFixture from "./SearchFixture.ts"

const create = (id: string, source: JsonObject = {}, sealed: Document["sealed"] = {}): Write => ({
  _tag: "Create",
  collection: "model",
  id,
  source,
  sealed,
})
const replace = (id: string, source: JsonObject, ifVersion?: number): Write => ({
  _tag: "Replace",
  collection: "model",
  id,
  source,
  ...(ifVersion === undefined ? {} : { ifVersion }),
})
const remove = (id: string, ifVersion?: number): Write => ({
  _tag: "Delete",
  collection: "model",
  id,
  ...(ifVersion === undefined ? {} : { ifVersion }),
})

const search = Effect.fnUntraced(function* (body: Json) {
  const store = yield* DocumentStore
  return yield* store.search("model", yield* Effect.fromResult(Search.parse(body)))
})

const idsOf = (result: Search.SearchResult) => result.hits.map(({ id }) => id)

/** The failure of an effect; `undefined` if it succeeded. */
const refusal = <A, R>(effect: Effect.Effect<A, StoreError, R>) =>
  Effect.match(effect, { onSuccess: () => undefined, onFailure: ({ reason }) => reason })

const onFixture = <A>(test: Effect.Effect<A, StoreError, DocumentStore>) =>
  Effect.gen(function* () {
    const store = yield* DocumentStore
    yield* store.transact(SearchFixture.writes)
    return yield* test
  })

/** The score of the record `titan`. */
const titanScore = (query: JsonObject) =>
  Effect.map(
    search({ query: { bool: { must: [query], filter: { ids: { values: ["titan"] } } } } }),
    ({ hits }) => hits[0]?.score,
  )

/** Id and sort values of the first two hits. */
const firstTwo = (sort: Json, query: JsonObject = { match_all: {} }) =>
  Effect.map(search({ query, sort, size: 2 }), ({ hits }) => hits.map(({ id, sort }) => [id, ...(sort ?? [])]))

const bucket = (key: string | number, doc_count: number) => ({ key, doc_count })
const terms = (sum_other_doc_count: number, ...buckets: ReadonlyArray<object>) => ({
  doc_count_error_upper_bound: 0,
  sum_other_doc_count,
  buckets,
})

const valueCount = (field: string, query: JsonObject = { match_all: {} }) =>
  Effect.map(search({ size: 0, query, aggs: { n: { value_count: { field } } } }), ({ aggregations }) => aggregations)

const wildcards = (count: number) => ({
  query: { bool: { should: Array.from({ length: count }, (_, i) => ({ wildcard: { name: `*${i}*` } })) } },
})

/** Each test builds the layer again and expects an empty store. */
export const documentStoreContract = (name: string, layer: Layer.Layer<DocumentStore, StoreError>) => {
  const holds = (
    sentence: string,
    test: (store: DocumentStore["Service"]) => Effect.Effect<void, StoreError, DocumentStore>,
  ) =>
    it.effect(sentence, () =>
      // Set the clock before a connection pool could use it for a wait.
      TestClock.setTime(SearchFixture.now).pipe(
        Effect.andThen(Effect.flatMap(DocumentStore, test).pipe(Effect.provide(layer))),
      ),
    )

  describe(`${name}: a search that finds many records`, () => {
    const seed = Number(process.env["DRAWBAR_SEARCH_SEED"] ?? Math.floor(Math.random() * 2 ** 31))

    holds(`returns the same pages as one that sorts them all (DRAWBAR_SEARCH_SEED=${seed})`, (store) =>
      Effect.gen(function* () {
        const random = SearchFixture.randoms(seed)
        for (let n = 0; n < 1_600; n += 100)
          yield* store.transact(
            Array.from({ length: 100 }, () =>
              create(SearchFixture.randomId(random), SearchFixture.randomModel(random)),
            ),
          )
        for (const query of SearchFixture.broadQueries)
          for (const sort of SearchFixture.orders) {
            const order = sort === undefined ? {} : { sort }
            const whole = yield* search({ query, ...order, size: 1_600, _source: false })
            for (const size of [7, 60]) {
              const from = size === 60 ? 60 : 0
              const page = yield* search({ query, ...order, from, size, _source: false })
              assert.deepStrictEqual(page, { ...whole, hits: whole.hits.slice(from, from + size) })
            }
            const at = Math.floor(random() * whole.hits.length)
            const search_after = whole.hits[at]?.sort
            if (sort === undefined || search_after === undefined) continue
            const after = yield* search({ query, sort, search_after: [...search_after], size: 9, _source: false })
            const all = yield* search({ query, sort, search_after: [...search_after], size: 1_600, _source: false })
            assert.deepStrictEqual(idsOf(after), idsOf(all).slice(0, 9))
          }
      }),
    )
  })

  describe(`${name}: records`, () => {
    holds("reads a created record with its sealed part and version 1", (store) =>
      Effect.gen(function* () {
        const source = { name: "n", nested: { list: [1, "two", null, true] } }
        const written = yield* store.transact([create("a", source, { key: "cipher" })])
        const expected = { id: "a", version: 1, seqNo: 0, source, sealed: { key: "cipher" } }
        assert.deepStrictEqual(written, [expected])
        assert.deepStrictEqual(yield* store.get("model", "a"), Option.some(expected))
      }),
    )

    holds("keeps records with the same id in different collections apart", (store) =>
      Effect.gen(function* () {
        yield* store.transact([create("a", { of: "model" })])
        yield* store.transact([{ _tag: "Create", collection: "connector", id: "a", source: { of: "connector" } }])
        yield* store.transact([remove("a")])
        assert.isTrue(Option.isNone(yield* store.get("model", "a")))
        assert.isTrue(Option.isSome(yield* store.get("connector", "a")))
      }),
    )

    holds("returns nothing for an id that does not exist", (store) =>
      Effect.map(store.get("model", "missing"), (found) => assert.isTrue(Option.isNone(found))),
    )

    holds("rejects creating a record twice, and replacing or deleting a missing one, by name", (store) =>
      Effect.gen(function* () {
        yield* store.transact([create("a")])
        assert.strictEqual((yield* refusal(store.transact([create("a")])))?._tag, "AlreadyExists")
        assert.strictEqual((yield* refusal(store.transact([replace("b", {})])))?._tag, "NotFound")
        assert.strictEqual((yield* refusal(store.transact([replace("b", {}, 1)])))?._tag, "NotFound")
        assert.strictEqual((yield* refusal(store.transact([remove("b")])))?._tag, "NotFound")
      }),
    )

    holds("increments the version on replacement, and keeps the sealed part if absent", (store) =>
      Effect.gen(function* () {
        yield* store.transact([create("a", { n: 1 }, { key: "cipher" })])
        const [kept] = yield* store.transact([replace("a", { n: 2 })])
        assert.deepStrictEqual(kept, { id: "a", version: 2, seqNo: 1, source: { n: 2 }, sealed: { key: "cipher" } })
        const [emptied] = yield* store.transact([
          { _tag: "Replace", collection: "model", id: "a", source: { n: 3 }, sealed: {} },
        ])
        assert.deepStrictEqual(emptied?.sealed, {})
      }),
    )

    holds("rejects a write based on an older version", (store) =>
      Effect.gen(function* () {
        yield* store.transact([create("a", { n: 1 })])
        yield* store.transact([replace("a", { n: 2 }, 1)])
        assert.strictEqual((yield* refusal(store.transact([replace("a", { n: 3 }, 1)])))?._tag, "VersionConflict")
        assert.strictEqual((yield* refusal(store.transact([remove("a", 1)])))?._tag, "VersionConflict")
        const [removed] = yield* store.transact([remove("a", 2)])
        assert.deepStrictEqual(removed?.source, { n: 2 })
      }),
    )

    holds("lets one of many concurrent writers of the same version succeed", (store) =>
      Effect.gen(function* () {
        yield* store.transact([create("a", { n: 0 })])
        const exits = yield* Effect.all(
          Array.from({ length: 20 }, (_, n) => Effect.exit(store.transact([replace("a", { n }, 1)]))),
          { concurrency: "unbounded" },
        )
        assert.strictEqual(exits.filter(({ _tag }) => _tag === "Success").length, 1)
      }),
    )

    holds("commits all of a transaction or none", (store) =>
      Effect.gen(function* () {
        yield* store.transact([create("a", { name: "before" })])
        const reason = yield* refusal(store.transact([create("b"), replace("a", { name: "after" }), remove("c")]))
        assert.strictEqual(reason?._tag, "NotFound")
        assert.isTrue(Option.isNone(yield* store.get("model", "b")))
        assert.deepStrictEqual(
          Option.map(yield* store.get("model", "a"), ({ source }) => source),
          Option.some({ name: "before" }),
        )
        assert.deepStrictEqual(idsOf(yield* search({ query: { match: { name: "after" } } })), [])
        assert.deepStrictEqual(idsOf(yield* search({ query: { match: { name: "before" } } })), ["a"])
      }),
    )

    holds("shows earlier writes of a transaction to later ones", (store) =>
      Effect.gen(function* () {
        const written = yield* store.transact([
          create("a", { n: 1 }),
          replace("a", { n: 2 }, 1),
          remove("a", 2),
          create("a", { n: 3 }),
        ])
        assert.deepStrictEqual(
          written.map(({ version }) => version),
          [1, 2, 2, 1],
        )
        assert.deepStrictEqual(
          Option.map(yield* store.get("model", "a"), ({ source }) => source),
          Option.some({ n: 3 }),
        )
      }),
    )

    holds("commits the valid ones of two hundred concurrent writes and rejects only the invalid ones", (store) =>
      Effect.gen(function* () {
        const exits = yield* Effect.all(
          Array.from({ length: 200 }, (_, i) =>
            Effect.exit(store.transact([create(`own-${i}`, { i }), create(i % 10 === 0 ? `own-${i}` : `second-${i}`)])),
          ),
          { concurrency: "unbounded" },
        )
        assert.strictEqual(exits.filter(({ _tag }) => _tag === "Failure").length, 20)
        assert.strictEqual(yield* store.count("model"), 360)
        const all = yield* Stream.runCollect(store.all("model"))
        assert.strictEqual(new Set(all.map(({ seqNo }) => seqNo)).size, 360)
        assert.isFalse(all.some(({ id }) => id === "own-0"))
      }),
    )

    holds("shows an acknowledged write to the next reader, by id and by search", (store) =>
      Effect.forEach(
        Array.from({ length: 20 }, (_, i) => `r${i}`),
        (id) =>
          Effect.gen(function* () {
            yield* store.transact([create(id, { name: id })])
            assert.isTrue(Option.isSome(yield* store.get("model", id)))
            assert.deepStrictEqual(idsOf(yield* search({ query: { match: { name: id } } })), [id])
          }),
        { concurrency: "unbounded", discard: true },
      ),
    )

    holds("commits all of an interrupted write or none, and accepts the next one", (store) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.forkChild(store.transact([create("a"), create("b")]))
        yield* Effect.yieldNow
        fiber.interruptUnsafe()
        yield* store.transact([create("c")])
        const [a, b] = [yield* store.get("model", "a"), yield* store.get("model", "b")]
        assert.strictEqual(Option.isSome(a), Option.isSome(b))
      }),
    )

    holds("iterates over all records in order of id, across batches", (store) =>
      Effect.gen(function* () {
        const ids = Array.from({ length: 250 }, (_, i) => `id-${String(i).padStart(3, "0")}`)
        yield* store.transact(ids.toReversed().map((id) => create(id, {}, { secret: id })))
        const all = yield* Stream.runCollect(store.all("model"))
        assert.deepStrictEqual(
          all.map(({ id }) => id),
          ids,
        )
        assert.deepStrictEqual(all[7]?.sealed, { secret: "id-007" })
        assert.strictEqual(yield* store.count("connector"), 0)
      }),
    )

    holds("stores any text unchanged: quotes, zero-width characters, every plane, exact numbers", (store) =>
      Effect.gen(function* () {
        const source = {
          "k'\"; DROP TABLE documents;--": "'\"\\ \u{1F600} \u200b %_*?[] \0 \ud800",
          "nul\0": "x",
          n: JSON.rawJSON("1.10"),
        }
        yield* store.transact([create("'; --", source)])
        const found = yield* store.get("model", "'; --")
        assert.strictEqual(JSON.stringify(Option.getOrUndefined(found)?.source), JSON.stringify(source))
      }),
    )

    holds("stores and finds records with many fields, long words and deep trees", (store) =>
      Effect.gen(function* () {
        const deep = Array.from({ length: 500 }).reduce<JsonObject>((inner) => ({ a: inner }), { b: "bottom" })
        const wide = Object.fromEntries(Array.from({ length: 2_000 }, (_, i) => [`f${i}`, `value ${i}`]))
        yield* store.transact([create("a", { deep, wide, ["long".repeat(200)]: "x", text: "word ".repeat(20_000) })])
        assert.deepStrictEqual(idsOf(yield* search({ query: { term: { "wide.f1999.keyword": "value 1999" } } })), ["a"])
        assert.deepStrictEqual(idsOf(yield* search({ query: { match: { text: "word" } } })), ["a"])
      }),
    )
  })

  describe(`${name}: search`, () => {
    holds(`returns the expected records for each of ${SearchFixture.finds.length} queries`, () =>
      onFixture(
        Effect.forEach(
          SearchFixture.finds,
          ([query, ids]) =>
            Effect.map(search({ query, size: 100 }), (result) => {
              assert.deepStrictEqual(idsOf(result).toSorted(), ids.toSorted(), JSON.stringify(query))
              assert.strictEqual(result.total, ids.length)
            }),
          { discard: true },
        ),
      ),
    )

    holds("finds the same records if a query is a filter, and the others if it is negated", () =>
      onFixture(
        Effect.forEach(
          SearchFixture.finds,
          ([query, ids]) =>
            Effect.gen(function* () {
              const filtered = yield* search({ query: { bool: { filter: query } }, size: 0 })
              const negated = yield* search({ query: { bool: { must_not: query } }, size: 0 })
              assert.strictEqual(filtered.total, ids.length, JSON.stringify(query))
              assert.strictEqual(negated.total, 26 - ids.length, JSON.stringify(query))
            }),
          { discard: true },
        ),
      ),
    )

    holds("scores 1 for a term, the number of words for a match and 0 for a filter, times the boost", () =>
      onFixture(
        Effect.gen(function* () {
          assert.strictEqual(yield* titanScore({ match_all: {} }), 1)
          assert.strictEqual(yield* titanScore({ match: { name: "amazon titan other" } }), 2)
          assert.strictEqual(yield* titanScore({ match: { name: { query: "amazon titan", boost: 1.5 } } }), 3)
          assert.strictEqual(yield* titanScore({ term: { algorithm: { value: "REMOTE", boost: 4 } } }), 4)
          assert.strictEqual(yield* titanScore({ bool: { filter: { match_all: {} } } }), 0)
          assert.strictEqual(
            yield* titanScore({ constant_score: { filter: { match: { name: "amazon titan" } }, boost: 7 } }),
            7,
          )
          const twice = {
            bool: { must: { match_all: {} }, should: [{ term: { tags: "fast" } }, { term: { tags: "no" } }], boost: 2 },
          }
          assert.strictEqual(yield* titanScore(twice), 4)
        }),
      ),
    )

    holds("without a sort, orders by score, then by creation", () =>
      onFixture(
        Effect.gen(function* () {
          const result = yield* search({ query: { match: { name: "chat model 3" } }, size: 4 })
          assert.deepStrictEqual(idsOf(result), ["m03", "m01", "m02", "m04"])
          assert.strictEqual(result.maxScore, 3)
          assert.isUndefined(result.hits[0]?.sort)
          const equal = yield* search({ query: { terms: { _id: ["array", "titan", "gpt", "m02"] } } })
          assert.deepStrictEqual(idsOf(equal), ["m02", "gpt", "titan", "array"])
          yield* (yield* DocumentStore).transact([replace("m02", { name: "changed" })])
          assert.deepStrictEqual(idsOf(yield* search({ query: { terms: { _id: ["gpt", "m02"] } } })), ["m02", "gpt"])
        }),
      ),
    )

    holds(
      "sorts by time, number, text, id and score in either direction, with missing values first, last or replaced",
      () =>
        onFixture(
          Effect.gen(function* () {
            assert.deepStrictEqual(yield* firstTwo([{ created_time: { order: "desc" } }]), [
              ["m01", SearchFixture.now],
              ["m02", SearchFixture.now - 86_400_000],
            ])
            assert.deepStrictEqual(yield* firstTwo("created_time"), [
              ["iso", Date.UTC(2020, 5, 15)],
              ["m12", SearchFixture.now - 11 * 86_400_000],
            ])
            assert.deepStrictEqual(yield* firstTwo([{ "name.keyword": "asc" }]), [
              ["empty", ""],
              ["signs", "100% _sure_ [yes]* 'quoted' \"double\"; DROP TABLE documents;--"],
            ])
            assert.deepStrictEqual(yield* firstTwo([{ _id: "desc" }]), [
              ["zurich", "zurich"],
              ["titan", "titan"],
            ])
            assert.deepStrictEqual(yield* firstTwo([{ scores: { order: "desc", missing: "_first" } }, "_id"]), [
              ["chunk", null, "chunk"],
              ["empty", null, "empty"],
            ])
            assert.deepStrictEqual(yield* firstTwo([{ scores: { order: "desc" } }]), [
              ["array", 9],
              ["m01", null],
            ])
            assert.deepStrictEqual(
              yield* firstTwo([{ scores: { order: "desc", missing: 10 } }, { _id: "asc" }], {
                terms: { _id: ["array", "gpt"] },
              }),
              [
                ["gpt", 10, "gpt"],
                ["array", 9, "array"],
              ],
            )
            assert.deepStrictEqual(yield* firstTwo(["_score", { _id: "desc" }], { match: { name: "model 12" } }), [
              ["m12", 2, "m12"],
              ["phrase", 1, "phrase"],
            ])
            assert.deepStrictEqual(yield* firstTwo(["_doc"]), [
              ["m01", 0],
              ["m02", 1],
            ])
          }),
        ),
    )

    holds("reaches every record once with from and size and with search_after, whatever is missing", () =>
      onFixture(
        Effect.gen(function* () {
          const whole = idsOf(yield* search({ size: 100 }))
          const paged = yield* Effect.forEach([0, 10, 20, 30], (from) => search({ from, size: 10 }))
          assert.deepStrictEqual(paged.flatMap(idsOf), whole)
          for (const missing of ["_first", "_last"]) {
            for (const order of ["asc", "desc"]) {
              const sort = [
                { planning_worker_node_count: { order, missing } },
                { model_group_id: { order } },
                { _id: order },
              ]
              const seen: Array<string> = []
              for (let after: Json | undefined; ;) {
                const { hits } = yield* search({
                  sort,
                  size: 3,
                  ...(after === undefined ? {} : { search_after: after }),
                })
                if (hits.length === 0) break
                seen.push(...hits.map(({ id }) => id))
                after = hits.at(-1)?.sort ?? []
              }
              assert.deepStrictEqual(seen, idsOf(yield* search({ sort, size: 100 })), `${missing} ${order}`)
              assert.strictEqual(seen.length, whole.length)
            }
          }
        }),
      ),
    )

    holds("returns version, sequence number and the requested source of a hit, but never its sealed part", (store) =>
      onFixture(
        Effect.gen(function* () {
          yield* store.transact([
            replace("owned", {
              name: "Owned",
              owner: { name: "Alice", backend_roles: ["x"] },
              list: [{ a: 1, b: 2 }],
            }),
          ])
          const shown = (_source: Json) =>
            Effect.map(search({ query: { ids: { values: ["owned"] } }, _source }), ({ hits }) => hits[0]?.source)
          const [hit] = (yield* search({ query: { ids: { values: ["owned"] } } })).hits
          assert.deepStrictEqual(Object.keys(hit ?? {}), ["id", "version", "seqNo", "score", "source"])
          assert.strictEqual(hit?.version, 2)
          assert.strictEqual(hit?.seqNo, 26)
          assert.isUndefined(yield* shown(false))
          assert.deepStrictEqual(yield* shown("name"), { name: "Owned" })
          assert.deepStrictEqual(yield* shown(["owner.*", "nothing"]), {
            owner: { name: "Alice", backend_roles: ["x"] },
          })
          assert.deepStrictEqual(yield* shown({ excludes: ["owner.b*", "list"] }), {
            name: "Owned",
            owner: { name: "Alice" },
          })
          assert.deepStrictEqual(yield* shown({ includes: ["list.a", "owner"], excludes: "owner.name" }), {
            owner: { backend_roles: ["x"] },
            list: [{ a: 1 }],
          })
          assert.deepStrictEqual(yield* shown([]), hit?.source)
        }),
      ),
    )

    holds("counts by value: exact texts, booleans by name, times as dates, and a sum of the others", () =>
      onFixture(
        Effect.gen(function* () {
          const { aggregations } = yield* search({
            size: 0,
            query: { exists: { field: "model_state" } },
            aggs: {
              state: { terms: { field: "model_state" } },
              group: { terms: { field: "model_group_id", size: 1, order: { _key: "asc" } } },
              hidden: { terms: { field: "is_hidden" } },
              time: { terms: { field: "created_time", size: 1, order: { _key: "desc" } } },
              nothing: { terms: { field: "nothing" } },
              few: { terms: { field: "model_state", min_doc_count: 3, order: [{ _count: "asc" }] } },
            },
          })
          assert.deepStrictEqual<unknown>(aggregations, {
            state: terms(0, bucket("DEPLOYED", 8), bucket("REGISTERED", 3), bucket("DEPLOY_FAILED", 1)),
            group: terms(7, bucket("group-one", 5)),
            hidden: terms(
              0,
              { key: 0, key_as_string: "false", doc_count: 11 },
              { key: 1, key_as_string: "true", doc_count: 1 },
            ),
            time: terms(11, { key: SearchFixture.now, key_as_string: "2026-03-10T12:00:00.000Z", doc_count: 1 }),
            nothing: terms(0),
            few: terms(1, bucket("REGISTERED", 3), bucket("DEPLOYED", 8)),
          })
          const inline = yield* search({ size: 0, aggs: { by: { terms: { field: "connector.name.keyword" } } } })
          assert.deepStrictEqual<unknown>(inline.aggregations, { by: terms(0, bucket("Cohere connector", 1)) })
        }),
      ),
    )

    holds("counts the values of a field in the found records", () =>
      onFixture(
        Effect.gen(function* () {
          assert.deepStrictEqual<unknown>(yield* valueCount("algorithm"), { n: { value: 15 } })
          assert.deepStrictEqual<unknown>(yield* valueCount("scores"), { n: { value: 3 } })
          assert.deepStrictEqual<unknown>(yield* valueCount("nothing"), { n: { value: 0 } })
          assert.deepStrictEqual<unknown>(yield* valueCount("_id", { term: { algorithm: "REMOTE" } }), {
            n: { value: 14 },
          })
          assert.include((yield* refusal(valueCount("name")))?.message ?? "", "use [name.keyword] instead of [name]")
        }),
      ),
    )

    holds("excludes records below the minimum score from hits, total and counts", () =>
      onFixture(
        Effect.gen(function* () {
          const body = { query: { match: { name: "chat model 3" } }, aggs: { n: { value_count: { field: "_id" } } } }
          const result = yield* search({ ...body, min_score: 3 })
          assert.deepStrictEqual([idsOf(result), result.total, result.aggregations], [["m03"], 1, { n: { value: 1 } }])
          assert.strictEqual((yield* search({ ...body, min_score: 1000 })).total, 0)
          assert.strictEqual((yield* search({ ...body, min_score: 3, sort: ["_id"] })).total, 1)
        }),
      ),
    )

    holds("reports no maximum score if no hits are requested", () =>
      onFixture(
        Effect.gen(function* () {
          const { total, maxScore } = yield* search({ size: 0 })
          assert.deepStrictEqual([total, maxScore], [26, null])
        }),
      ),
    )

    holds("scores the best of several queries plus a share of the others", () =>
      onFixture(
        Effect.gen(function* () {
          const queries = [
            { match: { name: "amazon titan" } },
            { term: { algorithm: "REMOTE" } },
            { ids: { values: ["gpt"] } },
          ]
          assert.strictEqual(yield* titanScore({ dis_max: { queries } }), 2)
          assert.strictEqual(yield* titanScore({ dis_max: { queries, tie_breaker: 0.5, boost: 2 } }), 5)
          const { total } = yield* search({
            query: { dis_max: { queries: [{ match_none: {} }, { ids: { values: ["gpt"] } }] } },
          })
          assert.strictEqual(total, 1)
        }),
      ),
    )

    holds("refuses to sort by a field that no record has, unless its type is given", () =>
      onFixture(
        Effect.gen(function* () {
          for (const field of ["nope", "nope.keyword", "nam.keyword", "create_tme"]) {
            const reason = yield* refusal(search({ sort: [field] }))
            assert.strictEqual(reason?.message, `No mapping found for [${field}] in order to sort on`)
            assert.strictEqual(reason?._tag === "InvalidSearchQuery" ? reason.type : "", "query_shard_exception")
            assert.strictEqual((yield* search({ sort: [{ [field]: { unmapped_type: "long" } }] })).total, 26)
          }
          for (const field of [
            "created_time",
            "last_deployed_time",
            "name.keyword",
            "parameters.model",
            "rank",
            "_doc",
          ])
            assert.strictEqual((yield* search({ sort: [field] })).total, 26, field)
        }),
      ),
    )

    holds("finds, orders and scores many records like few, in batches", (store) =>
      Effect.gen(function* () {
        const count = 450
        const ids = Array.from({ length: count }, (_, i) => `r${(i * 7_919) % count}`)
        yield* store.transact(
          ids.map((id, i) =>
            create(id, {
              name: `model ${i % 7} ${i % 3 === 0 ? "third" : ""}`,
              rank: (i * 31) % 100,
              algorithm: i % 5 === 0 ? "B" : "a",
            }),
          ),
        )
        // With this many clauses, a statement covers a few hundred records.
        const others = Array.from({ length: 190 }, (_, i) => ({ term: { algorithm: `none${i}` } }))
        const clauses: ReadonlyArray<JsonObject> = [
          { match: { name: "third" } },
          { wildcard: { name: "*odel" } },
          { term: { algorithm: "B" } },
        ]
        const few = { bool: { should: clauses } }
        const many = { bool: { should: [...clauses, ...others] } }
        for (const body of [
          {},
          { size: count },
          { from: 100, size: 200, sort: ["rank", "algorithm"] },
          { size: 300, sort: [{ rank: "desc" }, "_score"] },
          { size: 100, sort: ["algorithm", "rank"], search_after: ["B", 40] },
          {
            size: 50,
            sort: [{ missing_one: { order: "asc", missing: "_first", unmapped_type: "long" } }, { rank: "asc" }],
          },
          { size: 0, aggs: { by: { terms: { field: "algorithm" } } } },
          { min_score: 2, size: count },
        ])
          assert.deepStrictEqual(
            yield* search({ ...body, query: many }),
            yield* search({ ...body, query: few }),
            JSON.stringify(body),
          )
      }),
    )

    holds("limits the total bytes of the hits, and reads their texts in batches", (store) =>
      Effect.gen(function* () {
        const large = "x".repeat(900_000)
        yield* Effect.forEach(
          Array.from({ length: 40 }, (_, i) => `r${i}`),
          (id) => store.transact([create(id, { name: id, algorithm: large })]),
        )
        assert.include((yield* refusal(search({ size: 40 })))?.message ?? "", "are larger than [32000000] bytes")
        const named = yield* search({ size: 40, _source: "name" })
        assert.deepStrictEqual(
          named.hits.map(({ source }) => source),
          Array.from({ length: 40 }, (_, i) => ({ name: `r${i}` })),
        )
        assert.strictEqual((yield* search({ size: 30 })).hits.length, 30)
        assert.strictEqual((yield* search({ size: 40, _source: false })).hits.length, 40)
      }),
    )

    holds("no longer finds replaced or deleted content", (store) =>
      Effect.gen(function* () {
        yield* store.transact([
          create("a", { name: "first words", algorithm: "X" }),
          create("b", { name: "first words" }),
        ])
        yield* store.transact([replace("a", { name: "second words" }), remove("b")])
        assert.deepStrictEqual(idsOf(yield* search({ query: { match: { name: "first" } } })), [])
        assert.deepStrictEqual(idsOf(yield* search({ query: { exists: { field: "algorithm" } } })), [])
        assert.deepStrictEqual(idsOf(yield* search({ query: { match: { name: "second" } } })), ["a"])
      }),
    )

    holds("returns the same for an empty collection as for one without matches", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* search({}), { total: 0, maxScore: null, hits: [], aggregations: {} })
      }),
    )

    holds("rejects values that do not match their field", () =>
      Effect.gen(function* () {
        for (const [body, words] of unfit) {
          const reason = yield* refusal(search(body))
          assert.strictEqual(reason?._tag, "InvalidSearchQuery")
          assert.include(reason?.message, words)
        }
      }),
    )

    holds("accepts the maximum of nested and joined clauses, and matches long patterns quickly", (store) =>
      Effect.gen(function* () {
        yield* store.transact([create("a", { algorithm: "a".repeat(500), name: "a".repeat(250) })])
        const nested = Array.from({ length: 9 }).reduce<JsonObject>(
          (inner) => ({ bool: { must: [inner], should: [inner] } }),
          { match: { name: "a" } },
        )
        // Each level contains the level below twice: too many clauses.
        assert.strictEqual((yield* refusal(search({ query: nested })))?._tag, "InvalidSearchQuery")
        const deep = Array.from({ length: 20 }).reduce<JsonObject>(
          (inner) => ({ bool: { should: [inner, { term: { _id: "x" } }] } }),
          { ids: { values: ["a"] } },
        )
        assert.deepStrictEqual(idsOf(yield* search({ query: deep })), ["a"])
        const wide = { bool: { should: Array.from({ length: 511 }, (_, i) => ({ term: { algorithm: `t${i}` } })) } }
        assert.strictEqual((yield* search({ query: wide })).total, 0)
        const terms = { terms: { algorithm: Array.from({ length: 10_000 }, (_, i) => `t${i}`) } }
        assert.strictEqual((yield* search({ query: terms })).total, 0)
        const tooMany = { bool: { must: [terms, terms, terms, terms] } }
        assert.strictEqual((yield* refusal(search({ query: tooMany })))?._tag, "InvalidSearchQuery")
        assert.strictEqual((yield* search(wildcards(32))).total, 0)
        assert.include((yield* refusal(search(wildcards(33))))?.message ?? "", "takes at most [32] wildcards")
        const loud = { match: { name: { query: "a", boost: 1e308 } } }
        const louder = { bool: { must: { bool: { must: [loud, loud], boost: 1e308 } }, boost: -1e308 } }
        assert.isTrue(Number.isFinite((yield* search({ query: louder })).maxScore ?? 0))
        for (const value of ["*a".repeat(400) + "*b", "a*?".repeat(300) + "b", "*".repeat(1_000), "?".repeat(1_000)]) {
          const found = yield* search({ query: { wildcard: { algorithm: value } } })
          assert.strictEqual(found.total, value.startsWith("**") ? 1 : 0)
        }
      }),
    )
  })
}

const unfit: ReadonlyArray<readonly [body: JsonObject, words: string]> = [
  [{ query: { term: { created_time: "yesterday" } } }, "failed to parse date field [yesterday] of [created_time]"],
  [{ query: { range: { created_time: { gte: "now-1q" } } } }, "failed to parse date field [now-1q]"],
  [{ sort: ["name"] }, "use [name.keyword] instead of [name]"],
  [{ aggs: { by: { terms: { field: "owner.name" } } } }, "use [owner.name.keyword] instead of [owner.name]"],
  [{ sort: ["created_time"], search_after: ["soon"] }, "Failed to parse search_after value [soon]"],
  [{ sort: [{ created_time: { missing: "soon" } }] }, "[sort] missing of [created_time] must be a number"],
  [{ query: { term: { name: "\0" } } }, "the query contains the character U+0000"],
  [{ query: { match_phrase: { name: "w ".repeat(40) } } }, "a phrase takes at most [32] words"],
]
