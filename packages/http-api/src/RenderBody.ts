/** The body of a dry run without a model: a blueprint, and a predict's body for it. */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import type { BlueprintError } from "@drawbar/blueprint-schema/BlueprintError"
import * as Decode from "@drawbar/blueprint-schema/Decode"
import * as JsonSource from "@drawbar/connector-runtime/JsonSource"
import type { PredictInput } from "@drawbar/connector-runtime/PredictInput"
import { Result, Schema } from "effect"
import * as Endpoint from "./Endpoint.ts"
import * as PredictBody from "./PredictBody.ts"
import type { RequestError } from "./RequestError.ts"

export interface RenderBody {
  readonly blueprint: Blueprint.Blueprint
  readonly input: PredictInput
}

const readDocument = Decode.decode(
  Schema.Struct({
    blueprint: Blueprint.Document,
    algorithm: Schema.optionalKey(Schema.String),
    input: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  }),
)

export const read = (text: string): Result.Result<RenderBody, BlueprintError | RequestError> =>
  Result.gen(function* () {
    const value = yield* Endpoint.readObject(text)
    const { blueprint, algorithm, input } = yield* readDocument(value)
    // Cut from the text, as the body of a predict would stand there by itself.
    const [body = "{}"] = input === undefined ? [] : JsonSource.slices({ text, value: null }, [["input"]])
    return {
      blueprint: yield* Blueprint.check(blueprint, { inline: true }),
      input: yield* algorithm === undefined ? PredictBody.readUnnamed(body) : PredictBody.read(algorithm, body),
    }
  })
