/** The tensors of a prediction as embeddings. Source: https://platform.openai.com/docs/api-reference/embeddings/object */
import type { Prediction } from "@drawbar/connector-runtime/call/Prediction"
import type { Tensor } from "@drawbar/connector-runtime/response/Tensor"
import * as TokenUsage from "@drawbar/connector-runtime/response/TokenUsage"
import { Result } from "effect"
import type { EmbeddingsBody } from "./EmbeddingsBody.ts"

/** JSON text; fails with a sentence where the prediction is not one vector a text. */
export const write = (
  { inference_results }: Prediction,
  { texts, format }: EmbeddingsBody,
  model: string,
): Result.Result<string, string> => {
  const tensors = inference_results.flatMap(({ output }) => output)
  const vectors = tensors.flatMap((tensor) => tensor.data ?? [])
  if (vectors.length !== texts.length || vectors.length !== tensors.length)
    return Result.fail(
      `The model returned ${vectors.length} vectors for ${texts.length} inputs. It is not an embedding model, or its connector needs a post_process_function for embeddings`,
    )
  const data: Array<string> = []
  for (const [index, tensor] of tensors.entries()) {
    const embedding = format === "base64" ? base64(tensor) : tensor.data
    if (embedding === undefined)
      return Result.fail(`The vector of input ${index} holds what no 32-bit number can hold. Use encoding_format float`)
    data.push(`{"object":"embedding","index":${index},"embedding":${embedding}}`)
  }
  const usages = inference_results.map(({ usage }) => usage)
  const { input } = usages.some((usage) => usage !== undefined)
    ? TokenUsage.sum(usages)
    : TokenUsage.estimate(
        texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
        0,
      )
  return Result.succeed(
    `{"object":"list","data":[${data.join(",")}],"model":${JSON.stringify(model)},"usage":{"prompt_tokens":${input},"total_tokens":${input}}}`,
  )
}

const isLittleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1

/** The numbers as 32-bit floats, the lowest byte first. */
const base64 = ({ data = "[]" }: Tensor): string | undefined => {
  const numbers: ReadonlyArray<unknown> = JSON.parse(data)
  const floats = new Float32Array(numbers.length)
  for (const [i, number] of numbers.entries()) {
    if (typeof number !== "number") return undefined
    floats[i] = number
  }
  const bytes = Buffer.from(floats.buffer)
  return `"${(isLittleEndian ? bytes : bytes.swap32()).toString("base64")}"`
}
