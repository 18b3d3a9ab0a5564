/**
 * Translators, both ways, over random conversations: what OpenAI's API can say and a provider's can say too arrives, and what a provider
 * cannot be told is named. DRAWBAR_SEED repeats a run.
 */
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { fromUnknown, json } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import * as BodyMembers from "../src/dialect/BodyMembers.ts"
import type { Dialect, Translation } from "../src/dialect/Dialect.ts"
import * as Dialects from "../src/dialect/Dialects.ts"

const seed = Number(process.env["DRAWBAR_SEED"] ?? Math.floor(Math.random() * 1e6))

/** mulberry32: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
const random = (() => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
})()

const below = (n: number) => Math.floor(random() * n)
const chance = (p: number) => random() < p
const pick = <A>(list: readonly [A, ...ReadonlyArray<A>]): A => list[below(list.length)] ?? list[0]

const marks = ['"', "\\", "\n", "ü", "世", "🙂", "${parameters.x}", "</s>", " "] as const
let words = 0
/** No other text holds it. */
const text = () => `w${words++}x${pick(marks)}`
const value = (depth = 0): unknown =>
  pick<() => unknown>([
    text,
    () => below(1000) - 500,
    () => chance(0.5),
    () => null,
    () => (depth > 2 ? 1 : [value(depth + 1), value(depth + 1)]),
    () => (depth > 2 ? {} : { [`k${below(5)}`]: value(depth + 1) }),
  ])()

interface Made {
  readonly request: Readonly<Record<string, unknown>>
  /** Every text that has to arrive. */
  readonly texts: ReadonlyArray<string>
  /** Arguments of calls, by the call's name. */
  readonly calls: ReadonlyArray<readonly [name: string, args: unknown]>
  readonly results: ReadonlyArray<string>
}

/** A conversation in which tools are called, one or several at once. */
const conversation = (): Made => {
  const texts: Array<string> = []
  const calls: Array<readonly [string, unknown]> = []
  const results: Array<string> = []
  const said = () => {
    const one = text()
    texts.push(one)
    return one
  }
  const messages: Array<object> = chance(0.7) ? [{ role: pick(["system", "developer"]), content: said() }] : []
  for (let turn = 0; turn <= below(4); turn++) {
    messages.push({
      role: "user",
      content: chance(0.5)
        ? said()
        : [
            { type: "text", text: said() },
            { type: "text", text: said() },
          ],
    })
    const asked = Array.from({ length: below(3) }, (_, i) => {
      const args = { [`a${below(9)}`]: value(), n: below(100) }
      const name = `tool_${words++}`
      calls.push([name, args])
      return { id: `call_${words}_${i}`, type: "function", function: { name, arguments: JSON.stringify(args) } }
    })
    messages.push({
      role: "assistant",
      content: asked.length > 0 && chance(0.5) ? null : said(),
      ...(asked.length === 0 ? {} : { tool_calls: asked }),
    })
    for (const { id } of asked) {
      const result = text()
      results.push(result)
      messages.push({ role: "tool", tool_call_id: id, content: result })
    }
  }
  messages.push({ role: "user", content: said() })
  const request = {
    messages,
    max_tokens: 1 + below(1000),
    temperature: below(100) / 100,
    top_p: below(100) / 100,
    stop: chance(0.5) ? "END" : ["A", "B"],
    tools: [{ type: "function", function: { name: "t", parameters: { type: "object", properties: {} } } }],
  }
  return { request, texts, calls, results }
}

const fieldsOf = (request: Readonly<Record<string, unknown>>) =>
  new Map(Object.entries(request).map(([name, given]) => [name, fromUnknown(given)] as const))

const bodyOf = ({ members }: Translation, template = "{}") => {
  const merged = BodyMembers.add(template, members)
  assert.isDefined(merged)
  return { value: JSON.parse(merged.body), ...merged }
}

/** Every string in a value, and the value of every member by its name. */
const walk = (inner: unknown, found: { strings: Set<string>; members: Map<string, Array<unknown>> }) => {
  if (typeof inner === "string") found.strings.add(inner)
  else if (typeof inner === "object" && inner !== null)
    for (const [name, member] of Object.entries(inner)) {
      found.members.set(name, [...(found.members.get(name) ?? []), member])
      walk(member, found)
    }
  return found
}

const found = (inner: unknown) => walk(inner, { strings: new Set(), members: new Map() })

const counts: Readonly<Record<string, ReadonlyArray<string>>> = {
  max_tokens: ["max_tokens", "maxTokens", "maxOutputTokens", "num_predict"],
  temperature: ["temperature"],
  top_p: ["top_p", "topP", "p"],
}

