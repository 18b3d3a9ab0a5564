/** Which model a request will name, as its price depends on it. */
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import { fromRecord } from "@drawbar/template-renderer/Parameter"
import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Pricing from "../src/predict/Pricing.ts"

const compiled = (request_body: string, path = "/v1", parameters: Record<string, string> = {}) =>
  Result.getOrThrow(
    CompiledConnector.compile(
      {
        name: "c",
        version: "1",
        protocol: "http",
        parameters,
        actions: [
          {
            action_type: "PREDICT",
            name: "",
            method: "POST",
            url: `https://api.example.com${path}`,
            headers: {},
            request_body,
          },
        ],
      } as unknown as Parameters<typeof CompiledConnector.compile>[0],
      [],
    ),
  )

describe("the model that a request names", () => {
  it.each<[string, ReturnType<typeof compiled>, Record<string, string>, string | undefined]>([
    ["is fixed by the template", compiled('{"model": "a", "q": "${parameters.q}"}'), { model: "b" }, "a"],
    ["is a parameter of the connector", compiled('{"model": "${parameters.model}"}', "/v1", { model: "a" }), {}, "a"],
    ["is one of the caller", compiled('{"model": "${parameters.model}"}', "/v1", { model: "a" }), { model: "b" }, "b"],
    ["has another name", compiled('{"modelId": "${parameters.which}"}'), { which: "b", model: "c" }, "b"],
    ["has a default", compiled('{"model": "${parameters.model:-a}"}'), {}, "a"],
    ["is in the URL", compiled("{}", "/openai/deployments/a/chat"), { model: "b" }, "a"],
    ["is a parameter of the URL", compiled("{}", "/model/${parameters.model}/invoke", { model: "a" }), {}, "a"],
    ["is not said", compiled('{"q": 1}'), {}, undefined],
  ])("%s", (_, connector, parameters, expected) => {
    assert.strictEqual(
      Pricing.modelNameOf(connector, { _tag: "Parameters", parameters: fromRecord(parameters) }),
      expected,
    )
  })

  it("costs no less than a whole nano-USD", () => {
    assert.strictEqual(Pricing.cost({ input: 35.5, output: 140 }, 1, 0), 36)
    assert.strictEqual(Pricing.cost({ input: 35, output: 140 }, 2, 3), 490)
    assert.strictEqual(Pricing.cost({ input: 20, output: 0 }, 0, 5), 0)
  })
})
