/**
 * What may not be sent to a model, or come back from it. They are handed in, because one of them may ask another model,
 * and the runtime looks up none. Who cannot decide forbids.
 */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import * as Pattern from "@drawbar/linear-regex/Pattern"
import { type Supplied, text, textOf } from "@drawbar/template-renderer/Parameter"
import { Effect, Result } from "effect"
import { ConnectorError, GuardrailTriggered } from "../ConnectorError.ts"
import type { Parameters } from "./PredictInput.ts"
import type { Prediction } from "./Prediction.ts"

export interface Subject {
  /** A request's body, or a platform's answer, as it stands. */
  readonly text: string
  /** What another model is asked about: the caller's `question` where there is one. */
  readonly question: string
}

/** Whether a subject may pass. */
export type Guardrail = (subject: Subject) => Effect.Effect<boolean>

export interface Guardrails {
  readonly input?: Guardrail
  readonly output?: Guardrail
}

/** Those of two models: what passes both. */
export const both = (one: Guardrails, other: Guardrails): Guardrails => {
  const input = joined(one.input, other.input)
  const output = joined(one.output, other.output)
  return { ...(input === undefined ? {} : { input }), ...(output === undefined ? {} : { output }) }
}

const joined = (one: Guardrail | undefined, other: Guardrail | undefined): Guardrail | undefined =>
  one === undefined || other === undefined
    ? (one ?? other)
    : (subject) => Effect.flatMap(one(subject), (passes) => (passes ? other(subject) : Effect.succeed(false)))

/** Before a request is sent. */
export const checkInput = ({ input }: Guardrails, body: string, { caller, runtime }: Supplied) => {
  if (input === undefined) return Effect.void
  const question = caller.get("question") ?? runtime.get("question")
  return check(input, { text: body, question: question === undefined ? body : textOf(question) }, "user input")
}

/** Before an answer is read. */
export const checkOutput = ({ output }: Guardrails, answer: string) =>
  output === undefined ? Effect.void : check(output, { text: answer, question: answer }, "LLM output")

const check = (
  guardrail: Guardrail,
  subject: Subject,
  side: GuardrailTriggered["side"],
): Effect.Effect<void, ConnectorError> =>
  Effect.flatMap(guardrail(subject), (allowed) =>
    allowed ? Effect.void : Effect.fail(ConnectorError.from(new GuardrailTriggered({ side }))),
  )

/** Forbids what one of the patterns matches as a whole; a dot matches line breaks too, so that none hides a word. */
export const forbidding = (patterns: ReadonlyArray<string>): Guardrail => {
  const forbidden = patterns.map((pattern) => Result.getOrThrow(Pattern.compile(pattern, Pattern.DOTALL)))
  return ({ text }) =>
    Effect.sync(() => !spellings(text).some((spelling) => forbidden.some((pattern) => pattern.testExact(spelling))))
}

export interface Judge {
  /** Makes a predict of the model that judges; its failures forbid. */
  readonly ask: (parameters: Parameters) => Effect.Effect<Prediction, unknown>
  /** Where the judgement stands in that model's answer, as a JSONPath. */
  readonly filter: string | undefined
  /** The whole judgement that lets pass, as a pattern. */
  readonly accepting: string
}

const patience = "60 seconds"

export const judgedBy = ({ ask, filter, accepting }: Judge): Guardrail => {
  const accepted = Result.getOrThrow(Pattern.compile(accepting))
  const settings = filter === undefined ? [] : [[Reserved.responseFilter, text(filter)] as const]
  return ({ question }) =>
    ask(new Map([...settings, ["question", text(question)]])).pipe(
      Effect.timeout(patience),
      Effect.map((prediction) => accepted.testExact(judgementIn(prediction))),
      Effect.orElseSucceed(() => false),
    )
}

const judgementIn = ({ inference_results: [first] }: Prediction): string => {
  const answer: { readonly response?: unknown } = JSON.parse(first?.output[0]?.dataAsMap ?? "{}")
  return typeof answer.response === "string" ? answer.response : (JSON.stringify(answer.response) ?? "")
}

// JSON can spell a letter as an escape: then the strings that it means are looked at too.
const spellings = (text: string): ReadonlyArray<string> => {
  if (!text.includes("\\")) return [text]
  const strings: Array<string> = [text]
  const left: Array<unknown> = [Result.getOrUndefined(Result.try((): unknown => JSON.parse(text)))]
  while (left.length > 0) {
    const value = left.pop()
    if (typeof value === "string") strings.push(value)
    else if (typeof value === "object" && value !== null)
      for (const [name, inner] of Object.entries(value)) left.push(name, inner)
  }
  return strings
}
