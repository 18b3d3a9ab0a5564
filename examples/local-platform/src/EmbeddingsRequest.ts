/** The body of `POST /v1/embeddings`. Source: https://platform.openai.com/docs/api-reference/embeddings/create */
import { ApiError, badRequest } from "./ApiError.ts"
import * as SentenceModel from "./SentenceModel.ts"

export interface EmbeddingsRequest {
  readonly input: ReadonlyArray<string>
  readonly encoding: "float" | "base64"
}

const maxInputs = 2048

/** Parses the text of a body, or throws the `ApiError` that OpenAI would return. */
export const decode = (text: string): EmbeddingsRequest => {
  const body = parse(text)
  if (typeof body !== "object" || body === null || Array.isArray(body))
    throw badRequest("The body must be a JSON object.")
  const { model, input, encoding_format, dimensions }: Record<string, unknown> = { ...body }
  if (model === undefined) throw badRequest("You must provide a model parameter.", "model")
  if (model !== SentenceModel.name)
    throw new ApiError(404, {
      message: `The model does not exist; this server provides '${SentenceModel.name}'.`,
      type: "invalid_request_error",
      param: "model",
      code: "model_not_found",
    })
  if (dimensions !== undefined && dimensions !== SentenceModel.dimensions)
    throw badRequest(`This model supports only ${SentenceModel.dimensions} dimensions.`, "dimensions")
  return { input: decodeInput(input), encoding: decodeEncoding(encoding_format) }
}

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    throw badRequest("We could not parse the JSON body of your request.")
  }
}

const isText = (value: unknown): value is string => typeof value === "string" && value !== ""

const decodeInput = (input: unknown): ReadonlyArray<string> => {
  const texts: ReadonlyArray<unknown> = Array.isArray(input) ? input : [input]
  if (texts.length === 0 || texts.length > maxInputs || !texts.every(isText))
    throw badRequest(`'input' must be a non-empty string or a list of 1 to ${maxInputs} non-empty strings.`, "input")
  return texts
}

const decodeEncoding = (format: unknown): EmbeddingsRequest["encoding"] => {
  if (format === undefined || format === "float") return "float"
  if (format === "base64") return "base64"
  throw badRequest("'encoding_format' must be one of 'float', 'base64'.", "encoding_format")
}
