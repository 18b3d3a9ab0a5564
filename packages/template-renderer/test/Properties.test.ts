import { isDeepStrictEqual } from "node:util"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as BodyTemplate from "../src/BodyTemplate.ts"
import * as HeadersTemplate from "../src/HeadersTemplate.ts"
import type * as Program from "../src/internal/Program.ts"
import * as JsonScan from "@drawbar/json-text/JsonScan"
import * as Parameter from "../src/Parameter.ts"
import * as UrlTemplate from "../src/UrlTemplate.ts"
import * as Random from "./Random.ts"
import * as Skeleton from "./Skeleton.ts"

const runs = Number(process.env["DRAWBAR_PROPERTY_RUNS"] ?? 100_000)
const seed = Number(process.env["DRAWBAR_PROPERTY_SEED"] ?? Math.floor(Math.random() * 2 ** 31))
const runtime: ReadonlyMap<string, Parameter.Value> = new Map()

type Render = typeof BodyTemplate.render

/** The failed property of one random rendering; undefined if all hold. */
const failure = (seed: number, render: Render): string | undefined => {
  const { source, meaning, caller } = Skeleton.make(Random.make(seed))
  const template = Result.getOrThrow(BodyTemplate.compile(source, {}))
  const rendered = render(template, { caller, runtime })
  const wanted = meaning(caller)
  const got = Result.isSuccess(rendered) ? Skeleton.meaningOf(rendered.success) : undefined
  if (Result.isSuccess(rendered) && got === undefined)
    return `seed ${seed}: ${source} did not render JSON, ${rendered.success}`
  if (isDeepStrictEqual(got, wanted)) return undefined
  return `seed ${seed}: ${source} filled with ${JSON.stringify([...caller])} rendered ${JSON.stringify(rendered)}`
}

const firstComplaint = (render: Render, runs: number): string | undefined => {
  for (let i = seed; i < seed + runs; i++) {
    try {
      const found = failure(i, render)
      if (found !== undefined) return found
    } catch (error) {
      return `seed ${i}: ${String(error)}`
    }
  }
  return undefined
}

describe(`for random calls (${runs} runs, DRAWBAR_PROPERTY_SEED=${seed})`, () => {
  it("a body differs from its template only at the placeholders, or the call is rejected", () => {
    expect(firstComplaint(BodyTemplate.render, runs)).toBeUndefined()
  })

  it("a string is inserted unchanged", () => {
    const template = Result.getOrThrow(BodyTemplate.compile('{"a":["${parameters.x}"]}', {}))
    const random = Random.make(seed)
    for (let i = 0; i < runs; i++) {
      const points = random.many(8, () =>
        random.pick([
          random.below(0x80),
          random.below(0xd800),
          0xe000 + random.below(0x2000),
          0x10000 + random.below(0x100000),
        ]),
      )
      const sent = String.fromCodePoint(...points) + Skeleton.text(random)
      const body = Result.getOrThrow(
        BodyTemplate.render(template, { caller: new Map([["x", Parameter.text(sent)]]), runtime }),
      )
      expect(JSON.parse(body), `${i}`).toEqual({ a: [sent] })
    }
  })

  it("a URL keeps its origin, its segments and its query keys, and URL leaves it unchanged", () => {
    const template = Result.getOrThrow(
      UrlTemplate.compile("https://${parameters.h}/a/${parameters.x}/b-${parameters.x}?k=${parameters.x}&l=1", {
        h: "h.example",
      }),
    )
    const random = Random.make(seed)
    for (let i = 0; i < runs; i++) {
      const sent = Skeleton.text(random) + random.pick(["", "..", "%2e", "?", "#", "&", "=", "+", "@", "//"])
      const rendered = UrlTemplate.render(template, { caller: new Map([["x", Parameter.text(sent)]]), runtime })
      if (Result.isFailure(rendered)) {
        expect(["", ".", ".."]).toContain(sent)
        continue
      }
      const url = new URL(rendered.success)
      expect(url.href).toBe(rendered.success)
      expect(url.origin).toBe(template.origin)
      expect(url.pathname.split("/").map(decodeURIComponent)).toEqual(["", "a", sent, `b-${sent}`])
      expect([...url.searchParams]).toEqual([
        ["k", sent],
        ["l", "1"],
      ])
    }
  })

  it("headers keep their names, and no value contains a line break", () => {
    const template = Result.getOrThrow(HeadersTemplate.compile({ "x-a": "a${parameters.x}", "x-b": "b" }, {}, []))
    const random = Random.make(seed)
    for (let i = 0; i < runs; i++) {
      const sent = Skeleton.text(random)
      const rendered = HeadersTemplate.render(
        template,
        { caller: new Map([["x", Parameter.text(sent)]]), runtime },
        String,
      )
      const isClean = [...sent].every((c) => /^[\t -~\u0080-\u00ff]$/.test(c))
      expect(Result.getOrElse(rendered, () => undefined)).toEqual(
        isClean ? { "x-a": `a${sent}`, "x-b": "b" } : undefined,
      )
    }
  })

  it("a text is one JSON value exactly if JSON.parse accepts it", () => {
    const random = Random.make(seed)
    const piece = () =>
      random.pick([
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        '"',
        "a",
        "\\",
        "u0061",
        "1",
        "-",
        ".",
        "e5",
        "0",
        "true",
        "null",
        " ",
        "\n",
        "\ufeff",
        "\u00a0",
      ])
    for (let i = 0; i < runs; i++) {
      const text = random.many(6, piece).join("")
      expect(JsonScan.isValue(text), text).toBe(Skeleton.meaningOf(text) !== undefined)
    }
  })
})

