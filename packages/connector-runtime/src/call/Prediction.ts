/** What one predict answers: an element for every call that was made of the platform, in the order of the input. */
import * as Tensor from "../response/Tensor.ts"
import type { TokenUsage } from "../response/TokenUsage.ts"

export interface InferenceResult {
  readonly output: ReadonlyArray<Tensor.Tensor>
  /** The platform's HTTP status. */
  readonly status_code: number
  /** The answer in OpenAI's API, JSON text, where the call came in it; `output` is then the provider's own, unfiltered. */
  readonly completion?: string
  /** What the platform says that it took; not part of the answer. */
  readonly usage?: TokenUsage
  /** Of the platform's answer, in characters: `output` may be the part of it that the caller's own filter has taken. */
  readonly length?: number
}

export interface Prediction {
  readonly inference_results: ReadonlyArray<InferenceResult>
}

/** The wire's JSON, in the wire's order of fields; an empty `output` is left out. */
export const toJsonText = ({ inference_results }: Prediction): Tensor.JsonText =>
  `{"inference_results":[${inference_results.map(resultText).join(",")}]}`

const resultText = ({ output, status_code }: InferenceResult): string =>
  output.length === 0
    ? `{"status_code":${status_code}}`
    : `{"output":[${output.map(Tensor.toJsonText).join(",")}],"status_code":${status_code}}`