const others = Dialects.rows.filter((row) => row !== Dialects.openAi)

describe.each(others)(`$provider (DRAWBAR_SEED=${seed})`, (dialect) => {
  it("receives every word, call and result of 200 conversations with tools", () => {
    for (let i = 0; i < 200; i++) {
      const { request, texts, calls, results } = conversation()
      const translation = Result.getOrThrow(dialect.request(fieldsOf(request)))
      assert.deepStrictEqual(translation.unsupported, [])
      const { value: body, fixed } = bodyOf(translation)
      assert.deepStrictEqual(fixed, [])
      const { strings, members } = found(body)
      const all = [...strings].join("\0")
      for (const one of [...texts, ...results]) assert.include(all, one)
      for (const [name, args] of calls) {
        assert.isTrue(strings.has(name), name)
        const given = ["input", "args", "arguments"].flatMap((member) => members.get(member) ?? [])
        const read = given.map((one): unknown => (typeof one === "string" ? JSON.parse(one) : one))
        assert.deepInclude(read, args)
      }
      for (const [name, places] of Object.entries(counts)) {
        const sent = places.flatMap((place) => members.get(place) ?? [])
        assert.include(sent, request[name])
      }
    }
  })

  it("alternates between two roles, where it has no others", () => {
    for (let i = 0; i < 50; i++) {
      const { value: body } = bodyOf(Result.getOrThrow(dialect.request(fieldsOf(conversation().request))))
      const roles = (body.messages ?? body.contents).map(({ role }: { role: string }) => role)
      if (roles.includes("tool") || roles.includes("system")) continue
      for (const [at, role] of roles.entries()) assert.notStrictEqual(role, roles[at + 1])
      assert.strictEqual(roles[0], "user")
    }
  })

  it("never has a key of the template written again, and what the template says stays", () => {
    for (let i = 0; i < 50; i++) {
      const translation = Result.getOrThrow(dialect.request(fieldsOf(conversation().request)))
      const { value: whole } = bodyOf(translation)
      const names = Object.keys(whole)
      const kept = pick(names as [string, ...Array<string>])
      const template = JSON.stringify({ model: "own", [kept]: "own" })
      const { value: body, body: sent, fixed } = bodyOf(translation, template)
      assert.strictEqual(body.model, "own")
      assert.strictEqual(body[kept], "own")
      assert.strictEqual(sent.split(`"${kept}":"own"`).length, 2)
      assert.isAbove(fixed.length + Number(kept === "stream"), 0)
      assert.deepStrictEqual(Object.keys(body).toSorted(), [...new Set(["model", ...names])].toSorted())
    }
  })

  it("names each field of OpenAI's that it has not", () => {
    const { request } = conversation()
    for (const [field, given] of [
      ["logit_bias", { "1": 2 }],
      ["logprobs", true],
      ["store", true],
      ["prediction", { type: "content", content: "x" }],
      ["audio", { voice: "x" }],
      ["made_up", 1],
    ] as const) {
      const { unsupported } = Result.getOrThrow(dialect.request(fieldsOf({ ...request, [field]: given })))
      assert.deepStrictEqual(
        unsupported.map((one) => one.field),
        [field],
      )
      assert.include(unsupported[0]?.why, dialect.provider)
    }
  })

  it("takes values that ask for what holds anyway", () => {
    const { request } = conversation()
    const neutral = { n: 1, logprobs: false, store: false, tool_choice: "auto", response_format: { type: "text" } }
    const { unsupported } = Result.getOrThrow(dialect.request(fieldsOf({ ...request, ...neutral })))
    assert.deepStrictEqual(unsupported, [])
  })

  it("refuses messages that OpenAI would refuse, with their place", () => {
    for (const [messages, field] of [
      ["hello", "messages"],
      [[], "messages"],
      [[{ role: "narrator", content: "x" }], "messages[0].role"],
      [[{ role: "user", content: 5 }], "messages[0].content"],
      [[{ role: "user", content: [{ type: "video" }] }], "messages[0].content[0].type"],
      [
        [{ role: "user", content: [{ type: "image_url", image_url: { url: "ftp://x" } }] }],
        "messages[0].content[0].image_url.url",
      ],
      [[{ role: "tool", content: "x" }], "messages[0].tool_call_id"],
      [
        [{ role: "assistant", tool_calls: [{ id: "c", type: "function", function: { name: "f", arguments: "{" } }] }],
        "messages[0].tool_calls[0].function.arguments",
      ],
    ] as const) {
      const read = dialect.request(fieldsOf({ messages }))
      assert.isTrue(Result.isFailure(read), JSON.stringify(messages))
      if (Result.isFailure(read)) assert.strictEqual(read.failure.field, field)
    }
  })
})

