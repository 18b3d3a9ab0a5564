import { options, withoutBody } from "./render.ts"
import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { isDeepStrictEqual } from "node:util"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as BodyTemplate from "../src/BodyTemplate.ts"
import * as HeadersTemplate from "../src/HeadersTemplate.ts"
import * as Parameter from "../src/Parameter.ts"
import * as UrlTemplate from "../src/UrlTemplate.ts"

const reference = process.env["DRAWBAR_REFERENCE"] ?? resolve(import.meta.dirname, "../../../../shared/reference")
const folder = resolve(reference, "blueprints")
const isPresent = existsSync(resolve(folder, "index.json"))

type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json }
type JsonObject = { readonly [key: string]: Json }

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const object = (value: Json | undefined): JsonObject => (isObject(value) ? value : {})
const list = (value: Json | undefined): ReadonlyArray<Json> => (Array.isArray(value) ? value : [])
const string = (value: Json | undefined): string => (typeof value === "string" ? value : JSON.stringify(value))
const strings = (value: Json | undefined): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(object(value)).map(([name, value]) => [name, string(value)]))
const parse = (text: string): Json => JSON.parse(text)

/** Replaces the publisher's blanks with plausible values, and with a URL if the whole URL is a blank. */
const fill = (value: JsonObject, entry: JsonObject): JsonObject => {
  const placeholders = list(entry["fill"])
    .map(string)
    .toSorted((a, b) => b.length - a.length)
  const filled = placeholders.reduce(
    (text, placeholder) =>
      text
        .replaceAll(`"url":"${placeholder}"`, `"url":"https://filled.example/invocations"`)
        .replaceAll(`${placeholder} like us-east-1`, "filled")
        .replaceAll(placeholder, "filled"),
    JSON.stringify(value),
  )
  return object(parse(filled))
}

const read = (name: string): Json => parse(readFileSync(resolve(folder, name), "utf8"))
const rows = (name: string): ReadonlyArray<JsonObject> => (isPresent ? list(read(name)).map(object) : [])

const compile = (document: JsonObject, action: JsonObject) => {
  const author = strings(document["parameters"])
  const headers = strings(action["headers"])
  const [, contentType] = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type") ?? []
  const body = action["request_body"]
  return Result.all({
    url: UrlTemplate.compile(string(action["url"]), author, options.url),
    headers: HeadersTemplate.compile(headers, author, Object.keys(object(document["credential"])), options.headers),
    body:
      typeof body === "string"
        ? BodyTemplate.compile(body, author, { ...options.body, contentType })
        : BodyTemplate.compile(withoutBody, author, { ...options.body, contentType }),
  })
}

const actionsOf = (document: JsonObject): ReadonlyArray<JsonObject> => list(document["actions"]).map(object)

/** Their URL is still invalid, or they use a credential that they do not have, or a space in a name. */
const refused = {
  "doc-connector-tool-1": "InvalidOrigin",
  "doc-connector-tool-2": "InvalidOrigin",
  "tut-aiconnectorhelper-2": "InvalidOrigin",
  "tut-aiconnectorhelper-3": "UnknownCredential",
  "tut-aiconnectorhelper-4": "UnknownCredential",
  "tut-rerank-pipeline-with-amazon-rerank-model-on-amazon-bedrock-1": "InvalidName",
  "res-bedrockconnectorbodies-2": "InvalidOrigin",
  "res-bedrockmultimodalconnectorbodies-1": "InvalidOrigin",
}

describe.skipIf(!isPresent)("the published blueprints (skipped: ../shared/reference is absent)", () => {
  const index = rows("index.json")

  it("compile, except for the unusable ones", () => {
    const reasons = index.flatMap((entry) => {
      const document = fill(object(read(`${string(entry["slug"])}.json`)), entry)
      return actionsOf(document).flatMap((action) => {
        const compiled = compile(document, action)
        return Result.isFailure(compiled) ? [[string(entry["slug"]), compiled.failure.reason._tag]] : []
      })
    })
    expect(Object.fromEntries(reasons)).toEqual(refused)
  })

  it.each(rows("rendered.json").map((row) => [string(row["predict"]), row] as const))(
    "%s renders as published",
    (_, row) => {
      const slug = string(row["slug"])
      const entry = index.find((entry) => entry["slug"] === slug) ?? {}
      const document = fill(object(read(`${slug}.json`)), entry)
      const caller = Parameter.fromRecord(object(fill(object(read(string(row["predict"]))), entry)["parameters"]))
      const supplied = { caller, runtime: new Map() }
      const filled = fill(row, entry)
      const url = string(filled["url"])
      const wanted = { url: URL.parse(url)?.href ?? url, payload: parse(string(filled["payload"])) }
      const outcomes = actionsOf(document).map((action) => {
        const compiled = compile(document, action)
        if (Result.isFailure(compiled)) return compiled.failure.reason._tag
        const rendered = Result.all({
          headers: HeadersTemplate.render(compiled.success.headers, supplied, () => "secret"),
          url: UrlTemplate.render(compiled.success.url, supplied),
          body: BodyTemplate.render(compiled.success.body, supplied),
        })
        if (Result.isFailure(rendered)) return rendered.failure.message
        const { url, body } = rendered.success
        return isDeepStrictEqual({ url, payload: parse(body) }, wanted) || { url, body }
      })
      const missing = list(row["unfilled"]).map(string).join(", ")
      const exceptions: Readonly<Record<string, string>> = {
        ...refused,
        "std-cohere-connector-text-embedding-2": `Some parameter placeholder not filled in payload: ${missing}`,
      }
      expect(outcomes).toContain(exceptions[slug] ?? true)
    },
  )
})
