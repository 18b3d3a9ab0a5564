/** `${parameters.x}` in process functions: a variable with the text, never a piece of the source. */
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import * as CompiledConnector from "../src/call/CompiledConnector.ts"
import * as PostProcess from "../src/processors/PostProcess.ts"
import type { PredictInput } from "../src/call/PredictInput.ts"
import * as PreProcess from "../src/processors/PreProcess.ts"
import * as UpstreamResponse from "../src/response/UpstreamResponse.ts"
import * as UpstreamRequest from "../src/call/UpstreamRequest.ts"
import * as SampleInput from "../src/call/SampleInput.ts"
import * as ScriptWorld from "../src/processors/ScriptWorld.ts"
import * as Tensor from "../src/response/Tensor.ts"
import { fromRecord } from "@drawbar/template-renderer/Parameter"
import { Clock, Effect, Result } from "effect"
import { describe, expect, it } from "vitest"
import * as SecretMask from "../src/response/SecretMask.ts"

type Functions = { readonly pre_process_function?: string; readonly post_process_function?: string }

const compiled = (functions: Functions, parameters: Connector["parameters"]) =>
  Result.flatMap(
    CompiledConnector.compile(
      {
        protocol: "http",
        parameters,
        actions: [
          {
            action_type: "PREDICT",
            method: "POST",
            url: "https://api.example.com/",
            request_body: '{"input":"${parameters.input:-}"}',
            ...functions,
          },
        ],
      },
      [],
    ),
    (connector) => CompiledConnector.find(connector, "PREDICT"),
  )

/** The body that is sent and the output, or the reason of the failure. */
const predict = (
  functions: Functions,
  input: PredictInput,
  parameters: Connector["parameters"] = {},
  world: ScriptWorld.ScriptWorld = ScriptWorld.fixed(),
): { readonly sent: ReadonlyArray<string>; readonly output: string } => {
  const sent: Array<string> = []
  const output = Result.gen(function* () {
    const action = yield* compiled(functions, parameters)
    const [supplied = { caller: new Map(), runtime: new Map() }] = yield* PreProcess.run(
      action.preProcess,
      input,
      world,
    )
    const request = yield* UpstreamRequest.render(action, supplied, () => "")
    sent.push(request.body ?? "")
    const body = new TextEncoder().encode('{"x":1}')
    const response = { status: 200, headers: { "content-type": "application/json" }, body }
    const answer = yield* UpstreamResponse.read(response, 0, SecretMask.none)
    return yield* PostProcess.run(action.postProcess, supplied, answer, world)
  })
  return {
    sent,
    output: Result.match(output, {
      onSuccess: (tensors) => tensors.map(Tensor.toJsonText).join(),
      onFailure: ({ reason }) => `${reason._tag}: ${reason.message}`,
    }),
  }
}

const docs: PredictInput = { _tag: "TextDocs", text_docs: ["a"] }
const caller = (values: Record<string, unknown>): PredictInput => ({
  _tag: "Parameters",
  parameters: fromRecord(values),
})
const pre = `return '{"parameters":{"input":"' + \${parameters.greeting} + '"}}';`
const post = "return 'got ' + ${parameters.greeting};"
const response = (text: string) => `{"name":"response","dataAsMap":{"response":${JSON.stringify(text)}}}`

