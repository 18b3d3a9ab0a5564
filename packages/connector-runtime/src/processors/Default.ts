/** The plain shapes: a list of texts in, a list of vectors or of scores out. */
import { json, text } from "@drawbar/template-renderer/Parameter"
import { onlyFor, type PreProcessor, runtime } from "./PreProcessor.ts"
import * as Documents from "./Documents.ts"
import * as Embedding from "./Embedding.ts"
import * as Rerank from "./Rerank.ts"

export const needsQuery = "This pre_process_function can only support TextSimilarityInputDataSet"

export const preEmbedding = Documents.list("input")

export const preRerank: PreProcessor = {
  perCall: "all",
  run: onlyFor("TextSimilarity", needsQuery, ({ query_text, text_docs }) =>
    runtime([
      ["query", text(query_text)],
      ["documents", json(JSON.stringify(text_docs))],
      ["top_n", json(String(text_docs.length))],
    ]),
  ),
}

export const postEmbedding = Embedding.vectors("$[*]")

export const postRerank = Rerank.scores("$[*]", "relevance_score")
