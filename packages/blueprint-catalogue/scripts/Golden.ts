/**
 * The runtime's results for a blueprint: the request for its sample, and the prediction from the provider's response.
 */
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import * as Decode from "@drawbar/json-text/Decode"
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import * as PostProcess from "@drawbar/connector-runtime/processors/PostProcess"
import type { PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import * as Prediction from "@drawbar/connector-runtime/call/Prediction"
import * as PreProcess from "@drawbar/connector-runtime/processors/PreProcess"
import * as UpstreamResponse from "@drawbar/connector-runtime/response/UpstreamResponse"
import * as SecretMask from "@drawbar/connector-runtime/response/SecretMask"
import * as UpstreamRequest from "@drawbar/connector-runtime/call/UpstreamRequest"
import * as Parameter from "@drawbar/template-renderer/Parameter"
import { Result, Schema } from "effect"

export interface Golden {
  readonly request: unknown
  readonly prediction: unknown
}

/** The documents of a folder that contain the sample and the response. */
interface Example {
  readonly blueprint: unknown
  readonly parameters: unknown
  readonly response: unknown
}

/** Throws the problems of the blueprint. An example contains exactly one upstream call. */
export const of = (example: Example): Golden =>
  Result.getOrThrow(
    Result.gen(function* () {
      const document = yield* Decode.decode(Blueprint.Document)(example.blueprint)
      const { connector, credential } = yield* Blueprint.check(document)
      const compiled = yield* CompiledConnector.compile(connector, Object.keys(credential))
      const action = yield* CompiledConnector.find(compiled, "PREDICT")
      const [call, ...others] = yield* PreProcess.run(action.preProcess, inputOf(example.parameters))
      if (call === undefined || others.length > 0)
        throw new Error("An example must make exactly one call to the provider.")
      const { body, ...request } = yield* UpstreamRequest.render(action, call, () => UpstreamRequest.mask)
      const answer = yield* UpstreamResponse.read(success(example.response), 0, SecretMask.none)
      const output = yield* PostProcess.run(action.postProcess, call, answer)
      const prediction = Prediction.toJsonText({ inference_results: [{ output, status_code: 200 }] })
      return { request: { ...request, body: JSON.parse(body ?? "null") }, prediction: JSON.parse(prediction) }
    }),
  )

const success = (response: unknown) => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body: new TextEncoder().encode(JSON.stringify(response)),
})

const Sample = Schema.Struct({
  parameters: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown)),
  query_text: Schema.optionalKey(Schema.String),
  text_docs: Schema.optionalKey(Schema.Array(Schema.String)),
})
const decodeSample = Schema.decodeUnknownSync(Sample)

const inputOf = (sample: unknown): PredictInput => {
  const { parameters = {}, query_text, text_docs } = decodeSample(sample)
  if (text_docs === undefined) return { _tag: "Parameters", parameters: Parameter.fromRecord(parameters) }
  return query_text === undefined ? { _tag: "TextDocs", text_docs } : { _tag: "TextSimilarity", query_text, text_docs }
}
