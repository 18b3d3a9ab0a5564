import { preProcessors, postProcessors } from "../src/processors/ProcessFunctions.ts"
import * as JsonSource from "@drawbar/json-text/JsonSource"
import * as ResponseFilter from "../src/response/ResponseFilter.ts"
import * as Tensor from "../src/response/Tensor.ts"
import type { TypedInput } from "../src/processors/PreProcessor.ts"
import type { PostProcess, PreProcess } from "@drawbar/blueprint-schema/ProcessFunctionName"
import { textOf } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import { describe, expect, it } from "vitest"

const docs = (...text_docs: Array<string | null>): TypedInput => ({ _tag: "TextDocs", text_docs })
const pair = (query_text: string, ...text_docs: Array<string>): TypedInput => ({
  _tag: "TextSimilarity",
  query_text,
  text_docs,
})

const before = (name: PreProcess, input: TypedInput) =>
  Result.match(preProcessors[`connector.pre_process.${short(name)}` as PreProcess].run(input), {
    onFailure: (sentence) => sentence,
    onSuccess: (parameters) => Object.fromEntries([...parameters].map(([key, value]) => [key, textOf(value)])),
  })
const short = (name: string) => name.replace("connector.pre_process.", "")

const after = (name: string, body: string) => {
  const processor = postProcessors[`connector.post_process.${name}` as PostProcess]
  const source = Result.getOrThrow(JsonSource.parse(body))
  const filter = Result.getOrThrow(ResponseFilter.compile(processor.path))
  return Result.match(Result.flatMap(ResponseFilter.select(filter, source), processor.run), {
    onFailure: (sentence) => sentence,
    onSuccess: (tensors) => tensors.map(Tensor.toJsonText),
  })
}

describe("pre-process functions", () => {
  it.each([
    ["openai.embedding", docs("a", "b"), { input: '["a","b"]' }],
    ["default.embedding", docs("a"), { input: '["a"]' }],
    ["cohere.embedding", docs("a", null), { texts: '["a",null]' }],
    ["cohere.multimodal_embedding", docs("data:x"), { images: '["data:x"]' }],
    ["cohere.multimodal_embedding", docs(null), "No image provided"],
    ["bedrock.embedding", docs('say "hi"'), { inputText: 'say "hi"' }],
    ["bedrock.embedding", docs(null), "No input text provided"],
    ["bedrock.multimodal_embedding", docs("words", "b64"), { inputText: "words", inputImage: "b64" }],
    ["bedrock.multimodal_embedding", docs(null, "b64"), { inputImage: "b64" }],
    ["bedrock.multimodal_embedding", docs(null), "No input text or image provided"],
    ["bedrock.nova.text_embedding", docs("a"), { inputText: "a" }],
    ["bedrock.nova.image_embedding", docs("b64"), { inputImage: "b64" }],
    ["bedrock.nova.video_embedding", docs(null), "No input video provided"],
    ["bedrock.nova.audio_embedding", docs("b64"), { inputAudio: "b64" }],
    ["bedrock.nova.embedding", docs("plain"), { text: "plain" }],
    ["bedrock.nova.embedding", docs('{"image":"b64"}'), { image: "b64" }],
    ["bedrock.nova.embedding", docs('{"image":"b64","text":"x"}'), { text: '{"image":"b64","text":"x"}' }],
    ["bedrock.nova.embedding", docs("{not json"), { text: "{not json" }],
    ["cohere.rerank", pair("q", "a", "b"), { query: "q", documents: '["a","b"]', top_n: "2" }],
    ["default.rerank", pair("q", "a"), { query: "q", documents: '["a"]', top_n: "1" }],
    [
      "bedrock.rerank",
      pair("q", "a"),
      {
        queries: '[{"textQuery":{"text":"q"},"type":"TEXT"}]',
        sources: '[{"inlineDocumentSource":{"textDocument":{"text":"a"},"type":"TEXT"},"type":"INLINE"}]',
        numberOfResults: "1",
      },
    ],
    ["cohere.rerank", docs("a"), "This pre_process_function can only support TextSimilarityInputDataSet"],
    [
      "openai.embedding",
      pair("q", "a"),
      "This pre_process_function can only support TextDocsInputDataSet which including a list of string with key 'text_docs'",
    ],
  ] as const)("%s makes parameters of %o", (name, input, expected) => {
    expect(before(name as PreProcess, input)).toEqual(expected)
  })
})

const embedding = (data: string, length: number, type = "FLOAT32") =>
  `{"name":"sentence_embedding","data_type":"${type}","shape":[${length}],"data":${data}}`
const similarity = (score: string) => `{"name":"similarity","data_type":"FLOAT32","shape":[1],"data":[${score}]}`

