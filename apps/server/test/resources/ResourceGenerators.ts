/** The requests of a fuzzer of resources, by name. */
import { gzipSync } from "node:zlib"
import type { Draw } from "./Draw.ts"
import { kinds } from "./FuzzUpstream.ts"
import { type Generator, ml, type Role, type Sent, type World } from "./Resources.ts"

const post = (path: string, body: unknown, more: Partial<Sent> = {}): Sent => ({
  method: "POST",
  path,
  body: typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body),
  ...more,
})

/** Predicts are answered by an upstream that says something of any size. */
const predict = (world: World, model: string, parameters: object, more: Partial<Sent> = {}, rest: object = {}) =>
  post(`${ml}/models/${world.models[model]}/_predict`, { parameters, ...rest }, more)

const wanting = (draw: Draw, most: number) => `${draw.of(kinds)}:${draw.size(most)}`

/** A name or a part of a path that fits in a request's head. */
const inPath = (draw: Draw) => encodeURIComponent(draw.text(1_500).toWellFormed()).slice(0, 12_000)

const blueprint = (draw: Draw, { upstream }: World, most: number) => ({
  name: draw.is(0.9) ? draw.plain(200) : draw.text(2_000),
  version: 1,
  protocol: "http",
  description: draw.is(0.9) ? draw.plain(Math.min(most, 500)) : draw.text(most),
  parameters: Object.fromEntries(draw.many(Math.min(most / 20, 900), (n) => [`p${n}`, draw.text(100)])),
  credential: Object.fromEntries(draw.many(50, (n) => [`c${n}`, `secret-${n}-${draw.text(200)}`])),
  actions: draw.many(20, (n) => ({
    action_type: "predict",
    name: `a${n}`,
    method: "POST",
    url: `http://127.0.0.1:${upstream}/v1/${encodeURIComponent(draw.text(300).toWellFormed())}`,
    headers: Object.fromEntries(draw.many(40, (m) => [`x-${m}`, "v".repeat(draw.size(300))])),
    request_body: draw.of([
      `{"a":${draw.json(Math.min(most, 3_000))}}`,
      `{"a":[${draw.many(900, (m) => `"\${parameters.p${m}:-\${parameters.q:-${m}}}"`).join(",")}]}`,
      `{"a":"${"${parameters.q}".repeat(draw.size(500))}"}`,
      "${parameters.q:-".repeat(draw.size(200)) + "x" + "}".repeat(200),
    ]),
  })),
})

const clause = (draw: Draw, depth: number): object =>
  depth > 0 && draw.is(0.7)
    ? { bool: { [draw.of(["must", "should", "must_not", "filter"])]: draw.many(8, () => clause(draw, depth - 1)) } }
    : draw.of<() => object>([
        () => ({ match: { name: draw.text(2_000) } }),
        () => ({ match_phrase: { description: draw.text(2_000) } }),
        () => ({ wildcard: { name: draw.wildcards(200) } }),
        () => ({ terms: { name: draw.many(2_000, () => draw.text(50)) } }),
        () => ({ query_string: { query: draw.of(["a OR ", "(", "a* ", '"a b" ', "NOT "]).repeat(draw.size(2_000)) } }),
        () => ({ exists: { field: draw.text(500) } }),
        () => ({ range: { created_time: { gte: draw.upTo(1e12) } } }),
      ])()

const registered = (draw: Draw, world: World, more: object): Sent =>
  post(`${ml}/models/_register`, {
    name: draw.plain(200),
    function_name: "remote",
    connector: {
      ...blueprint(draw, world, 2_000),
      actions: [
        { action_type: "predict", method: "POST", url: `http://127.0.0.1:${world.upstream}/v1/x`, request_body: "{}" },
      ],
    },
    ...more,
  })

const reader = (make: Generator["make"]): Generator => ({ role: "reader", make })
const application = (make: Generator["make"]): Generator => ({ role: "application", make })
const developer = (make: Generator["make"]): Generator => ({ role: "developer", make })

const roles: ReadonlyArray<Role> = ["reader", "application", "developer"]
const by = (make: Generator["make"]) =>
  Object.fromEntries(roles.map((role): [Role, Generator] => [role, { role, make }]))

const heads = by((draw) => ({
  method: "GET",
  path: `/${draw.of(["", "_health/live", "_plugins/_ml/models/x"])}`,
  headers: {
    "x-opaque-id": "o".repeat(draw.size(6_000)),
    "x-request-id": "r".repeat(draw.size(6_000)),
    traceparent: "0".repeat(draw.size(3_000)),
  },
}))

