/** The body of a dry run without a model: a blueprint, and a predict's body for it. */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import type { BlueprintError } from "@drawbar/blueprint-schema/BlueprintError"
import * as Decode from "@drawbar/json-text/Decode"
import type { DecodeError } from "@drawbar/json-text/DecodeError"
import * as JsonSource from "@drawbar/json-text/JsonSource"
import type { PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import * as RecordBounds from "@drawbar/registry/records/RecordBounds"
import { Result, Schema } from "effect"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import * as PredictBody from "./PredictBody.ts"
import type { RequestError } from "@drawbar/http-server/http/RequestError"

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

export const read = (text: string): Result.Result<RenderBody, BlueprintError | DecodeError | RequestError> =>
  Result.gen(function* () {
    const value = yield* Endpoint.readObject(text)
    const { blueprint, algorithm, input } = yield* readDocument(value)
    // Cut from the text, as the body of a predict would stand there by itself.
    const [body = "{}"] = input === undefined ? [] : JsonSource.slices({ text, value: null }, [["input"]])
    return {
      blueprint: yield* Result.flatMap(Blueprint.check(blueprint, { inline: true }), (checked) =>
        Result.map(RecordBounds.blueprint(checked), () => checked),
      ),
      input: yield* algorithm === undefined ? PredictBody.readUnnamed(body) : PredictBody.read(algorithm, body),
    }
  })