/** A renderer with one fault: its steps differ from the compiler's, or its input from the call's. */
const faulty =
  (
    change: (step: Exclude<Program.Step, string>) => Program.Program,
    value = (value: Parameter.Value) => value,
  ): Render =>
  (template, supplied) =>
    BodyTemplate.render(
      { ...template, program: template.program.flatMap((step) => (typeof step === "string" ? [step] : change(step))) },
      { ...supplied, caller: new Map([...supplied.caller].map(([name, sent]) => [name, value(sent)])) },
    )

const verbatim = (text: string) => text
const recode = (caller: (text: string) => string) =>
  faulty((step) => [step._tag === "Text" ? { ...step, encoding: { ...step.encoding, caller } } : step])
const intact = (step: Program.Step): Program.Program => [step]

describe("these properties detect a renderer that", () => {
  it.each<readonly [string, Render]>([
    ["does not escape strings", recode(verbatim)],
    ["escapes quotes only", recode((text) => text.replaceAll('"', '\\"'))],
    ["escapes twice", recode((text) => JSON.stringify(JSON.stringify(text).slice(1, -1)).slice(1, -1))],
    [
      "treats text that looks like JSON as JSON",
      recode((text) => (/^[[{]/.test(text) ? text : JSON.stringify(text).slice(1, -1))),
    ],
    ["trims values", faulty(intact, (value) => (value._tag === "Text" ? Parameter.text(value.text.trim()) : value))],
    [
      "loses digits",
      faulty(intact, (value) => (value._tag === "Json" ? Parameter.fromUnknown(JSON.parse(value.json)) : value)),
    ],
    [
      "inserts values unchecked",
      faulty((step) => [
        step._tag === "Value"
          ? {
              ...step,
              _tag: "Text",
              literal: undefined,
              encoding: { author: verbatim, runtime: verbatim, caller: verbatim },
            }
          : step,
      ]),
    ],
    [
      "keeps the quotes of a null",
      faulty((step) => (step._tag === "Nullable" ? ['"', { ...step.placeholder, otherwise: "null" }, '"'] : [step])),
    ],
    [
      "omits the comma before a fragment",
      faulty((step) => [step._tag === "Fragment" ? { ...step, after: false } : step]),
    ],
    ["omits the comma after a fragment", faulty((step) => (step._tag === "Comma" ? [] : [step]))],
    [
      "allows a fragment to repeat a key",
      faulty((step) => [
        step._tag === "Fragment" && step.scope !== undefined ? { ...step, scope: { keys: new Set() } } : step,
      ]),
    ],
    ["allows a key with placeholders to repeat another", faulty((step) => (step._tag === "KeyEnd" ? [] : [step]))],
  ])("%s", (_, render) => {
    expect(firstComplaint(render, 5_000)).toBeDefined()
  })
})