describe("${parameters.x} in a process function", () => {
  it("is the connector's text before the call", () => {
    expect(predict({ pre_process_function: pre }, docs, { greeting: "hello" }).sent).toEqual(['{"input":"hello"}'])
  })

  it("is the caller's text after the answer, which outranks the connector's", () => {
    const functions = { post_process_function: post }
    expect(predict(functions, caller({}), { greeting: "hello" }).output).toBe(response("got hello"))
    expect(predict(functions, caller({ greeting: "hi" }), { greeting: "hello" }).output).toBe(response("got hi"))
    expect(predict(functions, caller({ greeting: { a: 1 } })).output).toBe(response('got {"a":1}'))
  })

  it.each([
    `"; throw new RuntimeException("x"); "`,
    "' + params + '",
    "${parameters.other}",
    "a\nb\\",
    "*/ return 'y'; /*",
    "",
  ])("never becomes source: %j", (greeting) => {
    expect(predict({ post_process_function: post }, caller({ greeting }), { other: "secret" }).output).toBe(
      response(`got ${greeting}`),
    )
  })

  it("has its default where nothing fills it", () => {
    const functions = { post_process_function: "return 'got ' + ${parameters.greeting:-no greeting};" }
    expect(predict(functions, caller({})).output).toBe(response("got no greeting"))
  })

  it("is named among the missing parameters before anything is sent", () => {
    const { output, sent } = predict({ post_process_function: post }, caller({}))
    expect(sent).toEqual([])
    expect(output).toMatch(/^MissingParameters: .*greeting/)
    expect(predict({ pre_process_function: pre }, docs).output).toBe(
      "InvalidInput: pre_process_function failed at line 1: no value for ${parameters.greeting}: send it, or set the parameter in the connector (IllegalArgumentException)",
    )
  })

  it("is filled where a connector is tried without an input", () => {
    const action = Result.getOrThrow(compiled({ post_process_function: post }, {}))
    expect(predict({ post_process_function: post }, SampleInput.of(action)).output).toMatch(/"response":"got Hello/)
  })

  it.each([
    ["return 'hi ${parameters.greeting}';", 1, 12],
    ['def x = 1;\nreturn "${parameters.greeting:-x}";', 2, 9],
    ["return /${parameters.greeting}/.matcher('a').find() ? 'y' : 'n';", 1, 9],
  ])("is refused at create inside of a literal, with the fix: %s", (source, line, column) => {
    const { output } = predict({ post_process_function: source }, caller({}), { greeting: "hello" })
    expect(output).toMatch(new RegExp(`^InvalidConnector: line ${line}, column ${column}: `))
    expect(output).toMatch(/is not filled in inside a (?:string|regular expression): /)
  })
})

describe("the time and chance of a script", () => {
  const script = "return '' + System.currentTimeMillis() + ' ' + (Math.random() < 0.5) + ' ' + UUID.randomUUID();"

  it("are those of the fiber that opens the connector", () => {
    const clock: Clock.Clock = {
      currentTimeMillisUnsafe: () => 1_700_000_000_123,
      currentTimeMillis: Effect.succeed(1_700_000_000_123),
      currentTimeNanosUnsafe: () => 0n,
      currentTimeNanos: Effect.succeed(0n),
      monotonicTimeNanosUnsafe: () => 0n,
      monotonicTimeNanos: Effect.succeed(0n),
      sleep: () => Effect.void,
    }
    const world = Effect.runSync(Effect.provideService(ScriptWorld.current, Clock.Clock, clock))
    const { output } = predict({ post_process_function: script }, caller({}), {}, world)
    expect(output).toMatch(
      /1700000000123 (?:true|false) [\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}/,
    )
    expect(predict({ post_process_function: script }, caller({}), {}, world).output).not.toBe(output)
  })

  it("stand still for samples", () => {
    const first = predict({ post_process_function: script }, caller({})).output
    expect(first).toContain('"0 ')
    expect(predict({ post_process_function: script }, caller({})).output).toBe(first)
  })
})

describe("what a script returns", () => {
  it.each([
    [
      "nested lists",
      "def b = new StringBuilder(); for (int i = 0; i < 100000; i++) { b.append('[') } return b.toString();",
    ],
    [
      "nested maps",
      `def b = new StringBuilder(); for (int i = 0; i < 100000; i++) { b.append('{"a":') } return b.toString();`,
    ],
    [
      "closed lists",
      "def b = new StringBuilder(); for (int i = 0; i < 50000; i++) { b.append('[') } for (int i = 0; i < 50000; i++) { b.append(']') } return b.toString();",
    ],
  ])("never fails by the stack of the host: %s", (_, source) => {
    expect(predict({ pre_process_function: source }, docs).output).toMatch(/^InvalidInput: /)
    expect(predict({ post_process_function: source }, caller({})).output).toMatch(/^\{"name":"response"/)
  })
})
