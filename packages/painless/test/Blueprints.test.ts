/** The scripts of published connectors, on data that results in the published responses. */
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as Script from "../src/Script.ts"

const folder = join(
  process.env["DRAWBAR_REFERENCE"] ?? join(import.meta.dirname, "../../../../shared/reference"),
  "blueprints",
)

interface Found {
  readonly file: string
  readonly field: string
  readonly source: string
}

const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), "utf8"))

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null

/** Every process function in a document that is a script, without named functions and placeholders. */
const scriptsOf = (file: string, value: unknown): ReadonlyArray<Found> => {
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([field, inner]) =>
    /^p(?:re|ost)_process_function$/.test(field) && typeof inner === "string"
      ? inner.startsWith("connector.") || inner.startsWith("%")
        ? []
        : [{ file, field, source: inner }]
      : scriptsOf(file, inner),
  )
}

const scripts = existsSync(folder)
  ? readdirSync(folder)
      .filter((file) => file.endsWith(".json") && !/\.(?:predict|response)/.test(file))
      .flatMap((file) => scriptsOf(file, read(file)))
  : []

const input = '{"algorithm":"REMOTE","query_text":"q","question":"q","context":"c","text_docs":["one","two"]}'

type Tensor = Record<string, unknown>

const publishedOf = (file: string): Tensor | undefined => {
  const answer = file.replace(/\.json$/, ".response.json")
  if (!existsSync(join(folder, answer))) return undefined
  const [first] = [read(answer)].flatMap((body) =>
    isRecord(body) && Array.isArray(body["inference_results"]) ? body["inference_results"] : [],
  )
  return isRecord(first) ? first : undefined
}

const outputsOf = (file: string): ReadonlyArray<Tensor> => {
  const outputs = publishedOf(file)?.["output"]
  return Array.isArray(outputs) ? outputs.filter(isRecord) : []
}

/** A response in every form that the scripts read, with the published content. */
const responseFor = (outputs: ReadonlyArray<Tensor>): string => {
  const [text = "text"] = outputs.flatMap((output) =>
    isRecord(output["dataAsMap"]) ? [output["dataAsMap"]["response"]].filter((value) => typeof value === "string") : [],
  )
  const rows = outputs.map((output) => output["data"])
  const scores = rows.map((row, index) => ({ index, score: Array.isArray(row) ? row[0] : 0, generated_text: text }))
  const last = scores.toReversed()
  return JSON.stringify({
    completions: [{ data: { text } }],
    choices: [{ message: { content: text } }],
    content: [{ text }],
    candidates: [{ content: { parts: [{ text }] } }],
    output: { message: { content: [{ text }] } },
    result: last.some(({ score }) => typeof score === "number" && rows.length > 0) ? last : [{ generated_text: text }],
    results: last.map(({ index, score }) => ({ index, relevance_score: score })),
    embeddings: { int8: rows },
  })
}

const dataOf = (answer: string): unknown => {
  const parsed: unknown = JSON.parse(answer)
  return Array.isArray(parsed) ? parsed.map((tensor: unknown) => (isRecord(tensor) ? tensor["data"] : tensor)) : parsed
}

describe.skipIf(scripts.length === 0)("published connectors (skipped: ../shared/reference is absent)", () => {
  it.each(scripts)("$file $field compiles and returns the expected result", ({ field, file, source }) => {
    const script = Result.getOrThrow(Script.compile(source))
    if (field === "pre_process_function") {
      const answer = Result.getOrThrow(Script.runJson(script, input, { numbers: "double" }))
      expect(JSON.parse(String(answer))).toHaveProperty("parameters")
      return
    }
    const outputs = outputsOf(file)
    const answer = String(Result.getOrThrow(Script.runJson(script, responseFor(outputs))))
    const tensors = outputs.filter((output) => Array.isArray(output["data"]))
    if (tensors.length === 0) expect(answer).toContain(answer.startsWith("{") ? "dataAsMap" : "")
    // A cross-encoder responds in the order of the response, which was reversed here.
    else
      expect([
        tensors.map((tensor) => tensor["data"]),
        tensors.map((tensor) => tensor["data"]).toReversed(),
      ]).toContainEqual(dataOf(answer))
  })
})
