/** OpenAI's embeddings: https://platform.openai.com/docs/api-reference/embeddings */
import * as Documents from "./Documents.ts"
import * as Embedding from "./Embedding.ts"

export const preEmbedding = Documents.list("input")

export const postEmbedding = Embedding.vectors("$.data[*].embedding")
