/** Amazon Bedrock's Titan, Nova, rerank and batch jobs: https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html */
import { json, text, type Value } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import { slices } from "@drawbar/json-text/JsonSource"
import type { PostProcessor } from "./PostProcessor.ts"
import { onlyFor, type PreProcessor, runtime } from "./PreProcessor.ts"
import { response } from "../response/Tensor.ts"
import { needsQuery } from "./Default.ts"
import * as Documents from "./Documents.ts"
import * as Embedding from "./Embedding.ts"
import * as Rerank from "./Rerank.ts"

export const preEmbedding = Documents.single("inputText", "No input text provided")

/** A text and its image make one call; either may be null, not both. */
export const preMultimodal: PreProcessor = {
  ...Documents.each(2, ([words, image]) => {
    const given: Array<readonly [string, Value]> = []
    if (words != null) given.push(["inputText", text(words)])
    if (image != null) given.push(["inputImage", text(image)])
    return given.length === 0 ? Result.fail("No input text or image provided") : Result.succeed(given)
  }),
  isOneInput: true,
}

export const preNovaText = preEmbedding
export const preNovaImage = Documents.single("inputImage", "No input image provided")
export const preNovaVideo = Documents.single("inputVideo", "No input video provided")
export const preNovaAudio = Documents.single("inputAudio", "No input audio provided")

/** A document is a text, or `{"image": …}` and the like, which says what it is. */
export const preNova = Documents.each(1, ([document]) =>
  document == null ? Result.fail("No input provided") : Result.succeed([medium(document)]),
)

const media = new Set(["text", "image", "video", "audio"])

const medium = (document: string): readonly [string, Value] => {
  const [only, ...others] = document.trimStart().startsWith("{") ? membersOf(document) : []
  return only !== undefined && others.length === 0 && media.has(only[0]) && typeof only[1] === "string"
    ? [only[0], text(only[1])]
    : ["text", text(document)]
}

const membersOf = (document: string): ReadonlyArray<[string, unknown]> => {
  try {
    return Object.entries(JSON.parse(document))
  } catch {
    // A text that only begins like JSON is a text.
    return []
  }
}

export const preRerank: PreProcessor = {
  perCall: "all",
  run: onlyFor("TextSimilarity", needsQuery, ({ query_text, text_docs }) =>
    runtime([
      ["queries", json(JSON.stringify([{ textQuery: { text: query_text }, type: "TEXT" }]))],
      ["sources", json(JSON.stringify(text_docs.map(source)))],
      ["numberOfResults", json(String(text_docs.length))],
    ]),
  ),
}

const source = (document: string | null) => ({
  inlineDocumentSource: { textDocument: { text: document }, type: "TEXT" },
  type: "INLINE",
})

export const postEmbedding = Embedding.one("$.embedding")

/** Titan's second version answers by type of number. */
export const postEmbeddingV2 = (type: "float" | "binary") => Embedding.one(`$.embeddingsByType.${type}`)

export const postNova = Embedding.vectors("$.embeddings[*].embedding")

export const postRerank = Rerank.scores("$.results", "relevanceScore")

/** The job's ARN with its slashes encoded, as the paths of the status and stop calls need it. */
export const postBatchJobArn: PostProcessor = {
  path: "$",
  run: ({ source, nodes: [node] }) => {
    if (node === undefined || typeof node.value !== "object" || node.value === null || Array.isArray(node.value))
      return Result.fail("Post process function input is not a Map.")
    const arn = "jobArn" in node.value ? node.value.jobArn : undefined
    if (typeof arn !== "string") return Result.fail("job arn is missing.")
    const [text = "{}"] = slices(source, [node.location])
    return Result.succeed([
      response(`${text.slice(0, -1)},"processedJobArn":${JSON.stringify(arn.replaceAll("/", "%2F"))}}`),
    ])
  },
}
