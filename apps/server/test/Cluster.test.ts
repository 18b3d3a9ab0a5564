/** The cluster endpoints that set-up scripts and health checks use, and the settings that they send. */
import { assert, describe, it } from "@effect/vitest"
import * as Drawbar from "./Drawbar.ts"
import * as Recording from "./Recording.ts"

const put = async ({ url }: Drawbar.Drawbar, body: unknown) => {
  const response = await fetch(`${url}/_cluster/settings?flat_settings=true`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })
  const json: any = await response.json()
  return { status: response.status, json, warning: response.headers.get("warning") }
}

describe("the server describes itself", () => {
  it("as OpenSearch 3.9.0, with the documented fields", async () => {
    await using drawbar = await Drawbar.start()
    const { json } = await Drawbar.ask(drawbar, "GET", "/")
    assert.strictEqual(json.version.number, "3.9.0")
    assert.hasAllKeys(json, ["name", "cluster_name", "cluster_uuid", "version", "tagline"])
    assert.notProperty(json.version, "drawbar")
    const detailed = await Drawbar.ask(drawbar, "GET", "/?drawbar=true")
    assert.match(detailed.json.version.drawbar, /^\d+\.\d+\.\d+/)
  })

  it("to HEAD with the type and length of the GET response", async () => {
    await using drawbar = await Drawbar.start()
    const get = await Recording.exchange(drawbar.port, { method: "GET", path: "/" })
    const head = await Recording.exchange(drawbar.port, { method: "HEAD", path: "/" })
    assert.deepStrictEqual(
      [head.status, head.headers["content-type"], head.headers["content-length"], head.text],
      [200, get.headers["content-type"], String(Buffer.byteLength(get.text)), ""],
    )
  })

  const healthy: ReadonlyArray<readonly [path: string, holds: (answer: { text: string; json: any }) => void]> = [
    [
      "/_cluster/health",
      ({ json }) => assert.deepInclude(json, { status: "green", timed_out: false, number_of_nodes: 1 }),
    ],
    [
      "/_cluster/health?wait_for_status=yellow&timeout=50s&level=shards",
      ({ json }) => assert.strictEqual(json.status, "green"),
    ],
    ["/_cluster/health/any-index", ({ json }) => assert.strictEqual(json.status, "green")],
    ["/_nodes", ({ json }) => assert.deepStrictEqual(json._nodes, { total: 1, successful: 1, failed: 0 })],
    ["/_nodes/_local", ({ json }) => assert.strictEqual(json.nodes.drawbar.version, "3.9.0")],
    ["/_nodes/_all/http", ({ json }) => assert.match(json.nodes.drawbar.http.publish_address, /^127\.0\.0\.1:\d+$/)],
    ["/_nodes/plugins", ({ json }) => assert.strictEqual(json.nodes.drawbar.plugins[0].name, "opensearch-ml")],
    [
      "/_cat/plugins?format=json",
      ({ json }) => assert.deepStrictEqual(json, [{ name: "drawbar", component: "opensearch-ml", version: "3.9.0.0" }]),
    ],
  ]
  for (const [path, holds] of healthy)
    it(`at ${path}`, async () => {
      await using drawbar = await Drawbar.start()
      const answer = await Drawbar.ask(drawbar, "GET", path)
      assert.strictEqual(answer.status, 200, answer.text)
      holds(answer)
    })

  it("at /_cat/plugins in columns", async () => {
    await using drawbar = await Drawbar.start()
    const text = async (query: string) => (await fetch(`${drawbar.url}/_cat/plugins${query}`)).text()
    assert.strictEqual(await text(""), "drawbar opensearch-ml 3.9.0.0\n")
    assert.strictEqual(await text("?h=component"), "opensearch-ml\n")
    assert.strictEqual(await text("?v"), "name    component     version\ndrawbar opensearch-ml 3.9.0.0\n")
  })
})

