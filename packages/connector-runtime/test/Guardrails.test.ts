import { assert, describe, it } from "@effect/vitest"
import { fromRecord } from "@drawbar/template-renderer/Parameter"
import { Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import * as Guardrails from "../src/call/Guardrails.ts"
import * as Tensor from "../src/response/Tensor.ts"

const subject = (text: string) => ({ text, question: text })
const allows = (guardrail: Guardrails.Guardrail, text: string) => Effect.runSync(guardrail(subject(text)))

describe("patterns", () => {
  const guardrail = Guardrails.forbidding([".*abort.*", '.*say "no".*'])
  it.each([
    ['{"prompt":"hello"}', true],
    ['{"prompt":"please abort"}', false],
    ['{"prompt":"first line",\n"more":"abort"}', false],
    ['{"prompt":"\\u0061bort"}', false],
    ['{"\\u0061bort":1}', false],
    ['{"prompt":"say \\"no\\""}', false],
    ["plain words that abort", false],
  ])("%s may pass: %s", (text, expected) => assert.strictEqual(allows(guardrail, text), expected))
})

const answering = (dataAsMap: string) => () =>
  Effect.succeed({ inference_results: [{ output: [Tensor.response(dataAsMap)], status_code: 200 }] })

describe("a model that judges", () => {
  it.each([
    ['{"response":"accept"}', true],
    ['{"response":" Accept\\n"}', true],
    ['{"response":"I do not accept"}', false],
    ['{"response":true}', false],
    ["{}", false],
  ])("answers %s: %s", (answer, expected) =>
    assert.strictEqual(
      allows(Guardrails.judgedBy({ ask: answering(answer), filter: undefined, accepting: "^\\s*[Aa]ccept\\s*$" }), "x"),
      expected,
    ),
  )

  it("forbids when it fails", () =>
    assert.isFalse(
      allows(Guardrails.judgedBy({ ask: () => Effect.fail("gone"), filter: "$.x", accepting: ".*" }), "x"),
    ))

  it.effect("forbids when it does not answer in time", () =>
    Effect.gen(function* () {
      const guardrail = Guardrails.judgedBy({ ask: () => Effect.never, filter: undefined, accepting: ".*" })
      const fiber = yield* Effect.forkChild(guardrail(subject("x")))
      yield* TestClock.adjust("61 seconds")
      assert.isFalse(yield* Fiber.join(fiber))
    }),
  )

  it("is asked about the caller's question, and about the whole body where there is none", () => {
    const asked: Array<unknown> = []
    const judge = Guardrails.judgedBy({
      ask: (parameters) => {
        asked.push(Object.fromEntries(parameters))
        return answering('{"response":"accept"}')()
      },
      filter: "$.choices[0]",
      accepting: "accept",
    })
    const check = (caller: object) =>
      Effect.runSync(
        Guardrails.checkInput({ input: judge }, "{body}", { caller: fromRecord({ ...caller }), runtime: new Map() }),
      )
    check({ question: "q" })
    check({ prompt: "p" })
    const filter = { _tag: "Text", text: "$.choices[0]" }
    assert.deepStrictEqual(asked, [
      { response_filter: filter, question: { _tag: "Text", text: "q" } },
      { response_filter: filter, question: { _tag: "Text", text: "{body}" } },
    ])
  })
})
