/** The input of embeddings. Source: https://platform.openai.com/docs/api-reference/embeddings/create */
import type { Parameters } from "@drawbar/connector-runtime/call/PredictInput"
import { Result } from "effect"
import type { CallBody } from "./CallBody.ts"
import { invalidField, type OpenAiError } from "./OpenAiError.ts"

export interface EmbeddingsBody {
  readonly texts: ReadonlyArray<string>
  readonly format: "float" | "base64"
  /** `dimensions` and `user`. */
  readonly fields: Parameters
}

/** https://platform.openai.com/docs/api-reference/embeddings/create#embeddings-create-input */
const maxInputs = 2_048

const known = new Set(["input", "encoding_format", "dimensions", "user"])

export const read = ({ value, fields }: CallBody): Result.Result<EmbeddingsBody, OpenAiError> => {
  const { input, encoding_format = "float", dimensions } = value
  const unknown = Object.keys(value).find((name) => name !== "model" && !known.has(name) && value[name] !== null)
  if (unknown !== undefined)
    return Result.fail(
      invalidField(unknown, `Embeddings have no field '${unknown}'. Use [model, ${[...known].join(", ")}]`),
    )
  if (encoding_format !== null && encoding_format !== "float" && encoding_format !== "base64")
    return Result.fail(invalidField("encoding_format", "encoding_format must be float or base64"))
  if (dimensions != null && !(typeof dimensions === "number" && Number.isInteger(dimensions) && dimensions > 0))
    return Result.fail(invalidField("dimensions", "dimensions must be a whole number above 0"))
  return Result.map(textsOf(input), (texts) => ({
    texts,
    format: encoding_format ?? "float",
    fields: new Map([...fields].filter(([name]) => name === "dimensions" || name === "user")),
  }))
}

const textsOf = (input: unknown): Result.Result<ReadonlyArray<string>, OpenAiError> => {
  const texts: ReadonlyArray<unknown> = Array.isArray(input) ? input : [input]
  if (texts.some((text) => typeof text === "number" || Array.isArray(text))) return refused(tokens)
  if (texts.length === 0 || !texts.every((text): text is string => typeof text === "string"))
    return refused("input must be a string, or a list of strings that is not empty")
  if (texts.some((text) => text === "")) return refused("input must not hold an empty string")
  return texts.length > maxInputs ? refused(`input may hold at most ${maxInputs} strings`) : Result.succeed(texts)
}

const tokens =
  "input holds token ids, which only the model that made them understands. Send text: in LangChain set check_embedding_ctx_length=False (Python), in LlamaIndex use OpenAILikeEmbedding"

const refused = (message: string) => Result.fail(invalidField("input", message))
