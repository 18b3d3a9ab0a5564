/** Cohere's embed and rerank: https://docs.cohere.com/reference/embed, https://docs.cohere.com/reference/rerank */
import { json } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import type { PreProcessor } from "./PreProcessor.ts"
import * as Default from "./Default.ts"
import * as Documents from "./Documents.ts"
import * as Embedding from "./Embedding.ts"
import * as Rerank from "./Rerank.ts"

export const preEmbedding = Documents.list("texts")

/** Cohere takes one image a call; the vectors of all images are one result. */
export const preMultimodal: PreProcessor = {
  ...Documents.each(1, ([image]) =>
    image == null ? Result.fail("No image provided") : Result.succeed([["images", json(JSON.stringify([image]))]]),
  ),
  joinsResults: true,
}

export const preRerank = Default.preRerank

export const postEmbedding = Embedding.vectors("$.embeddings")

/** Version 2 answers by type of number; the type is read from the path. */
export const postEmbeddingV2 = (type: "float" | "int8" | "uint8" | "binary" | "ubinary") =>
  Embedding.vectors(`$.embeddings.${type}`)

export const postRerank = Rerank.scores("$.results", "relevance_score")
