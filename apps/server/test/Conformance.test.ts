/**
 * Every response to the official client has only fields that a recorded response of the same endpoint has, or that are
 * listed here.
 */
import type { ApiResponse } from "@opensearch-project/opensearch"
import { assert, describe, it } from "@effect/vitest"
import * as Drawbar from "./Drawbar.ts"
import * as Recording from "./Recording.ts"

const recordings = Recording.read()

/** `METHOD /path` with ids, algorithms and names of statistics replaced. */
const endpointOf = (method: string, path: string) =>
  `${method} ${path
    .replace(/\?.*$/, "")
    .replace(/\/_predict\/[^/]+\/[^/]+$/, "/_predict/:algorithm/:id")
    .replace(/\/stats\/[^/]+$/, "/stats/:stat")
    .replace(/\/(connectors|models|model_groups|tasks)\/(?!_)[^/]+/, "/$1/:id")}`

/** The paths of all members: list indexes become `*`, and so do names chosen by a server or a caller. */
const placesOf = (value: unknown, place = ""): ReadonlyArray<string> => {
  if (settings.test(place)) return []
  if (Array.isArray(value)) return value.flatMap((item) => placesOf(item, `${place}/*`))
  if (typeof value !== "object" || value === null) return [place]
  const isOpen = /\/(nodes|models|parameters|headers|dataAsMap|stats)$/.test(place)
  return [
    place,
    ...Object.entries(value).flatMap(([name, inner]) =>
      placesOf(inner, `${place}/${isOpen || isId(name) || (place === "" && name === "drawbar") ? "*" : name}`),
    ),
  ]
}

// Their names are those of settings, which are compared in their own tables.
const settings = /^\/(persistent|transient|defaults)\//

const isId = (name: string) => /^(?=.*[A-Z0-9])(?:[\w-]{20}|[\w-]{22})$/.test(name)

/** Endpoints without recordings, according to OpenSearch's specification. */
const specified: Readonly<Record<string, ReadonlyArray<string>>> = {
  "GET /":
    `/name /cluster_name /cluster_uuid /tagline /version /version/distribution /version/number /version/build_type
    /version/build_hash /version/build_date /version/build_snapshot /version/lucene_version
    /version/minimum_wire_compatibility_version /version/minimum_index_compatibility_version`.split(/\s+/),
}

/** Allowed additional fields of a response, and the reason. */
const named: ReadonlyArray<readonly [place: RegExp, reason: string]> = [
  [/^\/error\/remote\b/, "of an error of a provider's response"],
  [/^\/error\/rendering\b/, "of an error of rendering"],
  [/^(\/hits\/hits\/\*\/_source)?\/client_config\/mutual_tls_enabled$/, "a field of ML Commons 3.9"],
  [/\/algorithms\/remote\/(register|deploy|undeploy)\b/, "documented counts, which the recorded requests filter out"],
  [/^\/defaults$/, "requested by `include_defaults`"],
  [/^\/ml_connector_count$/, "recorded as YAML"],
  [/^\/last_undeployed_time$|^\/planning_worker_nodes$/, "documented fields of a model after its undeployment"],
  [/^\/hits\/hits\/\*\/_source\/\w+/, "fields of the stored record, which are compared at its own endpoint"],
  [/^\/hits\/hits\/\*\/sort\b/, "the request's sort keys"],
]

const recorded = () => {
  const places = new Map<string, Set<string>>(Object.entries(specified).map(([at, list]) => [at, new Set(list)]))
  for (const { steps, oracle } of recordings?.cases ?? []) {
    const answers = oracle.steps.values()
    for (const { req, poll } of steps) {
      if (poll !== undefined) continue
      const answer = answers.next().value
      const endpoint = endpointOf(req.method, req.path)
      const known = places.get(endpoint) ?? new Set()
      places.set(endpoint, known)
      for (const place of placesOf(answer?.json)) known.add(place)
    }
  }
  return places
}

interface Seen {
  readonly endpoint: string
  readonly body: unknown
}

/** The fields that no recorded response of the endpoint has. */
const undeclared = (places: ReadonlyMap<string, ReadonlySet<string>>, { endpoint, body }: Seen) => {
  const known = places.get(endpoint)
  if (known === undefined) return [`${endpoint} is neither recorded nor specified`]
  return [...new Set(placesOf(body))]
    .filter((place) => place !== "" && !known.has(place) && !named.some(([pattern]) => pattern.test(place)))
    .map((place) => `${endpoint} ${place}`)
}

