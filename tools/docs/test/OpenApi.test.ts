/** The OpenAPI document that a server shows: linted, and each operation described with an example. */
import * as OpenApiDocument from "@drawbar/http-api/reference/OpenApiDocument"
import * as OpenAiReference from "@drawbar/openai-api/OpenAiReference"
import * as ReferencePage from "@drawbar/http-api/reference/ReferencePage"
import { createConfig, lintFromString } from "@redocly/openapi-core"
import { describe, expect, it } from "vitest"

const document = JSON.parse(JSON.stringify(OpenApiDocument.lazily([OpenAiReference])()))
const operations: ReadonlyArray<any> = Object.values(document.paths).flatMap((path) => Object.values(Object(path)))
const ids: ReadonlyArray<string> = operations.map(({ operationId }) => operationId)

it("has no errors by the rules that redocly recommends", async () => {
  const config = await createConfig({ extends: ["recommended"] })
  const found = await lintFromString({ source: JSON.stringify(document), absoluteRef: "/openapi.json", config })
  expect(
    found.filter(({ severity }) => severity === "error").map(({ ruleId, message }) => `${ruleId}: ${message}`),
  ).toEqual([])
  // Paths of ML Commons that could be read in two ways.
  expect(new Set(found.map(({ ruleId }) => ruleId))).toEqual(new Set(["no-ambiguous-paths"]))
}, 60_000)

describe("each operation", () => {
  it.each(operations.map((operation) => [operation.operationId, operation]))("%s is described", (_, operation) => {
    expect(operation.summary).toBeTypeOf("string")
    expect(operation.description).toMatch(/permission|Every caller/)
    expect(operation.security).toBeDefined()
    for (const { name, description } of operation.parameters) expect(description, name).toBeTypeOf("string")
    const media = operation.requestBody?.content["application/json"]
    if (media !== undefined && operation.operationId !== "models.undeploy") expect(media.example).toBeDefined()
  })
})

it("the page has every operation, no script, and nothing from elsewhere", () => {
  const page = ReferencePage.html(document)
  for (const id of ids) expect(page).toContain(`id="${id}"`)
  expect(page).not.toMatch(/<script|<link|<img|<iframe|@import|url\(/i)
  expect([...page.matchAll(/(?:href|src)="([^"#/][^"]*)"/g)]).toEqual([])
})