describe("post-process functions", () => {
  it.each([
    [
      "openai.embedding",
      '{"data":[{"embedding":[0.10,2]},{"embedding":[3,4]}]}',
      [embedding("[0.10,2]", 2), embedding("[3,4]", 2)],
    ],
    ["cohere.embedding", '{"embeddings":[[1,2],[3,4]]}', [embedding("[1,2]", 2), embedding("[3,4]", 2)]],
    ["cohere_v2.embedding.float", '{"embeddings":{"float":[[1e-9]]}}', [embedding("[1e-9]", 1)]],
    ["cohere_v2.embedding.int8", '{"embeddings":{"int8":[[-128,127]]}}', [embedding("[-128,127]", 2, "INT8")]],
    ["cohere_v2.embedding.uint8", '{"embeddings":{"uint8":[[255]]}}', [embedding("[255]", 1, "UINT8")]],
    ["cohere_v2.embedding.binary", '{"embeddings":{"binary":[[-1]]}}', [embedding("[-1]", 1, "BINARY")]],
    ["cohere_v2.embedding.ubinary", '{"embeddings":{"ubinary":[[1]]}}', [embedding("[1]", 1, "UBINARY")]],
    ["default.embedding", "[[1,2],[3,4]]", [embedding("[1,2]", 2), embedding("[3,4]", 2)]],
    ["bedrock.embedding", '{"embedding":[1,2],"inputTextTokenCount":3}', [embedding("[1,2]", 2)]],
    ["bedrock_v2.embedding.float", '{"embeddingsByType":{"float":[1]}}', [embedding("[1]", 1)]],
    ["bedrock_v2.embedding.binary", '{"embeddingsByType":{"binary":[1]}}', [embedding("[1]", 1, "BINARY")]],
    ["bedrock.nova.embedding", '{"embeddings":[{"embeddingType":"TEXT","embedding":[1,2]}]}', [embedding("[1,2]", 2)]],
    [
      "cohere.rerank",
      '{"results":[{"index":1,"relevance_score":0.90},{"index":0,"relevance_score":1}]}',
      [similarity("1"), similarity("0.90")],
    ],
    ["default.rerank", '[{"index":0,"relevance_score":0.5}]', [similarity("0.5")]],
    [
      "bedrock.rerank",
      '{"results":[{"index":0,"relevanceScore":0.123456789012345678901}]}',
      [similarity("0.123456789012345678901")],
    ],
    [
      "bedrock.batch_job_arn",
      '{"jobArn":"arn:aws:bedrock:r:1:model-invocation-job/abc"}',
      [
        '{"name":"response","dataAsMap":{"jobArn":"arn:aws:bedrock:r:1:model-invocation-job/abc","processedJobArn":"arn:aws:bedrock:r:1:model-invocation-job%2Fabc"}}',
      ],
    ],
    [
      "mlcommons.passthrough",
      '{"inference_results":[{"output":[{"name":"sentence_embedding","data_type":"FLOAT32","shape":[2],"data":[0.10,2]}],"status_code":200}]}',
      [embedding("[0.10,2]", 2)],
    ],
    ["mlcommons.passthrough", '{"a":9007199254740993}', ['{"name":"response","dataAsMap":{"a":9007199254740993}}']],
    ["openai.embedding", '{"error":"x"}', "The embedding should be a non-empty List containing List of Float values."],
    ["cohere.embedding", '{"message":"x"}', "Post process function input is not a List."],
    [
      "cohere.embedding",
      '{"embeddings":[["a"]]}',
      "The embedding should be a non-empty List containing List of Float values.",
    ],
    ["bedrock.embedding", "{}", "Can't run post process function as model output is null"],
    ["bedrock.embedding", '{"embedding":[]}', "The embedding should be a non-empty List containing Float values."],
    ["cohere.rerank", '{"results":{"a":1}}', "Post process function input is not a List of Map."],
    ["cohere.rerank", '{"results":[{"index":0}]}', "The rerank result should contain index and relevance_score."],
    [
      "cohere.rerank",
      '{"results":[{"index":0,"relevance_score":1},{"index":0,"relevance_score":2}]}',
      "The rerank result holds index 0 twice.",
    ],
    ["bedrock.batch_job_arn", "{}", "job arn is missing."],
    ["bedrock.batch_job_arn", "[]", "Post process function input is not a Map."],
    ["mlcommons.passthrough", "5", "Post process function input must be a Map or List"],
  ])("%s makes tensors of %s", (name, body, expected) => {
    expect(after(name, body)).toEqual(expected)
  })
})

describe("a slice of an answer", () => {
  it.each([
    ['{"a":[1,{"b":"x\\"]}"}],"c":2}', ["a", 1, "b"], '"x\\"]}"'],
    [' [ 1.50 , [ ] , {"k" : -0.0 } ] ', [0], "1.50"],
    [' [ 1.50 , [ ] , {"k" : -0.0 } ] ', [1], "[ ]"],
    [' [ 1.50 , [ ] , {"k" : -0.0 } ] ', [2, "k"], "-0.0"],
    ['{"\\u0061":1,"a":2}', ["a"], "2"],
    ['"\\\\"', [], '"\\\\"'],
    ["12345678901234567890", [], "12345678901234567890"],
  ])("of %s at %o is its own text", (text, location, expected) => {
    expect(JsonSource.slices({ text, value: null }, [location])).toEqual([expected])
  })
})
