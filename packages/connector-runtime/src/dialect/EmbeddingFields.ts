/** What the embedding APIs call the fields of OpenAI's: to add one, add a row. */
import type { Member } from "./BodyMembers.ts"

export interface EmbeddingFields {
  readonly dimensions?: Member["path"]
  readonly user?: Member["path"]
}

interface Row extends EmbeddingFields {
  readonly url: RegExp
}

/** The first that fits. */
const rows: ReadonlyArray<Row> = [
  // https://docs.voyageai.com/reference/embeddings-api
  { url: /\/\/api\.voyageai\.com\//, dimensions: ["output_dimension"] },
  // https://jina.ai/embeddings
  { url: /\/\/api\.jina\.ai\//, dimensions: ["dimensions"] },
  // https://platform.openai.com/docs/api-reference/embeddings/create
  { url: /\/embeddings\/?(?:[?#]|$)/, dimensions: ["dimensions"], user: ["user"] },
  // https://docs.cohere.com/reference/embed
  { url: /\/v2\/embed\/?(?:[?#]|$)/, dimensions: ["output_dimension"] },
  // https://github.com/ollama/ollama/blob/main/docs/api.md#generate-embeddings
  { url: /\/api\/embed\/?(?:[?#]|$)/, dimensions: ["dimensions"] },
  // https://ai.google.dev/api/embeddings
  { url: /:embedContent\/?(?:[?#]|$)/, dimensions: ["outputDimensionality"] },
  // https://docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api
  { url: /\/models\/[^/?#]*embedding[^/?#]*:predict\/?(?:[?#]|$)/, dimensions: ["parameters", "outputDimensionality"] },
  // https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html
  { url: /\/model\/[^/?#]*titan-embed-text-v2[^/?#]*\/invoke\/?(?:[?#]|$)/, dimensions: ["dimensions"] },
]

/** Of the API that a URL speaks, where it is known. */
export const find = (url: string): EmbeddingFields | undefined => rows.find((row) => row.url.test(url))
