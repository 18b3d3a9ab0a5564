/** Cohere's v2 rerank, in front of any reranker. Source: https://docs.cohere.com/reference/rerank */
import type { Prediction } from "@drawbar/connector-runtime/call/Prediction"
import { Result } from "effect"
import type { CallBody } from "./CallBody.ts"
import { invalidField, type OpenAiError } from "./OpenAiError.ts"

export interface RerankBody {
  readonly query: string
  readonly documents: ReadonlyArray<string>
  readonly topN: number
  readonly returnDocuments: boolean
}

const known = ["query", "documents", "top_n", "return_documents"]
const maxDocuments = 10_000

export const read = ({ value }: CallBody): Result.Result<RerankBody, OpenAiError> => {
  const { query, documents, top_n, return_documents } = value
  const unknown = Object.keys(value).find((name) => name !== "model" && !known.includes(name) && value[name] !== null)
  if (unknown !== undefined)
    return refused(unknown, `Rerank has no field '${unknown}' here. Use [model, ${known.join(", ")}]`)
  if (typeof query !== "string" || query === "") return refused("query", "query must be a string that is not empty")
  const given: ReadonlyArray<unknown> = Array.isArray(documents) ? documents : []
  const texts = given.map(textOf)
  if (texts.length === 0 || !texts.every((text): text is string => text !== undefined))
    return refused("documents", "documents must be a list of strings, or of objects with a text, that is not empty")
  if (texts.length > maxDocuments) return refused("documents", `documents may hold at most ${maxDocuments} texts`)
  if (top_n != null && !(typeof top_n === "number" && Number.isInteger(top_n) && top_n > 0))
    return refused("top_n", "top_n must be a whole number above 0")
  return Result.succeed({
    query,
    documents: texts,
    topN: typeof top_n === "number" ? Math.min(top_n, texts.length) : texts.length,
    returnDocuments: return_documents === true,
  })
}

const refused = (param: string, message: string) => Result.fail(invalidField(param, message))

const textOf = (document: unknown): string | undefined => {
  if (typeof document === "string") return document
  const text: unknown =
    typeof document === "object" && document !== null && "text" in document ? document.text : undefined
  return typeof text === "string" ? text : undefined
}

/** Fails with a sentence where the prediction is not one score a document. */
export const answer = (
  { inference_results }: Prediction,
  { documents, topN, returnDocuments }: RerankBody,
  id: string,
): Result.Result<object, string> => {
  const scores = inference_results
    .flatMap(({ output }) => output)
    .flatMap(({ data }): ReadonlyArray<unknown> => (data === undefined ? [] : JSON.parse(data)))
  if (scores.length !== documents.length || !scores.every((score): score is number => typeof score === "number"))
    return Result.fail(
      `The model returned ${scores.length} scores for ${documents.length} documents. It is not a reranker, or its connector needs a post_process_function for rerank`,
    )
  const results = scores
    .map((relevance_score, index) => ({
      index,
      relevance_score,
      ...(returnDocuments ? { document: { text: documents[index] } } : {}),
    }))
    .toSorted((a, b) => b.relevance_score - a.relevance_score || a.index - b.index)
    .slice(0, topN)
  return Result.succeed({ id, results, meta: { api_version: { version: "2" } } })
}
