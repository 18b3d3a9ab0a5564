/** Twenty-six records for the table of searches. */
import type { JsonObject } from "@drawbar/json-text/Json"
import type { Write } from "../src/Document.ts"

/** 2026-03-10T12:00:00Z: the value of `now` in the table. */
export const now = Date.UTC(2026, 2, 10, 12)
const day = 86_400_000

const model = (id: string, source: JsonObject): Write => ({
  _tag: "Create",
  collection: "model",
  id,
  source,
  sealed: { "connector.credential.key": "ciphertext-never-found" },
})

/** Chat models `m01`…`m12` in two groups, a day apart; each of the others has one peculiarity. */
export const writes: ReadonlyArray<Write> = [
  ...Array.from({ length: 12 }, (_, i) =>
    model(`m${String(i + 1).padStart(2, "0")}`, {
      name: `Chat model ${i + 1}`,
      description: i % 2 === 0 ? "An even tempered assistant" : "A quick summariser of long texts",
      algorithm: "REMOTE",
      model_state: i < 8 ? "DEPLOYED" : i < 11 ? "REGISTERED" : "DEPLOY_FAILED",
      model_version: String(i + 1),
      model_group_id: i < 5 ? "group-one" : "group-two",
      connector_id: "Conn_AbC-1",
      created_time: now - i * day,
      is_hidden: i === 11,
      planning_worker_node_count: i,
    }),
  ),
  model("gpt", { name: "OpenAI gpt-4o-mini", description: "api.openai.com, the smaller one", algorithm: "REMOTE" }),
  model("titan", { name: "Amazon Titan Embeddings", algorithm: "REMOTE", tags: ["fast", "Cheap one"], rank: 2.5 }),
  model("chunk", { name: "local_chunk", algorithm: "TEXT_EMBEDDING", chunk_number: 0 }),
  model("inline", {
    name: "Inline",
    connector: {
      name: "Cohere connector",
      protocol: "http",
      parameters: { model: "embed-v3", region: "us-east-1", input: { type: "search" } },
      actions: [{ action_type: "PREDICT", method: "POST", request_body: "x".repeat(600) }],
    },
  }),
  model("owned", {
    name: "Owned",
    owner: { name: "Alice", backend_roles: ["ml_admin", "research"] },
    access: "private",
  }),
  model("shared", { name: "Shared", owner: { name: "bob", backend_roles: ["research"] }, access: "public" }),
  model("long", { name: "n".repeat(300), note: "w".repeat(300) }),
  model("zurich", { name: "Zürich ÉCOLE Straße", note: "Dans la forêt" }),
  model("han", { name: "东京 model", note: "ひらがな" }),
  model("signs", { name: "100% _sure_ [yes]* 'quoted' \"double\"; DROP TABLE documents;--" }),
  model("array", { name: "Array", tags: ["fast", "fast", "slow"], scores: [1, 5, 9], flag: true }),
  model("empty", { name: "", tags: [], note: null, parameters: {} }),
  model("phrase", { name: "model chat", note: "one two three", list: ["alpha beta", "gamma delta"] }),
  model("iso", { name: "Iso", created_time: "2020-06-15T00:00:00Z", last_updated_time: 1 }),
  { _tag: "Create", collection: "connector", id: "m01", source: { name: "Chat model of another collection" } },
]

