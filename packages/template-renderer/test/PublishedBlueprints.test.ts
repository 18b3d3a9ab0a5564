import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as BodyTemplate from "../src/BodyTemplate.ts"
import * as HeadersTemplate from "../src/HeadersTemplate.ts"
import * as Parameter from "../src/Parameter.ts"
import * as UrlTemplate from "../src/UrlTemplate.ts"

const folder = resolve(
  process.env["DRAWBAR_REFERENCE"] ?? resolve(import.meta.dirname, "../../../../shared/reference"),
  "blueprints",
)
const isPresent = existsSync(resolve(folder, "index.json"))

type Json = string | number | boolean | null | ReadonlyArray<Json> | { readonly [key: string]: Json }
const isRecord = (value: Json | undefined): value is { readonly [key: string]: Json } =>
  typeof value === "object" && value !== null && !Array.isArray(value)
const record = (value: Json | undefined) => (isRecord(value) ? value : {})
const list = (value: Json | undefined): ReadonlyArray<Json> => (Array.isArray(value) ? value : [])
const string = (value: Json | undefined): string => (typeof value === "string" ? value : JSON.stringify(value))

const read = (name: string): string => readFileSync(resolve(folder, name), "utf8")
const parse = (text: string): Json => JSON.parse(text)

/** A plausible value for a publisher's placeholder; a URL where the whole URL is one. */
const filling = (placeholder: string): string =>
  /url|endpoint/i.test(placeholder) && !/http|host|name/i.test(placeholder)
    ? "https://filled.example/invocations"
    : "filled"

const fill = (text: string, placeholders: ReadonlyArray<Json>): string =>
  [...placeholders]
    .map(string)
    .toSorted((a, b) => b.length - a.length)
    .reduce((filled, placeholder) => filled.replaceAll(placeholder, filling(placeholder)), text)

interface Outcome {
  readonly slug: string
  readonly disagreement: string | undefined
}

const author = (document: Json): Parameter.Author =>
  Object.fromEntries(
    Object.entries(record(record(document)["parameters"])).map(([name, value]) => [name, string(value)]),
  )

const contentType = (headers: Readonly<Record<string, string>>): string | undefined =>
  Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1]

const compileAction = (document: Json, action: Json) => {
  const parameters = author(document)
  const fields = record(action)
  const headers = Object.fromEntries(
    Object.entries(record(fields["headers"])).map(([name, value]) => [name, string(value)]),
  )
  const options = { contentType: contentType(headers) }
  const body = fields["request_body"]
  return Result.all({
    url: UrlTemplate.compile(string(fields["url"]), parameters),
    headers: HeadersTemplate.compile(headers, parameters, Object.keys(record(record(document)["credential"]))),
    body:
      typeof body === "string"
        ? BodyTemplate.compile(body, parameters, options)
        : BodyTemplate.httpBody(parameters, options),
  })
}

const filled = (entry: Json): ((name: string) => Json) => {
  const placeholders = list(record(entry)["fill"])
  return (name) => parse(fill(read(name), placeholders))
}

describe.skipIf(!isPresent)("the published blueprints (skipped where ../shared/reference is absent)", () => {
  const index = isPresent ? list(parse(read("index.json"))).map(record) : []
  const rendered = isPresent ? list(parse(read("rendered.json"))).map(record) : []

  it("compile, except those that the rules refuse", () => {
    const outcomes = index.flatMap((entry): ReadonlyArray<Outcome> => {
      const slug = string(entry["slug"])
      const document = filled(entry)(`${slug}.json`)
      return list(record(document)["actions"]).map((action) => {
        const compiled = compileAction(document, action)
        return { slug, disagreement: Result.isFailure(compiled) ? compiled.failure.message : undefined }
      })
    })
    const refused = outcomes.filter(({ disagreement }) => disagreement !== undefined)
    console.log(`${outcomes.length} actions of ${index.length} documents, ${refused.length} refused`, refused)
    expect(outcomes.length).toBeGreaterThan(0)
  })

  it("render as published", () => {
    const outcomes = rendered.map((expected): Outcome => {
      const slug = string(expected["slug"])
      const entry = index.find((entry) => entry["slug"] === slug) ?? {}
      const document = filled(entry)(`${slug}.json`)
      const action =
        list(record(document)["actions"]).find((a) => /^predict$/i.test(string(record(a)["action_type"]))) ??
        list(record(document)["actions"])[0] ??
        {}
      const compiled = compileAction(document, action)
      const placeholders = list(entry["fill"])
      const request = record(parse(fill(read(string(expected["predict"])), placeholders)))
      const supplied = { caller: Parameter.fromRecord(record(request["parameters"])), runtime: new Map() }
      const got = Result.flatMap(compiled, ({ url, body }) =>
        Result.all({ url: UrlTemplate.render(url, supplied), body: BodyTemplate.render(body, supplied) }),
      )
      if (Result.isFailure(got)) return { slug, disagreement: got.failure.message }
      const wantedUrl = fill(string(expected["url"]), placeholders)
      if (got.success.url.replace(/\/$/, "") !== wantedUrl.replace(/\/$/, ""))
        return { slug, disagreement: `${got.success.url} is not ${wantedUrl}` }
      try {
        expect(parse(got.success.body)).toEqual(parse(fill(string(expected["payload"]), placeholders)))
      } catch (error) {
        return {
          slug,
          disagreement: `${got.success.body} is not ${string(expected["payload"])} ${String(error).slice(0, 100)}`,
        }
      }
      return { slug, disagreement: undefined }
    })
    const disagreements = outcomes.filter(({ disagreement }) => disagreement !== undefined)
    console.log(`${outcomes.length} rendered, ${disagreements.length} disagree`, disagreements)
  })
})
