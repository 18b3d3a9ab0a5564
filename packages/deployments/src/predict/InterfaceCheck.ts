/** What a model's interface says of its input and its output, held against one call. */
import type { PredictInput, Parameters } from "@drawbar/connector-runtime/call/PredictInput"
import { type Prediction, toJsonText } from "@drawbar/connector-runtime/call/Prediction"
import type { Value } from "@drawbar/template-renderer/Parameter"
import * as ModelInterface from "@drawbar/registry/models/ModelInterface"
import { Result } from "effect"
import { DeploymentError, InputSchemaViolation, OutputSchemaViolation } from "../DeploymentError.ts"

export interface InterfaceCheck {
  readonly input: (input: PredictInput) => Result.Result<void, DeploymentError>
  /** The prediction, where it is what the interface says. */
  readonly output: (prediction: Prediction) => Result.Result<Prediction, DeploymentError>
}

/** How an input is said to the model's provider, where its caller speaks another API. */
type Spoken = (input: PredictInput) => Result.Result<PredictInput, unknown>

/** Compiled once, when a model is deployed; its schemas were checked when it was registered. */
export const make = (texts: ModelInterface.ModelInterface = {}, spoken: Spoken = Result.succeed): InterfaceCheck => {
  const input = compiled(texts.input)
  const output = compiled(texts.output)
  return {
    input: (given) =>
      input === undefined
        ? Result.void
        : verdict(
            // What cannot be said is refused when the call is made.
            input.problems(
              instanceOf(
                Result.getOrElse(spoken(given), () => given),
                input,
              ),
            ),
            InputSchemaViolation,
          ),
    output: (prediction) =>
      output === undefined
        ? Result.succeed(prediction)
        : Result.map(
            verdict(output.problems(JSON.parse(toJsonText(prediction))), OutputSchemaViolation),
            () => prediction,
          ),
  }
}

const compiled = (text: string | undefined) =>
  text === undefined ? undefined : Result.getOrThrow(ModelInterface.compile(text))

const verdict = (problems: ReadonlyArray<string>, Reason: typeof InputSchemaViolation | typeof OutputSchemaViolation) =>
  problems.length === 0 ? Result.void : Result.fail(DeploymentError.from(new Reason({ problems })))

/** An input as the wire has it. */
const instanceOf = (input: PredictInput, schema: ModelInterface.CompiledSchema): unknown => {
  const { _tag, ...fields } = input
  switch (input._tag) {
    case "Parameters":
      return {
        algorithm: "REMOTE",
        parameters: valuesOf(input.parameters, schema),
        action_type: input.action ?? "PREDICT",
      }
    case "TextDocs":
      return { algorithm: "TEXT_EMBEDDING", text_docs: input.text_docs }
    case "TextSimilarity":
      return { algorithm: "TEXT_SIMILARITY", ...fields }
    case "QuestionAnswering":
      return { algorithm: "QUESTION_ANSWERING", ...fields }
  }
}

const valuesOf = (parameters: Parameters, { typesOf }: ModelInterface.CompiledSchema): object =>
  Object.fromEntries([...parameters].map(([name, value]) => [name, typed(value, typesOf(name))]))

// A connector takes a number for a text and a text for a number, so that a schema means what a parameter can be read as.
const typed = (value: Value, types: ReadonlyArray<string>): unknown => {
  const mayBeText = types.length === 0 || types.includes("string")
  if (value._tag === "Json") return types.length === 1 && types[0] === "string" ? value.json : JSON.parse(value.json)
  if (mayBeText) return value.text
  return Result.getOrElse(
    Result.try((): unknown => JSON.parse(value.text)),
    () => value.text,
  )
}
