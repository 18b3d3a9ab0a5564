/** The input of a predict request, read from a file and from flags. */
import * as Json from "@drawbar/json-text/Json"
import * as PredictAlgorithm from "@drawbar/http-api/predictions/PredictAlgorithm"
import { PredictDocument } from "@drawbar/http-api/predictions/PredictionsApi"
import { Effect, Result } from "effect"
import * as Flag from "effect/cli/Flag"
import * as InputFile from "./InputFile.ts"
import { wrongUse } from "./Failure.ts"

export const flags = {
  parameters: Flag.String("parameters").pipe(
    Flag.withAlias("p"),
    Flag.withMetavar("FILE"),
    Flag.withDescription("The body of the predict request, or only its parameters; - for standard input"),
    Flag.optional,
  ),
  param: Flag.String("param").pipe(
    Flag.withMetavar("NAME=TEXT|NAME:=JSON"),
    Flag.withDescription("One parameter; repeatable"),
    Flag.atLeast(0),
  ),
  text: Flag.String("text").pipe(Flag.withDescription("A document to embed; repeatable"), Flag.atLeast(0)),
  query: Flag.String("query").pipe(
    Flag.withDescription("The query to compare the --text documents with"),
    Flag.optional,
  ),
}

interface PredictFlags {
  readonly parameters: { readonly _tag: "None" } | { readonly _tag: "Some"; readonly value: string }
  readonly param: ReadonlyArray<string>
  readonly text: ReadonlyArray<string>
  readonly query: { readonly _tag: "None" } | { readonly _tag: "Some"; readonly value: string }
}

export const read = Effect.fnUntraced(function* ({ parameters, param, text, query }: PredictFlags) {
  const body = parameters._tag === "None" ? {} : asBody(yield* InputFile.read(parameters.value))
  const named = Object.fromEntries(yield* Effect.forEach(param, parameter))
  const whole: Json.JsonObject = {
    ...body,
    ...(param.length === 0
      ? {}
      : { parameters: { ...(Json.isObject(body["parameters"]) ? body["parameters"] : {}), ...named } }),
    ...(text.length === 0 ? {} : { text_docs: text }),
    ...(query._tag === "None" ? {} : { query_text: query.value }),
  }
  const path = parameters._tag === "None" ? "the input" : parameters.value
  return { algorithm: PredictAlgorithm.ofBody(whole), payload: yield* InputFile.as(PredictDocument, whole, path) }
})

const fields = Object.keys(PredictDocument.fields)

const asBody = (document: Json.JsonObject): Json.JsonObject =>
  Object.keys(document).some((name) => fields.includes(name)) ? document : { parameters: document }

const parameter = (text: string) => {
  const [, name, sign, value = ""] = /^([^=:]+)(:?=)(.*)$/s.exec(text) ?? []
  if (name === undefined) return Effect.fail(wrongUse(`--param ${text} must have the form NAME=TEXT or NAME:=JSON`))
  if (sign === "=") return Effect.succeed([name, value] as const)
  return Result.match(Json.parse(value), {
    onSuccess: (json) => Effect.succeed([name, json] as const),
    onFailure: ({ message, column }) =>
      Effect.fail(wrongUse(`--param ${name}: invalid JSON at column ${column}: ${message}`)),
  })
}
