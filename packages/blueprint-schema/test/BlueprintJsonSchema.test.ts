import { readFileSync } from "node:fs"
import { join } from "node:path"
import { describe, expect, it } from "vitest"
import { Ajv2020 } from "ajv/dist/2020.js"
import { jsonSchema } from "../src/BlueprintJsonSchema.ts"

const file = join(import.meta.dirname, "../../../docs/blueprint.schema.json")
const validate = new Ajv2020({ strict: false }).compile(jsonSchema)

const blueprint = {
  name: "A",
  version: 1,
  protocol: "http",
  parameters: { model: "a", temperature: 0.5 },
  credential: { key: "env:KEY" },
  client_config: { max_connection: 5, retry_backoff_policy: "constant" },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: "https://api.openai.com/v1",
      post_process_function: "connector.post_process.openai.embedding",
    },
  ],
}
const [action] = blueprint.actions

describe("the JSON Schema of a blueprint", () => {
  it("accepts a blueprint", () => {
    validate(blueprint)
    expect(validate.errors).toBeNull()
  })

  it.each([
    ["without a name", { ...blueprint, name: undefined }],
    ["of an unknown protocol", { ...blueprint, protocol: "https" }],
    ["with a misspelt field", { ...blueprint, parameter: {} }],
    ["without actions", { ...blueprint, actions: [] }],
    ["with an unknown method", { ...blueprint, actions: [{ ...action, method: "SEND" }] }],
    ["with an unknown function", { ...blueprint, actions: [{ ...action, post_process_function: "connector.x" }] }],
    ["with a limit out of range", { ...blueprint, client_config: { max_connection: 0 } }],
  ])("rejects a blueprint %s", (_name, document) => expect(validate(JSON.parse(JSON.stringify(document)))).toBe(false))

  it("matches docs/blueprint.schema.json (run: pnpm golden)", () =>
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(JSON.parse(JSON.stringify(jsonSchema))))
})