export const generators: Readonly<Record<string, Generator>> = {
  "heads of a reader": heads["reader"] as Generator,
  "heads of an application": heads["application"] as Generator,
  "ids that are made up": reader((draw) => ({
    method: draw.of(["GET", "DELETE", "PUT", "HEAD"]),
    path: `${ml}/${draw.of(["models", "connectors", "model_groups", "tasks", "controllers", "blueprints", "stats"])}/${inPath(draw)}`,
  })),
  "predicts of ids that are made up": application((draw) =>
    post(`${ml}/models/${inPath(draw)}/_predict`, { parameters: { q: draw.text(2_000) } }),
  ),
  "many query parameters": reader((draw) => ({
    method: "GET",
    path: `${ml}/models/_search?${draw.many(1_000, (n) => `a${n % 7}=${"v".repeat(draw.upTo(10))}`).join("&")}`,
  })),
  "names and passwords that are guessed": reader((draw) => ({
    method: "GET",
    path: `${ml}/models/x`,
    isStranger: true,
    headers: {
      authorization: draw.of([
        `Basic ${Buffer.from(`${"n".repeat(draw.size(8_000))}:p`).toString("base64")}`,
        `Bearer ${"k".repeat(draw.size(8_000))}`,
        `Bearer dbk_${"f".repeat(draw.size(8_000))}_x`,
        `Bearer a.${"b".repeat(draw.size(8_000))}.c`,
      ]),
    },
  })),
  "what the server says of itself": reader((draw) => ({
    method: "GET",
    path: draw.of([
      "/metrics",
      `${ml}/stats`,
      `${ml}/profile`,
      "/openapi.json",
      `${ml}/blueprints`,
      "/_cluster/settings",
    ]),
  })),
  validate: reader((draw, world) => post(`${ml}/connectors/_validate`, blueprint(draw, world, 5_000))),
  "validate any JSON": reader((draw) => post(`${ml}/connectors/_validate`, draw.json(100_000))),
  "render a blueprint": reader((draw, world) =>
    post(`${ml}/connectors/_render`, {
      blueprint: blueprint(draw, world, 3_000),
      parameters: { q: draw.text(20_000) },
    }),
  ),
  "render a model": reader((draw, world) =>
    post(`${ml}/models/${world.models[draw.of(["repeated", "url", "header", "value"])]}/_render`, {
      parameters: { q: draw.text(300_000) },
    }),
  ),
  "compressed bodies": reader((draw) =>
    post(`${ml}/connectors/_validate`, gzipSync(Buffer.from(draw.json(300_000))), {
      headers: { "content-encoding": draw.of(["gzip", "deflate", "br", "x"]) },
    }),
  ),

  "a parameter in a URL": application((draw, world) =>
    predict(world, "url", { q: draw.text(draw.is(0.1) ? 20_000_000 : 30_000), p: `p${draw.text(100)}` }),
  ),
  "a parameter in a header": application((draw, world) =>
    predict(world, "header", { q: "h".repeat(draw.size(200_000)) }),
  ),
  "a parameter in a body": application((draw, world) =>
    predict(world, "body", { q: draw.text(draw.is(0.05) ? 5_000_000 : 50_000), want: wanting(draw, 50_000) }),
  ),
  "a parameter that a template repeats": application((draw, world) =>
    predict(world, "repeated", { q: draw.text(draw.is(0.03) ? 4_000_000 : 20_000) }),
  ),
  "a parameter that is JSON": application((draw, world) =>
    post(`${ml}/models/${world.models["value"]}/_predict`, `{"parameters":{"q":${draw.json(100_000)}}}`),
  ),
  "JSON in a text": application((draw, world) => predict(world, "value", { q: draw.json(100_000) })),
  "many parameters": application((draw, world) =>
    predict(world, "chat", Object.fromEntries(draw.many(20_000, (n) => [`n${n}`, draw.upTo(10)]))),
  ),
  "many documents": application((draw, world) =>
    post(`${ml}/_predict/text_embedding/${world.models["documents"]}`, {
      text_docs: draw.many(20_000, () => "document"),
    }),
  ),
  "documents that make a call each": application((draw, world) =>
    post(`${ml}/_predict/text_embedding/${world.models["each"]}`, { text_docs: draw.many(3_000, () => "d") }),
  ),
  "an upstream that answers much": application((draw, world) =>
    predict(world, "body", { q: "x", want: wanting(draw, draw.is(0.05) ? 8_000_000 : 100_000) }),
  ),
  "vectors of an upstream": application((draw, world) =>
    predict(world, "tensors", { want: `vector:${draw.size(500_000)}` }),
  ),
  "an answer that is read slowly": application((draw, world) =>
    predict(world, "body", { q: "x", want: `text:${draw.size(2_000_000)}` }, { readsSlowly: true }),
  ),
  "a caller that leaves": application((draw, world) =>
    predict(world, "body", { q: draw.text(300_000), want: wanting(draw, 300_000) }, { leaves: draw.size(100) }),
  ),
  "a stream": application((draw, world) =>
    post(
      `${ml}/models/${world.models["chat"]}/_predict/stream`,
      { parameters: { want: `stream:${draw.size(300_000)}` } },
      draw.is(0.3) ? { leaves: draw.size(100) } : {},
    ),
  ),
  "pretty answers": application((draw, world) => ({
    ...predict(world, "body", { q: "x", want: wanting(draw, 50_000) }),
    path: `${ml}/models/${world.models["body"]}/_predict?pretty=true`,
  })),

  connectors: developer((draw, world) => post(`${ml}/connectors/_create`, blueprint(draw, world, 5_000))),
  "updates of what is not there": developer((draw, world) => ({
    ...post(`${ml}/${draw.of(["connectors", "models"])}/${inPath(draw)}`, blueprint(draw, world, 5_000)),
    method: "PUT",
  })),
  "updates of a model": developer((draw, world) => ({
    ...post(`${ml}/models/${world.models["tensors"]}`, {
      description: draw.text(5_000),
      rate_limiter: { limit: draw.of(["1000000", "1e9", draw.text(50)]), unit: "MINUTES" },
    }),
    method: "PUT",
  })),
  "controllers of many users": developer((draw, world) =>
    post(`${ml}/controllers/${world.models["chat"]}`, {
      user_rate_limiter: Object.fromEntries(draw.many(300, (n) => [`u${n}`, { limit: "10", unit: "MINUTES" }])),
    }),
  ),
  "deploys and undeploys": developer((draw, world) =>
    post(`${ml}/models/${world.models[draw.of(["tensors", "header"])]}/${draw.of(["_deploy", "_undeploy"])}`, "{}"),
  ),
  models: developer((draw, world) => registered(draw, world, {})),
  "documents that are not models": developer((draw) => post(`${ml}/models/_register`, draw.json(20_000))),
  "documents that are not groups": developer((draw) => post(`${ml}/model_groups/_register`, draw.json(20_000))),

  "a search by words": reader((draw) =>
    post(`${ml}/${draw.of(["models", "connectors", "model_groups"])}/_search`, {
      query: clause(draw, 4),
      size: draw.size(1_000),
    }),
  ),
  "a deep search": reader((draw) => {
    const depth = draw.size(400)
    return post(
      `${ml}/models/_search`,
      `{"query":${'{"bool":{"must":['.repeat(depth)}{"match_all":{}}${"]}}".repeat(depth)}}`,
    )
  }),
  "patterns of _source": reader((draw) =>
    post(`${ml}/model_groups/_search`, { size: 1_000, _source: draw.many(5_000, () => draw.wildcards(60)) }),
  ),
  "a filter_path": reader((draw) => ({
    method: "POST",
    path: `${ml}/model_groups/_search?filter_path=${encodeURIComponent(draw.many(20, () => draw.of(["**", "hits.**", "*.*", "**.a*"])).join("."))}`,
    body: '{"size":1000}',
    headers: { "content-type": "application/json" },
  })),
  "a response_filter": application((draw, world) =>
    predict(world, "body", {
      q: "x",
      want: wanting(draw, 5_000),
      response_filter: `$${draw.many(6, () => draw.of(["..*", "[*]", "..a", "[?@.a]"])).join("")}`,
    }),
  ),
  "a script": reader((draw) =>
    post(`${ml}/connectors/_render`, {
      blueprint: {
        name: "s",
        version: 1,
        protocol: "http",
        actions: [
          {
            action_type: "predict",
            method: "POST",
            url: "http://127.0.0.1:1/x",
            request_body: "{}",
            pre_process_function: draw.of([
              `String s = "a"; for (int i = 0; i < ${draw.size(100_000)}; i++) { s += s.length() } return s`,
              `Map m = [:]; for (int i = 0; i < ${draw.size(100_000)}; i++) { m.put("k" + i, m.size()) } return "{}"`,
              `return ${"(".repeat(draw.size(5_000))}1`,
            ]),
          },
        ],
      },
      text_docs: ["d"],
    }),
  ),
  "large bodies": reader((draw) => post(`${ml}/${draw.of(["models", "connectors"])}/_search`, draw.json(20_000_000))),
  "large records": developer((draw, world) => registered(draw, world, { description: draw.plain(3_000_000) })),
  "interfaces of many nodes": developer((draw, world) =>
    registered(draw, world, {
      interface: {
        input: {
          type: "object",
          properties: Object.fromEntries(draw.many(3_000, (n) => [`p${n}`, { type: "string", pattern: "^a*b*$" }])),
        },
      },
    }),
  ),
  "guardrails of many patterns": developer((draw, world) =>
    registered(draw, world, {
      guardrails: {
        type: "local_regex",
        input_guardrail: { regex: draw.many(200, () => `(a|b)*a(a|b){${draw.size(300)}}`), stop_words: [] },
      },
    }),
  ),
}
