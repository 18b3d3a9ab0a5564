/** The names of the built-in process functions, and suggestions for an unknown name. */
import * as EditDistance from "./EditDistance.ts"

export const preProcess = [
  "connector.pre_process.cohere.embedding",
  "connector.pre_process.cohere.multimodal_embedding",
  "connector.pre_process.openai.embedding",
  "connector.pre_process.bedrock.embedding",
  "connector.pre_process.bedrock.multimodal_embedding",
  "connector.pre_process.bedrock.nova.embedding",
  "connector.pre_process.bedrock.nova.text_embedding",
  "connector.pre_process.bedrock.nova.image_embedding",
  "connector.pre_process.bedrock.nova.video_embedding",
  "connector.pre_process.bedrock.nova.audio_embedding",
  "connector.pre_process.default.embedding",
  "connector.pre_process.cohere.rerank",
  "connector.pre_process.bedrock.rerank",
  "connector.pre_process.default.rerank",
] as const
export type PreProcess = (typeof preProcess)[number]

export const postProcess = [
  "connector.post_process.openai.embedding",
  "connector.post_process.cohere.embedding",
  "connector.post_process.cohere_v2.embedding.float",
  "connector.post_process.cohere_v2.embedding.int8",
  "connector.post_process.cohere_v2.embedding.uint8",
  "connector.post_process.cohere_v2.embedding.binary",
  "connector.post_process.cohere_v2.embedding.ubinary",
  "connector.post_process.bedrock.embedding",
  "connector.post_process.bedrock_v2.embedding.float",
  "connector.post_process.bedrock_v2.embedding.binary",
  "connector.post_process.bedrock.nova.embedding",
  "connector.post_process.bedrock.batch_job_arn",
  "connector.post_process.default.embedding",
  "connector.post_process.cohere.rerank",
  "connector.post_process.bedrock.rerank",
  "connector.post_process.default.rerank",
  "connector.post_process.mlcommons.passthrough",
] as const
export type PostProcess = (typeof postProcess)[number]

export const isPreProcess = (name: string): name is PreProcess => preProcess.some((known) => known === name)
export const isPostProcess = (name: string): name is PostProcess => postProcess.some((known) => known === name)

/** Whether a text is the name of a function rather than a script. */
export const isName = (text: string): boolean => /^\s*[\w.]*(connector|pre_process|post_process)\.[\w.]+\s*$/.test(text)

/** The message for an unknown name. */
export const unknown = (name: string, known: ReadonlyArray<string>): string =>
  `unknown process function ${shown(name)}. Nearest: ${nearest(name, known).join(", ")}?`

/**
 * A limit for unknown names, because each of their characters is compared with all known names. No known name is
 * longer.
 */
const shown = (name: string): string => name.trim().slice(0, 100)

/** The known names nearest to an unknown one, nearest first, by edit distance. */
export const nearest = (name: string, known: ReadonlyArray<string>, count = 3): ReadonlyArray<string> =>
  known
    .map((candidate) => ({ candidate, distance: EditDistance.of(shown(name), candidate) }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ candidate }) => candidate)