describe(`OpenAI (DRAWBAR_SEED=${seed})`, () => {
  it("receives 200 conversations with tools as they were sent", () => {
    for (let i = 0; i < 200; i++) {
      const { request } = conversation()
      const translation = Result.getOrThrow(Dialects.openAi.request(fieldsOf(request)))
      assert.deepStrictEqual(translation.unsupported, [])
      assert.deepStrictEqual(bodyOf(translation).value, request)
    }
  })

  it("receives numbers digit by digit", () => {
    const sent = '{"temperature":0.10000000000000000001,"n":1e2}'
    const { members } = Result.getOrThrow(Dialects.openAi.request(new Map([["prediction", json(sent)]])))
    assert.include(BodyMembers.add("{}", members)?.body, sent)
  })

  it("names a field that its API does not document", () => {
    const { unsupported } = Result.getOrThrow(Dialects.openAi.request(fieldsOf({ messages: [], made_up: 1 })))
    assert.deepStrictEqual(
      unsupported.map(({ field }) => field),
      ["made_up"],
    )
  })
})

/** An answer of a provider with these words and calls. */
const written: Readonly<Record<string, (words: string, calls: ReadonlyArray<readonly [string, unknown]>) => unknown>> =
  {
    OpenAI: (words, calls) => ({
      choices: [
        {
          message: {
            content: words,
            tool_calls: calls.map(([name, args], i) => ({
              id: `t${i}`,
              type: "function",
              function: { name, arguments: JSON.stringify(args) },
            })),
          },
          finish_reason: calls.length > 0 ? "tool_calls" : "stop",
        },
      ],
      usage: { prompt_tokens: 3, completion_tokens: 4 },
    }),
    Anthropic: (words, calls) => ({
      content: [
        { type: "text", text: words },
        ...calls.map(([name, input], i) => ({ type: "tool_use", id: `t${i}`, name, input })),
      ],
      stop_reason: calls.length > 0 ? "tool_use" : "end_turn",
      usage: { input_tokens: 3, output_tokens: 4 },
    }),
    "Bedrock Converse": (words, calls) => ({
      output: {
        message: {
          content: [
            { text: words },
            ...calls.map(([name, input], i) => ({ toolUse: { toolUseId: `t${i}`, name, input } })),
          ],
        },
      },
      stopReason: calls.length > 0 ? "tool_use" : "end_turn",
      usage: { inputTokens: 3, outputTokens: 4 },
    }),
    Gemini: (words, calls) => ({
      candidates: [
        {
          content: { parts: [{ text: words }, ...calls.map(([name, args]) => ({ functionCall: { name, args } }))] },
          finishReason: "STOP",
        },
      ],
      usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 4 },
    }),
    Cohere: (words, calls) => ({
      message: {
        content: [{ type: "text", text: words }],
        tool_calls: calls.map(([name, args], i) => ({
          id: `t${i}`,
          function: { name, arguments: JSON.stringify(args) },
        })),
      },
      finish_reason: calls.length > 0 ? "TOOL_CALL" : "COMPLETE",
      usage: { tokens: { input_tokens: 3, output_tokens: 4 } },
    }),
    Ollama: (words, calls) => ({
      message: { content: words, tool_calls: calls.map(([name, args]) => ({ function: { name, arguments: args } })) },
      done_reason: "stop",
      prompt_eval_count: 3,
      eval_count: 4,
    }),
  }

const answerOf = (dialect: Dialect, value: unknown) => {
  const answer = dialect.answer(value, JSON.stringify(value))
  assert.isDefined(answer)
  return answer
}

describe.each(Dialects.rows)(`an answer of $provider (DRAWBAR_SEED=${seed})`, (dialect) => {
  it("keeps its words, its calls in their order, and its counts", () => {
    for (let i = 0; i < 200; i++) {
      const said = text()
      const calls = Array.from({ length: below(4) }, (_, at) => [`f${at}`, { x: value() }] as const)
      const answer = answerOf(dialect, written[dialect.provider]?.(said, calls))
      const [choice, ...more] = answer.choices
      assert.deepStrictEqual(more, [])
      assert.strictEqual(choice?.content, said)
      assert.deepStrictEqual(
        choice?.toolCalls.map((call) => [call.name, JSON.parse(call.arguments)]),
        calls.map(([name, args]) => [name, args]),
      )
      assert.deepInclude(dialect.usage(answer.usage), { prompt: 3, completion: 4 })
    }
  })

  it("is not read where it has another shape", () => {
    for (const other of [{}, [], "x", null, { error: "x" }, { choices: 5 }])
      assert.isUndefined(dialect.answer(other, JSON.stringify(other)))
  })
})
