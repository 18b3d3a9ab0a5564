/**
 * Two hundred patterns that cause catastrophic backtracking in other engines, in every place that accepts patterns:
 * each is rejected or finishes. The longest time of each place is printed; it is not a limit. DRAWBAR_PATTERNS=all
 * tries each pattern on each text.
 */
import process from "node:process"
import * as EgressPolicy from "@drawbar/egress/EgressPolicy"
import * as Guardrails from "@drawbar/connector-runtime/call/Guardrails"
import * as JsonQuery from "@drawbar/connector-runtime/response/JsonQuery"
import * as ProcessorChain from "@drawbar/connector-runtime/chain/ProcessorChain"
import * as TrustedEndpoints from "@drawbar/egress/TrustedEndpoints"
import * as ModelGuardrails from "@drawbar/registry/models/ModelGuardrails"
import * as ModelInterface from "@drawbar/registry/models/ModelInterface"
import { table } from "@drawbar/registry/settings/SettingTable"
import { Effect, Result } from "effect"
import { assert, describe, it } from "vitest"

const atoms = ["a", ".", "\\w", "\\s", "\\d", "[a-z]", "[^b]", "é", "(?:a|b)", "\\p{L}", "(?i)a", "a?"]
const families: ReadonlyArray<(atom: string) => string> = [
  (a) => `(${a}+)+$`,
  (a) => `(${a}*)*c`,
  (a) => `(${a}|${a}${a})+$`,
  (a) => `^(${a}+|b)*c$`,
  (a) => `(.*${a}){12}`,
  (a) => `(${a}?){20}${a}{20}`,
  (a) => `(?:${a}?){500}${a}{500}`,
  (a) => `${a}*${a}*${a}*${a}*${a}*c`,
  (a) => `(${a}{1,30}){1,30}z`,
  (a) => `((${a}+)*)*z`,
  (a) => `[ab]*${a}[ab]{25}$`,
  (a) => `.*.*.*.*${a}!$`,
  (a) => `${a}{1000}{1000}`,
  (a) => `(${a}+)\\1+`,
  (a) => `(?=(${a}+))\\1c`,
  (a) => `(?<!${a}+)c`,
  (a) => `(${a}|b|ab)*?(${a}|b|ab)*?z$`,
]
const patterns = families.flatMap((family) => atoms.map(family))

const size = 100_000
let state = 7
const texts = [
  "a".repeat(size),
  Array.from({ length: size }, () =>
    (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) & 1024 ? "a" : "b",
  ).join(""),
  `${" ".repeat(size)}!`,
  "é1".repeat(size / 2),
]

type Place = (pattern: string, text: string) => Result.Result<unknown, unknown>

const chain =
  (step: object): Place =>
  (pattern, text) =>
    Result.flatMap(
      ProcessorChain.compile(
        JSON.stringify([JSON.parse(JSON.stringify(step).replace('"PATTERN"', () => JSON.stringify(pattern)))]),
      ),
      (made) => made.run(text),
    )
const query =
  (name: string): Place =>
  (pattern, text) =>
    Result.flatMap(JsonQuery.compile(`$[?${name}(@, ${JSON.stringify(pattern)})]`), ({ nodes }) => nodes([text]))
const schema =
  (make: (pattern: string) => object, value: (text: string) => unknown): Place =>
  (pattern, text) =>
    Result.map(ModelInterface.compile(JSON.stringify(make(pattern))), ({ problems }) => problems(value(text)))

const places: Readonly<Record<string, Place>> = {
  "the trusted endpoints": (pattern, text) =>
    Result.map(TrustedEndpoints.make([pattern]), ({ matches }) => matches(new URL(`https://a.example/${text}`))),
  "the setting of the trusted endpoints": (pattern) =>
    table["plugins.ml_commons.trusted_connector_endpoints_regex"].read("x", [pattern]),
  "the restricted addresses": (pattern) => EgressPolicy.make({ restrictedAddresses: [pattern] }),
  "a guardrail": (pattern, text) =>
    Result.map(ModelGuardrails.check({ type: "local_regex", input_guardrail: { regex: [pattern] } }), () =>
      Effect.runSync(Guardrails.forbidding([pattern])({ text, question: text })),
    ),
  "a step that replaces": chain({ type: "regex_replace", pattern: "PATTERN", replacement: "-" }),
  "a step that captures": chain({ type: "regex_capture", pattern: "PATTERN" }),
  "a step with a condition": (pattern, text) => {
    const routes = [{ [`regex:${pattern}`]: [] }]
    return Result.flatMap(ProcessorChain.compile(JSON.stringify([{ type: "conditional", routes }])), (made) =>
      made.run(text),
    )
  },
  "JSONPath's match": query("match"),
  "JSONPath's search": query("search"),
  "an interface's pattern": schema((pattern) => ({ pattern }), String),
  "an interface's patternProperties": schema(
    (pattern) => ({ patternProperties: { [pattern]: { type: "number" } } }),
    (text) => ({ [text]: "x" }),
  ),
  "an interface's propertyNames": schema(
    (pattern) => ({ propertyNames: { pattern } }),
    (text) => ({ [text]: "x" }),
  ),
}

describe(`${patterns.length} patterns`, () => {
  it.each(Object.keys(places))("finish in %s", (name) => {
    let refused = 0
    let worst = { millis: 0, pattern: "" }
    for (const [i, pattern] of patterns.entries())
      for (const text of process.env["DRAWBAR_PATTERNS"] === "all" ? texts : [texts[i % texts.length]!]) {
        const begun = process.cpuUsage()
        if (Result.isFailure(places[name]!(pattern, text))) refused++
        const { user, system } = process.cpuUsage(begun)
        const millis = (user + system) / 1_000
        if (millis > worst.millis) worst = { millis, pattern }
      }
    process.stdout.write(
      `${name}: ${refused} rejected, longest ${worst.millis.toFixed(0)} ms of CPU for ${worst.pattern}\n`,
    )
    // An invalid pattern in a path does not match (RFC 9535, 2.4.6).
    assert.strictEqual(refused > 0, !name.startsWith("JSONPath"))
  })
})
