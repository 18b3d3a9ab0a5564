import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import * as Decode from "@drawbar/json-text/Decode"
import * as ProcessFunctionName from "@drawbar/blueprint-schema/ProcessFunctionName"
import { Redacted, Result } from "effect"
import { describe, expect, it } from "vitest"
import * as Folders from "../scripts/Folders.ts"
import * as Catalogue from "../src/Catalogue.ts"

it("matches the folders (run: pnpm generate)", () => {
  expect(Catalogue.entries).toEqual(Folders.read())
})

it("finds a blueprint by its folder's name", () => {
  expect(Catalogue.find("openai-embeddings")?.request.url).toBe("https://api.openai.com/v1/embeddings")
  expect(Catalogue.find("nothing")).toBeUndefined()
})

/** The parameters that each named pre-process function sets. */
const written: Readonly<Record<string, ReadonlyArray<string>>> = {
  "connector.pre_process.bedrock.embedding": ["inputText"],
  "connector.pre_process.cohere.embedding": ["texts"],
  "connector.pre_process.cohere.rerank": ["query", "documents", "top_n"],
  "connector.pre_process.default.embedding": ["input"],
  "connector.pre_process.openai.embedding": ["input"],
}

/** The hosts that are trusted by default, and loopback for self-hosted upstreams. */
const hosts = [
  /^api\.(openai|cohere|anthropic|groq|deepseek|voyageai)\.com$/,
  /^api\.(mistral|jina|fireworks|x)\.ai$/,
  /^api\.together\.xyz$/,
  /^[a-z0-9-]+\.openai\.azure\.com$/,
  /^generativelanguage\.googleapis\.com$/,
  /^[a-z0-9-]+-aiplatform\.googleapis\.com$/,
  /^(bedrock-runtime|runtime\.sagemaker|comprehend|textract)\.[a-z0-9-]+\.amazonaws\.com$/,
  /^127\.0\.0\.1$/,
]

const decode = Decode.decode(Blueprint.Document)

const blueprintOf = (entry: Catalogue.Entry): Blueprint.Blueprint =>
  Result.getOrThrow(Result.flatMap(decode(entry.blueprint), (document) => Blueprint.check(document)))

const sample = (entry: Catalogue.Entry): ReadonlyArray<string> =>
  Object.keys(Object(entry.parameters["parameters"] ?? {}))

describe.each(Catalogue.entries)("$name", (entry) => {
  const { connector, credential } = blueprintOf(entry)
  const [action] = connector.actions
  const template = [action?.url, ...Object.values(action?.headers ?? {}), action?.request_body].join("\n")

  it("has one action, a predict, and only known functions", () => {
    expect(connector.actions.map(({ action_type }) => action_type)).toEqual(["PREDICT"])
    const { pre_process_function: pre, post_process_function: post } = action ?? {}
    if (pre !== undefined) expect(ProcessFunctionName.preProcess).toContain(pre)
    if (post !== undefined) expect(ProcessFunctionName.postProcess).toContain(post)
  })

  it("has a value in the sample for every placeholder", () => {
    const filled = new Set([
      ...Object.keys(connector.parameters),
      ...sample(entry),
      ...(written[action?.pre_process_function ?? ""] ?? []),
    ])
    const placeholders = [...template.matchAll(/\$\{parameters\.([^}:]+)(:-[^}]*)?\}/g)]
    const unfilled = placeholders.filter(([, name = "", fallback]) => fallback === undefined && !filled.has(name))
    expect(unfilled).toEqual([])
  })

  it("declares every secret that it uses, uses every secret that it declares, and contains none", () => {
    const used = [...template.matchAll(/\$\{credential\.([^}]+)\}/g)].map(([, name]) => name)
    const signing = connector.protocol === "aws_sigv4" ? ["access_key", "secret_key"] : []
    expect(Object.keys(credential).toSorted()).toEqual([...new Set([...used, ...signing])].toSorted())
    for (const secret of Object.values(credential)) expect(Redacted.value(secret)).toMatch(/^env:[A-Z0-9_]+$/)
  })

  it("calls a host that is trusted by default, or this machine", () => {
    const { hostname } = new URL(entry.request.url)
    expect(hosts.some((host) => host.test(hostname))).toBe(true)
  })

  it("shows a request without placeholders and secrets", () => {
    expect(JSON.stringify(entry.request)).not.toContain("${")
    expect(JSON.stringify(entry.request)).not.toContain("env:")
  })

  it("names its sources, and which facts are documented", () => {
    expect(entry.source).toMatch(/^# .+\n\n- Page: <https:\/\/\S+>\n- Read: \d{4}-\d\d-\d\d, /)
    for (const file of ["request", "response", "prediction"]) expect(entry.source).toContain(`- \`${file}.json\`: `)
  })
})