const chat = (...numbers: ReadonlyArray<number>) => numbers.map((n) => `m${String(n).padStart(2, "0")}`)
const chats = chat(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
const others = writes.map(({ id }) => id).slice(12, -1)

/** A query and the ids that it finds, in any order. */
export const finds: ReadonlyArray<readonly [query: JsonObject, ids: ReadonlyArray<string>]> = [
  [{ match_all: {} }, [...chats, ...others]],
  [{ match_none: {} }, []],
  [{ ids: { values: ["gpt", "han", "missing"] } }, ["gpt", "han"]],
  [{ ids: { values: [] } }, []],
  [{ term: { _id: "gpt" } }, ["gpt"]],
  [{ terms: { _id: ["gpt", "owned"] } }, ["gpt", "owned"]],

  [{ term: { algorithm: "TEXT_EMBEDDING" } }, ["chunk"]],
  [{ term: { algorithm: { value: "TEXT_EMBEDDING", boost: 2, _name: "q" } } }, ["chunk"]],
  [{ term: { algorithm: "text_embedding" } }, []],
  [{ term: { algorithm: { value: "text_embedding", case_insensitive: true } } }, ["chunk"]],
  [{ term: { "algorithm.keyword": "TEXT_EMBEDDING" } }, ["chunk"]],
  [{ term: { model_version: 3 } }, chat(3)],
  [{ term: { name: "openai" } }, ["gpt"]],
  [{ term: { name: "OpenAI" } }, []],
  [{ term: { "name.keyword": "OpenAI gpt-4o-mini" } }, ["gpt"]],
  [{ term: { "name.keyword": "openai gpt-4o-mini" } }, []],
  [{ term: { "name.keyword": { value: "openai GPT-4o-mini", case_insensitive: true } } }, ["gpt"]],
  [{ term: { connector_id: "Conn_AbC-1" } }, chats],
  [{ term: { "connector_id.keyword": "Conn_AbC-1" } }, chats],
  [{ term: { is_hidden: true } }, chat(12)],
  [{ term: { is_hidden: "true" } }, chat(12)],
  [{ term: { planning_worker_node_count: 4 } }, chat(5)],
  [{ term: { planning_worker_node_count: "4" } }, chat(5)],
  [{ term: { rank: 2.5 } }, ["titan"]],
  [{ term: { created_time: now - 2 * day } }, chat(3)],
  [{ term: { created_time: "2020-06-15" } }, ["iso"]],
  [{ term: { tags: "fast" } }, ["titan", "array"]],
  [{ term: { "tags.keyword": "Cheap one" } }, ["titan"]],
  [{ term: { nothing: "here" } }, []],
  [{ terms: { model_state: ["REGISTERED", "DEPLOY_FAILED"] } }, chat(9, 10, 11, 12)],
  [{ terms: { model_state: [], boost: 1 } }, []],

  [{ match: { name: "OPENAI" } }, ["gpt"]],
  [{ match: { name: { query: "titan nothing" } } }, ["titan"]],
  [{ match: { name: { query: "amazon titan", operator: "AND" } } }, ["titan"]],
  [{ match: { name: { query: "amazon openai", operator: "and" } } }, []],
  [{ match: { name: { query: "amazon titan nothing", minimum_should_match: "66%" } } }, ["titan"]],
  [{ match: { name: { query: "amazon titan nothing", minimum_should_match: 3 } } }, []],
  [{ match: { name: "!!!" } }, []],
  [{ match: { description: "openai" } }, ["gpt"]],
  [{ match: { name: "zürich" } }, ["zurich"]],
  [{ match: { name: "école" } }, ["zurich"]],
  [{ match: { name: "东" } }, ["han"]],
  [{ match: { algorithm: "TEXT_EMBEDDING" } }, ["chunk"]],
  [{ match: { is_hidden: true } }, chat(12)],
  [{ match: { scores: 5 } }, ["array"]],
  [{ match_phrase: { name: "gpt 4o mini" } }, ["gpt"]],
  [{ match_phrase: { name: "model chat" } }, ["phrase"]],
  [{ match_phrase: { note: "one three" } }, []],
  [{ match_phrase: { list: "beta gamma" } }, []],
  [{ match_phrase: { list: { query: "gamma delta", slop: 0 } } }, ["phrase"]],
  [{ match_phrase_prefix: { name: "amazon titan emb" } }, ["titan"]],
  [{ multi_match: { query: "quick gpt", fields: ["name^3", "description"] } }, [...chat(2, 4, 6, 8, 10, 12), "gpt"]],
  [{ multi_match: { query: "remote" } }, [...chats, "gpt", "titan"]],
  [{ multi_match: { query: "chat model 3", fields: ["name"], type: "phrase" } }, chat(3)],

  [{ prefix: { "name.keyword": "Open" } }, ["gpt"]],
  [{ prefix: { name: { value: "titan" } } }, ["titan"]],
  [{ prefix: { "name.keyword": { value: "open", case_insensitive: true } } }, ["gpt"]],
  [{ prefix: { "name.keyword": "" } }, [...chats, ...others.filter((id) => id !== "long")]],
  [{ wildcard: { "name.keyword": "*Titan*" } }, ["titan"]],
  [{ wildcard: { "name.keyword": "*titan*" } }, []],
  [{ wildcard: { "name.keyword": { value: "*titan*", case_insensitive: true } } }, ["titan"]],
  [{ wildcard: { "name.keyword": { wildcard: "Chat model ?" } } }, chat(1, 2, 3, 4, 5, 6, 7, 8, 9)],
  [{ wildcard: { name: "embed*" } }, ["titan"]],
  [{ wildcard: { model_group_id: "*-one" } }, chat(1, 2, 3, 4, 5)],
  [{ wildcard: { "name.keyword": "100% _sure_ [yes]\\* 'quoted'*" } }, ["signs"]],
  [{ wildcard: { "name.keyword": "100_*" } }, []],
  [{ wildcard: { "connector.parameters": "*mbed*3" } }, ["inline"]],
  [{ wildcard: { "connector.parameters": "*mbed*4" } }, []],

  [{ regexp: { "name.keyword": "Chat model [1-3]" } }, chat(1, 2, 3)],
  [{ regexp: { "name.keyword": "chat model [1-3]" } }, []],
  [{ regexp: { "name.keyword": { value: "chat model [1-3]", case_insensitive: true } } }, chat(1, 2, 3)],
  [{ regexp: { name: "tit.n" } }, ["titan"]],
  [
    {
      regexp: {
        name: { value: "(titan|openai)", flags: "ALL", max_determinized_states: 10, rewrite: "constant_score" },
      },
    },
    ["gpt", "titan"],
  ],
  [{ regexp: { name: "tit" } }, []],
  [{ regexp: { algorithm: "TEXT_@" } }, ["chunk"]],
  [{ regexp: { algorithm: { value: "TEXT_@", flags: "NONE" } } }, []],
  [{ regexp: { algorithm: '"TEXT_EMBEDDING"' } }, ["chunk"]],
  [{ regexp: { algorithm: "^TEXT.*$" } }, []],
  [{ regexp: { "name.keyword": "100% _sure_ \\[yes\\]\\* .*" } }, ["signs"]],
  [{ regexp: { "connector.parameters": "embed-v[0-9]+" } }, ["inline"]],
  [{ regexp: { model_version: "1[0-2]?" } }, chat(1, 10, 11, 12)],
  [
    { dis_max: { queries: [{ term: { _id: "gpt" } }, { match: { name: "titan" } }], tie_breaker: 0.3 } },
    ["gpt", "titan"],
  ],
  [{ wildcard: { "name.keyword": "*[a-z]*" } }, []],

  [{ exists: { field: "chunk_number" } }, ["chunk"]],
  [{ exists: { field: "connector" } }, ["inline"]],
  [{ exists: { field: "owner" } }, ["owned", "shared"]],
  [{ exists: { field: "tags" } }, ["titan", "array"]],
  [{ exists: { field: "parameters" } }, []],
  [{ exists: { field: "note" } }, ["long", "zurich", "han", "phrase"]],
  [{ exists: { field: "connector.actions.request_body" } }, ["inline"]],
  [{ exists: { field: "own" } }, []],

  [{ term: { "connector.name.keyword": "Cohere connector" } }, ["inline"]],
  [{ term: { "connector.parameters.model": "embed-v3" } }, ["inline"]],
  [{ term: { "connector.parameters.input.type": "search" } }, ["inline"]],
  [{ term: { "connector.parameters": "us-east-1" } }, ["inline"]],
  [{ term: { "connector.actions.action_type": "PREDICT" } }, ["inline"]],
  [{ nested: { path: "owner", query: { term: { "owner.name.keyword": "Alice" } } } }, ["owned"]],
  [
    { nested: { path: "owner", query: { terms: { "owner.backend_roles.keyword": ["research"] } } } },
    ["owned", "shared"],
  ],
  [{ nested: { path: "tags", ignore_unmapped: true, query: { match_all: {} } } }, []],

  [{ range: { created_time: { gte: now - 2 * day } } }, chat(1, 2, 3)],
  [{ range: { created_time: { gt: String(now - 2 * day), lt: now } } }, chat(2)],
  [{ range: { created_time: { gte: "now-1d/d" } } }, chat(1, 2)],
  [{ range: { created_time: { gt: "now-2d/d" } } }, chat(1, 2)],
  [{ range: { created_time: { lte: "2026-03-01", gte: "2026-02-28||/d" } } }, chat(10, 11)],
  [{ range: { created_time: { lt: "2021" } } }, ["iso"]],
  [{ range: { created_time: { gte: "2020-06-15T01:00:00+02:00", lte: "2020-06" } } }, ["iso"]],
  [{ range: { planning_worker_node_count: { gte: 10 } } }, chat(11, 12)],
  [{ range: { scores: { gt: 8, lte: 9.5 } } }, ["array"]],
  [{ range: { model_version: { gte: "8", lte: "9" } } }, chat(8, 9)],
  [{ range: { "name.keyword": { gte: "Own", lt: "Owo" } } }, ["owned"]],
  [{ range: { "tags.keyword": { gt: "fast" } } }, ["array"]],
  [{ range: { created_time: {} } }, [...chats, "iso"]],

  [
    { bool: { must: [{ term: { model_state: "DEPLOYED" } }], must_not: { term: { model_group_id: "group-one" } } } },
    chat(6, 7, 8),
  ],
  [{ bool: { should: [{ term: { _id: "gpt" } }, { term: { _id: "han" } }] } }, ["gpt", "han"]],
  [{ bool: { filter: { term: { _id: "gpt" } }, should: [{ term: { _id: "han" } }] } }, ["gpt"]],
  [
    {
      bool: {
        should: [
          { match: { name: "chat" } },
          { term: { model_version: "3" } },
          { term: { model_state: "REGISTERED" } },
        ],
        minimum_should_match: 2,
      },
    },
    chat(3, 9, 10, 11),
  ],
  [{ bool: { should: [{ term: { _id: "gpt" } }], minimum_should_match: 2 } }, []],
  [{ bool: {} }, [...chats, ...others]],
  [
    {
      bool: {
        must_not: [{ exists: { field: "algorithm" } }, { exists: { field: "owner" } }, { exists: { field: "tags" } }],
      },
    },
    ["inline", "long", "zurich", "han", "signs", "empty", "phrase", "iso"],
  ],
  [{ constant_score: { filter: { term: { model_version: "3" } } } }, chat(3)],

  [{ query_string: { query: "OpenAI" } }, ["gpt"]],
  [{ query_string: { query: "name:(titan OR openai)" } }, ["gpt", "titan"]],
  [{ query_string: { query: "chat AND 3" } }, chat(3)],
  [{ query_string: { query: "chat AND NOT model_state:DEPLOYED" } }, [...chat(9, 10, 11, 12), "phrase"]],
  [{ query_string: { query: "+chat -summariser", default_operator: "AND" } }, [...chat(1, 3, 5, 7, 9, 11), "phrase"]],
  [{ query_string: { query: "name:Tit*" } }, ["titan"]],
  [{ query_string: { query: '"model 3"' } }, chat(3)],
  [{ query_string: { query: "model_version:[8 TO 9}" } }, chat(8)],
  [{ query_string: { query: "planning_worker_node_count:>=11" } }, chat(12)],
  [{ query_string: { query: "_exists_:owner" } }, ["owned", "shared"]],
  [{ query_string: { query: "tags:*" } }, ["titan", "array"]],
  [{ query_string: { query: "titan", default_field: "name" } }, ["titan"]],
  [{ query_string: { query: "name:chat AND (model_version:1 OR model_version:2)" } }, chat(1, 2)],
  [{ query_string: { query: "amazon titan other", minimum_should_match: 2 } }, ["titan"]],
  [{ query_string: { query: "*" } }, [...chats, ...others]],
  [{ simple_query_string: { query: "titan | openai", fields: ["name"] } }, ["gpt", "titan"]],
  [{ simple_query_string: { query: "chat +summariser -DEPLOYED", default_operator: "and" } }, chat(10, 12)],
  [{ simple_query_string: { query: '"gpt 4o" ((', fields: ["name"] } }, ["gpt"]],

  [{ term: { "name.keyword": "'; DROP TABLE documents; --" } }, []],
  [{ term: { "name' OR '1'='1": "x" } }, []],
  [{ match: { name: "quoted DROP TABLE" } }, ["signs"]],
  [{ prefix: { "name.keyword": "100%" } }, ["signs"]],
  [{ query_string: { query: "ciphertext" } }, []],
  [{ exists: { field: "sealed" } }, []],
]

/** Numbers from 0 to 1, the same for the same seed. https://en.wikipedia.org/wiki/Linear_congruential_generator */
export const randoms = (seed: number) => {
  let state = seed >>> 0
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
}

export const randomId = (random: () => number) => `r${Math.floor(random() * 2 ** 52).toString(36)}`

/** Of few distinct values and of many, with several values or none: so that records are equal in one key and not in another. */
export const randomModel = (random: () => number): JsonObject => {
  const pick = (first: string, ...rest: ReadonlyArray<string>) =>
    [first, ...rest][Math.floor(random() * (rest.length + 1))] ?? first
  const number = Math.floor(random() * 1e9)
  return {
    name: `model ${pick("red", "green")} ${number}`,
    model_state: pick("DEPLOYED", "DEPLOYED", "REGISTERED"),
    ...(random() < 0.8 ? { created_time: 1_700_000_000_000 + number } : {}),
    ...(random() < 0.9 ? { few: Math.floor(random() * 3) } : {}),
    several: [Math.floor(random() * 400), Math.floor(random() * 400)],
  }
}

/** Each finds more than a thousand of 1,600 such records; the first of each kind has one score for all. */
export const broadQueries: ReadonlyArray<JsonObject> = [
  { match_all: {} },
  { match: { name: "model" } },
  { exists: { field: "created_time" } },
  { bool: { filter: [{ exists: { field: "few" } }], must_not: [{ term: { few: 2 } }, { term: { several: 7 } }] } },
  { bool: { should: [{ match: { name: "red" } }, { term: { model_state: "DEPLOYED" } }] } },
  { match: { name: "model red" } },
]

export const orders: ReadonlyArray<JsonObject[string] | undefined> = [
  undefined,
  [{ created_time: "desc" }],
  [{ created_time: { order: "asc", missing: "_first" } }],
  [{ model_state: "asc" }, { created_time: "desc" }],
  [{ few: { order: "desc", missing: "_first" } }, { several: "asc" }],
  [{ several: "asc" }],
  [{ several: "desc" }, { few: "asc" }],
  [{ "name.keyword": "desc" }],
  [{ _id: "desc" }],
  [{ model_state: "desc" }, { _id: "asc" }],
  [{ few: { order: "asc", missing: 1 } }, { _doc: "asc" }],
  ["_score", { few: "asc" }],
]