const refused = (run: () => Promise<unknown>) =>
  run().then(
    () => assert.fail("the call was not rejected"),
    () => undefined,
  )

/** Performs every step of a model's life with OpenSearch's client, including errors, and records each response. */
const walk = async (drawbar: Drawbar.Drawbar): Promise<ReadonlyArray<Seen>> => {
  const { ml, client } = drawbar
  const seen: Array<Seen> = []
  const remember = ({ body, meta }: Pick<ApiResponse, "body" | "meta">) => {
    const { method = "", path = "" } = meta.request.params as { readonly method?: string; readonly path?: string }
    seen.push({ endpoint: endpointOf(method, decodeURIComponent(path)), body })
  }
  client.on("response", (_, result) => {
    if (result !== null && typeof result.body === "object") remember(result)
  })
  await client.info()
  await client.cluster.putSettings({ body: { persistent: { "plugins.ml_commons.only_run_on_ml_node": false } } })
  await client.cluster.getSettings({ include_defaults: true })
  const { model_group_id } = (await ml.registerModelGroup({ body: { name: "g", description: "d" } })).body
  await ml.getModelGroup({ model_group_id })
  await ml.updateModelGroup({ model_group_id, body: { description: "e" } })
  await ml.searchModelGroup({ body: { query: { match_all: {} } } })

  const { connector_id } = (await ml.createConnector({ body: Drawbar.blueprint })).body
  await refused(() => ml.createConnector({ body: { name: "c" } }))
  await ml.getConnector({ connector_id })
  await ml.updateConnector({ connector_id, body: { description: "changed" } })
  await ml.searchConnectors({ body: { query: { match_all: {} } } })

  const body = { name: "m", function_name: "remote", connector_id, model_group_id }
  const { model_id, task_id } = (await ml.registerModel({ body })).body
  await ml.getTask({ task_id })
  await ml.searchTasks({ body: { query: { match_all: {} } } })
  await ml.getModel({ model_id })
  await ml.updateModel({ model_id, body: { description: "d" } })
  await ml.searchModels({ body: { query: { match_all: {} } } })
  await ml.deployModel({ model_id })
  await ml.getModel({ model_id })
  await ml.predictModel({ model_id, body: { parameters: { texts: ["a"] } } })
  await ml.predict({ algorithm_name: "text_embedding", model_id, body: { text_docs: ["b"] } })
  await refused(() => ml.predictModel({ model_id, body: {} }))
  await ml.getProfile()
  await ml.getProfileModels({ model_id })
  await ml.getProfileTasks()
  await ml.getStats()
  await ml.getStats({ stat: "ml_connector_count" })
  await refused(() => ml.deleteModel({ model_id }))
  await ml.undeployModel({ model_id })
  await ml.getModel({ model_id })
  await ml.deleteModel({ model_id })
  await ml.deleteConnector({ connector_id })
  await ml.deleteModelGroup({ model_group_id })
  await ml.deleteTask({ task_id })
  return seen
}

describe.skipIf(recordings === undefined)(
  "responses to the official client (skipped: ../shared/reference is absent)",
  () => {
    it("have only fields that are recorded, specified or listed", async () => {
      await using drawbar = await Drawbar.start()
      const seen = await walk(drawbar)
      assert.isAbove(seen.length, 30)
      const places = recorded()
      assert.deepStrictEqual([...new Set(seen.flatMap((one) => undeclared(places, one)))], [])
    })

    it("are checked: a field of Drawbar's own is detected", async () => {
      await using drawbar = await Drawbar.start()
      const { ml } = drawbar
      const { connector_id } = (await ml.createConnector({ body: Drawbar.blueprint })).body
      const places = recorded()
      const found = async (path: string) => {
        const { json } = await Drawbar.ask(drawbar, "GET", `${path}?drawbar=true`)
        return undeclared(places, { endpoint: endpointOf("GET", path), body: json })
      }
      assert.include(
        (await found(`/_plugins/_ml/connectors/${connector_id}`)).join(),
        "GET /_plugins/_ml/connectors/:id /credential_keys",
      )
      assert.deepStrictEqual(await found("/"), ["GET / /version/drawbar"])
    })
  },
)
