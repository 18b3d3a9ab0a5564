/** A pre-process function that the connector's author wrote in Painless: typed input as `params`, the text `{"parameters": {…}}` as its answer. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { Json } from "@drawbar/painless/ScriptData"
import * as Script from "@drawbar/painless/Script"
import { type Author, textOf, type Value } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import * as JsonSource from "@drawbar/json-text/JsonSource"
import { type Parameters, parametersAt } from "../call/PredictInput.ts"
import type { PreProcessor, TypedInput } from "./PreProcessor.ts"
import * as ScriptParameters from "./ScriptParameters.ts"
import * as ScriptWorld from "./ScriptWorld.ts"
import { isMap, member } from "../response/TensorText.ts"

/** Compiles a script; fails with the compiler's own sentence, which names line and column. */
export const compile = (source: string, author: Author): Result.Result<PreProcessor, string> =>
  Result.mapBoth(Script.compile(source, { returns: "String" }), {
    onSuccess: (script) => processorOf(script, author),
    onFailure: ({ message }) => message,
  })

const processorOf = (script: Script.Script, author: Author): PreProcessor => {
  const shown = isOn(author, "convert_input_to_json_string") ? inTexts : (bindings: Bindings) => bindings
  const asObjects = isOn(author, "convert_remote_inference_param_to_object")
  const run = (bindings: Bindings, given: Parameters | undefined, world: ScriptWorld.ScriptWorld | undefined) =>
    call(script, shown(bindings), ScriptParameters.of(script, author, given === undefined ? [] : [given]), world)
  const onTypedInput: PreProcessor = {
    perCall: 1,
    isScript: true,
    run: (input, world) => run(ofInput(input), input._tag === "TextDocs" ? input.parameters : undefined, world),
  }
  return isOn(author, "process_remote_inference_input")
    ? { ...onTypedInput, rewrite: (given, world) => run(ofParameters(given, asObjects), given, world) }
    : onTypedInput
}

const isOn = (author: Author, flag: string): boolean =>
  author[Reserved.scriptSwitch(flag)]?.trim().toLowerCase() === "true"

interface Bindings {
  /** JSON texts by name. */
  readonly params: ReadonlyArray<readonly [name: string, json: string]>
  readonly escaped: ReadonlySet<string>
}

// Every text comes escaped, because scripts put it between quotes as it is.
const ofInput = (input: TypedInput): Bindings => {
  const escaped = new Set<string>()
  const text = (value: string | null) => (value === null ? "null" : JSON.stringify(escape(value, escaped)))
  const texts = (values: ReadonlyArray<string | null>) => `[${values.map(text).join(",")}]`
  return { params: paramsOf(input, text, texts), escaped }
}

const paramsOf = (
  input: TypedInput,
  text: (value: string) => string,
  texts: (values: ReadonlyArray<string | null>) => string,
): Bindings["params"] => {
  switch (input._tag) {
    case "TextDocs":
      return [
        ["algorithm", '"TEXT_EMBEDDING"'],
        ["text_docs", texts(input.text_docs)],
        ...(input.parameters === undefined ? [] : [["parameters", objectOf(input.parameters)] as const]),
      ]
    case "TextSimilarity":
      return [
        ["algorithm", '"REMOTE"'],
        ["query_text", text(input.query_text)],
        ["text_docs", texts(input.text_docs)],
      ]
    case "QuestionAnswering":
      return [
        ["algorithm", '"REMOTE"'],
        ["question", text(input.question)],
        ["context", text(input.context)],
      ]
  }
}

// A value that was sent as JSON stands in a script as its text, or as itself where the connector asks for that.
const ofParameters = (given: Parameters, asObjects: boolean): Bindings => {
  const escaped = new Set<string>()
  const jsonOf = (value: Value) => {
    if (asObjects && isContainer(textOf(value))) return textOf(value)
    return JSON.stringify(value._tag === "Json" ? value.json : escape(value.text, escaped))
  }
  return { params: [...given].map(([name, value]) => [name, jsonOf(value)]), escaped }
}

const escape = (text: string, escaped: Set<string>): string => {
  const fit = JSON.stringify(text).slice(1, -1)
  escaped.add(fit)
  return fit
}

const isContainer = (text: string): boolean => /^\s*[[{]/.test(text) && Result.isSuccess(JsonSource.parse(text))

const objectOf = (parameters: Parameters): string =>
  JSON.stringify(Object.fromEntries([...parameters].map(([name, value]) => [name, textOf(value)])))

const inTexts = ({ params, escaped }: Bindings): Bindings => ({
  params: params.map(([name, json]) => [name, json.startsWith('"') ? json : JSON.stringify(json)]),
  escaped,
})

const call = (
  script: Script.Script,
  { params, escaped }: Bindings,
  parameters: ReadonlyMap<string, string>,
  world: ScriptWorld.ScriptWorld = ScriptWorld.fixed(),
): Result.Result<Parameters, string> => {
  const text = `{${params.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(",")}}`
  return Result.match(Script.runJson(script, text, { numbers: "double", escaped, parameters, world }), {
    onSuccess: parametersOf,
    onFailure: ({ message }) => Result.fail(`pre_process_function failed at ${message}`),
  })
}

const parametersOf = (answer: Json): Result.Result<Parameters, string> => {
  if (answer === null) return Result.fail("Preprocess function output is null")
  const source = JsonSource.parse(typeof answer === "string" ? answer : "")
  if (Result.isFailure(source) || !isMap(source.success.value))
    return Result.fail('pre_process_function must return the JSON text of {"parameters": {…}}')
  const parameters = member({ location: [], value: source.success.value }, "parameters").value
  return Result.succeed(isMap(parameters) ? parametersAt(source.success, ["parameters"], parameters) : new Map())
}
