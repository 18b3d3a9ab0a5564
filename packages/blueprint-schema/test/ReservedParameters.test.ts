import { assert, describe, it } from "vitest"
import { jsonSchema } from "../src/BlueprintJsonSchema.ts"
import * as Reserved from "../src/ReservedParameters.ts"

const { parameters, credentials, isRead } = Reserved
const constants = Object.values<unknown>(Reserved).filter((value) => typeof value === "string")

describe("the reserved names", () => {
  it("are the constants, each with a description and none twice in a table", () => {
    const names = [...parameters, ...credentials].map(({ name }) => name)
    assert.sameMembers([...new Set<unknown>(names)], constants)
    for (const table of [parameters, credentials])
      assert.strictEqual(new Set(table.map(({ name }) => name)).size, table.length)
    for (const { description } of [...parameters, ...credentials]) assert.match(description, /^\S.*[^.\s]$/)
  })

  it("are described in the JSON Schema", () => {
    const { properties } = JSON.parse(JSON.stringify(jsonSchema))
    assert.sameMembers(
      Object.keys(properties.parameters.properties),
      parameters.map(({ name }) => name),
    )
    assert.sameMembers(
      Object.keys(properties.credential.properties),
      credentials.map(({ name }) => name),
    )
  })

  it.each([
    ["region", "http", true],
    ["charset", "http", true],
    ["project_id", "google_cloud", true],
    ["project_id", "http", false],
    ["model", "aws_sigv4", false],
    ["pre_process_function.convert_input_to_json_string", "http", true],
    ["_response_format_json", "http", true],
    ["temperature", "http", false],
  ])("%s of %s: %s", (name, protocol, read) => assert.strictEqual(isRead(name, protocol), read))
})
