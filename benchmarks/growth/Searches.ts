/** The searches that are measured: each kind, as clients of ML Commons send it. */

export interface Search {
  readonly name: string
  readonly collection: "connectors" | "models"
  readonly body: object
}

const models = (name: string, body: object): Search => ({ name, collection: "models", body })
const connectors = (name: string, body: object): Search => ({ name, collection: "connectors", body })
const should = (count: number) => Array.from({ length: count }, (_, i) => ({ match: { name: String(i) } }))

export const searches: ReadonlyArray<Search> = [
  connectors("match_all, first page", { query: { match_all: {} }, size: 10 }),
  connectors("match_all, page of 1,000", { query: { match_all: {} }, size: 1_000, _source: ["name"] }),
  models("match_all, page at 900", { query: { match_all: {} }, from: 900, size: 50 }),
  models("ids", { query: { ids: { values: ["a", "b"] } } }),
  models("term, one record", { query: { term: { "name.keyword": "Chat model 500" } } }),
  models("term, a tenth of them", { query: { term: { "description.keyword": "Answers questions in Esperanto" } } }),
  models("term, all of them", { query: { term: { algorithm: "REMOTE" } } }),
  models("terms of states", { query: { terms: { model_state: ["DEPLOYED", "PARTIALLY_DEPLOYED", "DEPLOY_FAILED"] } } }),
  models("match, one record", { query: { match: { name: "500" } } }),
  models("match, a word of a tenth", { query: { match: { description: "esperanto" } } }),
  models("match, a word of all", { query: { match: { name: "model" } } }),
  models("match, two words", { query: { match: { name: "chat model" } } }),
  models("match_phrase", { query: { match_phrase: { description: "questions in esperanto" } } }),
  models("multi_match", { query: { multi_match: { query: "esperanto", fields: ["name", "description"] } } }),
  models("prefix", { query: { prefix: { "name.keyword": "Chat model 50" } } }),
  models("wildcard", { query: { wildcard: { name: "*500*" } } }),
  models("query_string", { query: { query_string: { query: "description:esperanto AND name:chat" } } }),
  models("range of dates", { query: { range: { created_time: { gte: "now-1d" } } } }),
  models("exists", { query: { exists: { field: "connector_id" } } }),
  models("bool filter, sorted by date", {
    query: {
      bool: {
        filter: [{ term: { algorithm: "REMOTE" } }, { term: { model_state: "DEPLOYED" } }],
        must_not: [{ exists: { field: "chunk_number" } }],
      },
    },
    sort: [{ created_time: { order: "desc" } }],
    size: 50,
  }),
  models("bool should, with a score", {
    query: { bool: { must: [{ match: { name: "model" } }], should: [{ match: { description: "esperanto" } }] } },
  }),
  models("sort by date", { query: { match_all: {} }, sort: [{ created_time: "desc" }], size: 50 }),
  models("sort by name", { query: { match_all: {} }, sort: [{ "name.keyword": "asc" }], size: 50 }),
  models("sort by state and date", {
    query: { match_all: {} },
    sort: [{ model_state: "asc" }, { created_time: "desc" }],
    size: 50,
  }),
  models("search_after by id", { query: { match_all: {} }, sort: [{ _id: "asc" }], search_after: ["M"], size: 100 }),
  models("aggregation by state", { size: 0, aggs: { states: { terms: { field: "model_state" } } } }),
  models("aggregation of a filter", {
    size: 0,
    query: { match: { description: "esperanto" } },
    aggs: { states: { terms: { field: "model_state" } } },
  }),
  models("500 clauses", { query: { bool: { should: should(249) } }, size: 10 }),
]