describe("cluster settings", () => {
  const kept: ReadonlyArray<readonly [name: string, value: unknown]> = [
    ["cluster.max_shards_per_node", 1000],
    ["cluster.routing.allocation.disk.threshold_enabled", false],
    ["cluster.remote.other.seeds", ["10.0.0.1:9300"]],
    ["indices.breaker.total.limit", "70%"],
    ["search.max_buckets", 10_000],
    ["logger.org.opensearch.ml", "debug"],
    ["plugins.ml_commons.only_run_on_ml_node", false],
    ["plugins.ml_commons.safe_delete_model", true],
  ]
  for (const [name, value] of kept)
    it(`${name} is stored and returned without effect, and a header says so`, async () => {
      await using drawbar = await Drawbar.start()
      const shown = Array.isArray(value) ? value : String(value)
      const { status, json, warning } = await put(drawbar, { persistent: { [name]: value } })
      assert.strictEqual(status, 200, JSON.stringify(json))
      assert.deepStrictEqual(json, { acknowledged: true, persistent: { [name]: shown }, transient: {} })
      assert.include(warning, name)
      const { json: all } = await Drawbar.ask(drawbar, "GET", "/_cluster/settings?flat_settings=true")
      assert.deepStrictEqual(all.persistent[name], shown)
      const removed = await put(drawbar, { persistent: { [name]: null } })
      assert.deepStrictEqual(removed.json.persistent, {})
      assert.notProperty(
        (await Drawbar.ask(drawbar, "GET", "/_cluster/settings?flat_settings=true")).json.persistent,
        name,
      )
    })

  it("with an effect cause no Warning", async () => {
    await using drawbar = await Drawbar.start()
    const { warning } = await put(drawbar, { persistent: { "plugins.ml_commons.stream_enabled": true } })
    assert.isNull(warning)
  })

  it("archived by an upgrade are removed by null, together with others", async () => {
    await using drawbar = await Drawbar.start()
    const { status, json } = await put(drawbar, {
      persistent: { "archived.plugins.x": null, "plugins.ml_commons.connector.private_ip_enabled": "true" },
    })
    assert.strictEqual(status, 200, JSON.stringify(json))
    assert.deepStrictEqual(json.persistent, { "plugins.ml_commons.connector.private_ip_enabled": "true" })
    assert.strictEqual((await put(drawbar, { transient: { "archived.*": null } })).status, 200)
    assert.strictEqual((await put(drawbar, { persistent: { "archived.plugins.x": 1 } })).status, 400)
  })

  it("with a prefix are reset by a wildcard", async () => {
    await using drawbar = await Drawbar.start()
    await put(drawbar, { persistent: { cluster: { a: 1, b: { c: 2 } }, "search.d": 3 } })
    assert.strictEqual((await put(drawbar, { persistent: { "cluster.*": null } })).status, 200)
    const { json } = await Drawbar.ask(drawbar, "GET", "/_cluster/settings?flat_settings=true")
    assert.deepStrictEqual(json.persistent, { "search.d": "3" })
    assert.strictEqual((await put(drawbar, { persistent: { "plugins.ml_commons.nothing*": null } })).status, 200)
  })

  const refused: ReadonlyArray<readonly [name: string, body: unknown, type: string, reason: string]> = [
    [
      "an unknown one",
      { persistent: { "plugins.ml_commons.nope": 1 } },
      "settings_exception",
      "persistent setting [plugins.ml_commons.nope], not recognized. See docs/configuration.md, or GET /_cluster/settings?include_defaults=true, which lists the settings",
    ],
    [
      "one that is misspelt",
      { transient: { "plugins.ml_commons.stream_enable": 1 } },
      "settings_exception",
      "transient setting [plugins.ml_commons.stream_enable], not recognized, did you mean [plugins.ml_commons.stream_enabled]?",
    ],
    [
      "one of another plugin",
      { persistent: { "plugins.security.x": 1 } },
      "settings_exception",
      "persistent setting [plugins.security.x], not recognized. See docs/configuration.md, or GET /_cluster/settings?include_defaults=true, which lists the settings",
    ],
    [
      "an immutable one",
      { persistent: { "plugins.ml_commons.multi_tenancy_enabled": true } },
      "settings_exception",
      "persistent setting [plugins.ml_commons.multi_tenancy_enabled], not dynamically updateable",
    ],
    [
      "a name that would reach into an object",
      { persistent: { "cluster.__proto__.x": 1 } },
      "settings_exception",
      "persistent setting [cluster.__proto__.x], not recognized. See docs/configuration.md, or GET /_cluster/settings?include_defaults=true, which lists the settings",
    ],
    [
      "an invalid value",
      { persistent: { "plugins.ml_commons.max_batch_inference_tasks": "x" } },
      "illegal_argument_exception",
      "Failed to parse value [x] for setting [plugins.ml_commons.max_batch_inference_tasks]",
    ],
  ]
  for (const [name, body, type, reason] of refused)
    it(`${name} is rejected, and nothing of the request is applied`, async () => {
      await using drawbar = await Drawbar.start()
      const { status, json } = await put(drawbar, body)
      assert.deepStrictEqual([status, json.error.type, json.error.reason], [400, type, reason])
      assert.deepStrictEqual((await Drawbar.ask(drawbar, "GET", "/_cluster/settings")).json, {
        persistent: {},
        transient: {},
      })
    })

  it("without effect are limited in number and length", async () => {
    await using drawbar = await Drawbar.start()
    const many = Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`cluster.n${i}`, i]))
    assert.include((await put(drawbar, { persistent: many })).json.error.reason, "up to 200")
    const long = await put(drawbar, { persistent: { "cluster.long": "x".repeat(1_001) } })
    assert.include(long.json.error.reason, "more than 1000 characters")
    const { warning } = await put(drawbar, {
      persistent: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`cluster.${"x".repeat(60)}${i}`, i])),
    })
    assert.isBelow(warning?.length ?? Infinity, 4_000)
  })
})
