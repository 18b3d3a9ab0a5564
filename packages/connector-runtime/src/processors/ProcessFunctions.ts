/** The named process functions and what stands behind each: to add one, add a row here and a name in blueprint-schema. */
import type { PostProcess, PreProcess } from "@drawbar/blueprint-schema/ProcessFunctionName"
import type { PostProcessor } from "./PostProcessor.ts"
import type { PreProcessor } from "./PreProcessor.ts"
import * as Bedrock from "./Bedrock.ts"
import * as Cohere from "./Cohere.ts"
import * as Default from "./Default.ts"
import * as MlCommons from "./MlCommons.ts"
import * as OpenAI from "./OpenAI.ts"

export const preProcessors: Readonly<Record<PreProcess, PreProcessor>> = {
  "connector.pre_process.openai.embedding": OpenAI.preEmbedding,
  "connector.pre_process.default.embedding": Default.preEmbedding,
  "connector.pre_process.cohere.embedding": Cohere.preEmbedding,
  "connector.pre_process.cohere.multimodal_embedding": Cohere.preMultimodal,
  "connector.pre_process.bedrock.embedding": Bedrock.preEmbedding,
  "connector.pre_process.bedrock.multimodal_embedding": Bedrock.preMultimodal,
  "connector.pre_process.bedrock.nova.embedding": Bedrock.preNova,
  "connector.pre_process.bedrock.nova.text_embedding": Bedrock.preNovaText,
  "connector.pre_process.bedrock.nova.image_embedding": Bedrock.preNovaImage,
  "connector.pre_process.bedrock.nova.video_embedding": Bedrock.preNovaVideo,
  "connector.pre_process.bedrock.nova.audio_embedding": Bedrock.preNovaAudio,
  "connector.pre_process.cohere.rerank": Cohere.preRerank,
  "connector.pre_process.default.rerank": Default.preRerank,
  "connector.pre_process.bedrock.rerank": Bedrock.preRerank,
}

export const postProcessors: Readonly<Record<PostProcess, PostProcessor>> = {
  "connector.post_process.openai.embedding": OpenAI.postEmbedding,
  "connector.post_process.cohere.embedding": Cohere.postEmbedding,
  "connector.post_process.cohere_v2.embedding.float": Cohere.postEmbeddingV2("float"),
  "connector.post_process.cohere_v2.embedding.int8": Cohere.postEmbeddingV2("int8"),
  "connector.post_process.cohere_v2.embedding.uint8": Cohere.postEmbeddingV2("uint8"),
  "connector.post_process.cohere_v2.embedding.binary": Cohere.postEmbeddingV2("binary"),
  "connector.post_process.cohere_v2.embedding.ubinary": Cohere.postEmbeddingV2("ubinary"),
  "connector.post_process.default.embedding": Default.postEmbedding,
  "connector.post_process.bedrock.embedding": Bedrock.postEmbedding,
  "connector.post_process.bedrock_v2.embedding.float": Bedrock.postEmbeddingV2("float"),
  "connector.post_process.bedrock_v2.embedding.binary": Bedrock.postEmbeddingV2("binary"),
  "connector.post_process.bedrock.nova.embedding": Bedrock.postNova,
  "connector.post_process.bedrock.batch_job_arn": Bedrock.postBatchJobArn,
  "connector.post_process.cohere.rerank": Cohere.postRerank,
  "connector.post_process.default.rerank": Default.postRerank,
  "connector.post_process.bedrock.rerank": Bedrock.postRerank,
  "connector.post_process.mlcommons.passthrough": MlCommons.passthrough,
}
