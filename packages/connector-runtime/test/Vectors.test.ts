/** Each vector and each score is the one of its document, or the answer is refused. */
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import type { PostProcess as PostProcessName } from "@drawbar/blueprint-schema/ProcessFunctionName"
import { Result } from "effect"
import { describe, expect, it } from "vitest"
import * as PostProcess from "../src/processors/PostProcess.ts"
import type { PredictInput } from "../src/call/PredictInput.ts"
import * as PreProcess from "../src/processors/PreProcess.ts"
import * as UpstreamResponse from "../src/response/UpstreamResponse.ts"
import * as SecretMask from "../src/response/SecretMask.ts"

const seed = Number(process.env["SEED"] ?? Date.now() % 1_000_000)

/** https://en.wikipedia.org/wiki/Linear_congruential_generator */
const random = (from: number) => {
  let state = from
  return (below: number) => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return Math.floor((state / 4_294_967_296) * below)
  }
}

interface Item {
  readonly place: number
  readonly numbers: ReadonlyArray<number>
}

/** How a provider writes its results; `indexed` where each says which document it is for. */
interface Form {
  readonly title: string
  readonly pre?: string
  readonly post: `connector.post_process.${string}` & PostProcessName
  readonly parameters?: Connector["parameters"]
  readonly input: "TextDocs" | "TextSimilarity"
  readonly indexed: boolean
  readonly body: (items: ReadonlyArray<Item>) => unknown
  readonly perDocument?: number
}

const float32 = (numbers: ReadonlyArray<number>) => Buffer.from(Float32Array.from(numbers).buffer).toString("base64")
const int8 = (numbers: ReadonlyArray<number>) => Buffer.from(Int8Array.from(numbers).buffer).toString("base64")
const lists = (items: ReadonlyArray<Item>) => items.map(({ numbers }) => numbers)
const scored = (name: string) => (items: ReadonlyArray<Item>) =>
  items.map(({ place, numbers: [score] }) => ({ index: place, [name]: score }))

const embedding = { input: "TextDocs", indexed: false } as const
const cohere = (type: "float" | "int8" | "uint8" | "binary" | "ubinary"): Form => ({
  title: `Cohere's ${type}`,
  post: `connector.post_process.cohere_v2.embedding.${type}`,
  ...embedding,
  body: (items) => ({ embeddings: { [type]: lists(items) } }),
})

const forms: ReadonlyArray<Form> = [
  {
    title: "OpenAI's",
    post: "connector.post_process.openai.embedding",
    input: "TextDocs",
    indexed: true,
    body: (items) => ({ data: items.map(({ place, numbers }) => ({ index: place, embedding: numbers })) }),
  },
  {
    title: "OpenAI's in base64",
    post: "connector.post_process.openai.embedding",
    input: "TextDocs",
    indexed: true,
    body: (items) => ({ data: items.map(({ place, numbers }) => ({ embedding: float32(numbers), index: place })) }),
  },
  {
    title: "OpenAI's without an index",
    post: "connector.post_process.openai.embedding",
    ...embedding,
    body: (items) => ({ data: items.map(({ numbers }) => ({ embedding: numbers })) }),
  },
  {
    title: "Cohere's",
    post: "connector.post_process.cohere.embedding",
    ...embedding,
    body: (items) => ({ embeddings: lists(items) }),
  },
  ...(["float", "int8", "uint8", "binary", "ubinary"] as const).map(cohere),
  {
    title: "Cohere's in base64",
    post: "connector.post_process.cohere_v2.embedding.float",
    parameters: { response_filter: "$.embeddings.base64" },
    ...embedding,
    body: (items) => ({ embeddings: { base64: items.map(({ numbers }) => float32(numbers)) } }),
  },
  {
    title: "int8 in base64",
    post: "connector.post_process.openai.embedding",
    parameters: { response_filter: "$.data[*].int8" },
    input: "TextDocs",
    indexed: true,
    body: (items) => ({ data: items.map(({ place, numbers }) => ({ index: place, int8: int8(numbers) })) }),
  },
  {
    title: "several types of",
    post: "connector.post_process.cohere_v2.embedding.float",
    parameters: { response_filter: "$.embeddings['float','int8'][*]" },
    ...embedding,
    perDocument: 2,
    body: (items) => ({ embeddings: { float: lists(items), int8: lists(items) } }),
  },
  { title: "a nested list's", post: "connector.post_process.default.embedding", ...embedding, body: lists },
  {
    title: "an item's list of one",
    post: "connector.post_process.default.embedding",
    parameters: { response_filter: "$[*].embedding[0]" },
    input: "TextDocs",
    indexed: true,
    body: (items) => items.map(({ place, numbers }) => ({ index: place, embedding: [numbers] })),
  },
  {
    title: "several parts of Nova's",
    pre: "connector.pre_process.bedrock.nova.embedding",
    post: "connector.post_process.bedrock.nova.embedding",
    ...embedding,
    perDocument: 2,
    body: (items) => ({
      embeddings: items.flatMap(({ numbers }) => [
        { embeddingType: "VIDEO", embedding: numbers },
        { embeddingType: "AUDIO", embedding: numbers },
      ]),
    }),
  },
  {
    title: "Titan's",
    pre: "connector.pre_process.bedrock.embedding",
    post: "connector.post_process.bedrock.embedding",
    parameters: { response_filter: "$[*].embedding" },
    ...embedding,
    body: (items) => items.map(({ numbers }) => ({ embedding: numbers })),
  },
  ...(["cohere", "default", "bedrock"] as const).map((provider): Form => {
    const items = scored(provider === "bedrock" ? "relevanceScore" : "relevance_score")
    return {
      title: `${provider}'s scores`,
      pre: `connector.pre_process.${provider}.rerank`,
      post: `connector.post_process.${provider}.rerank`,
      input: "TextSimilarity",
      indexed: true,
      body: (given) => (provider === "default" ? items(given) : { results: items(given) }),
    }
  }),
]

interface Outcome {
  readonly tensors: ReadonlyArray<string>
  readonly failures: ReadonlyArray<string>
}

/** Runs the calls that an input takes; `answer` makes the body of each from the numbers of its documents. */
const outcome = (
  { pre, post, parameters = {}, input }: Form,
  count: number,
  step: number | undefined,
  answer: (items: ReadonlyArray<Item>, call: number) => unknown,
): Outcome => {
  const action = {
    action_type: "PREDICT" as const,
    method: "POST" as const,
    url: "https://api.example.com/",
    post_process_function: post,
    ...(pre === undefined ? {} : { pre_process_function: pre }),
  }
  const author = { ...parameters, ...(step === undefined ? {} : { input_docs_processed_step_size: String(step) }) }
  const connector: Connector = { protocol: "http", parameters: author, actions: [action] }
  const text_docs = Array.from({ length: count }, (_, i) => `document ${i}`)
  const given: PredictInput =
    input === "TextDocs" ? { _tag: "TextDocs", text_docs } : { _tag: "TextSimilarity", query_text: "q", text_docs }
  const calls = Result.getOrThrow(
    PreProcess.run(Result.getOrThrow(PreProcess.compile(connector, action, "/actions/0")), given),
  )
  const stage = Result.getOrThrow(PostProcess.compile(connector, action, "/actions/0"))
  const tensors: Array<string> = []
  const failures: Array<string> = []
  let begun = 0
  for (const [at, call] of calls.entries()) {
    const size = call.documents?.count ?? 0
    const items = Array.from({ length: size }, (_, place) => ({ place, numbers: [begun + place + 1, 3] }))
    begun += size
    const body = new TextEncoder().encode(JSON.stringify(answer(items, at)))
    const read = UpstreamResponse.read({ status: 200, headers: {}, body }, 0, SecretMask.none)
    Result.match(
      Result.flatMap(read, (remote) => PostProcess.run(stage, call, remote)),
      {
        onSuccess: (made) => tensors.push(...made.map(({ data }) => data ?? "")),
        onFailure: ({ reason }) => failures.push(`${reason._tag}: ${reason.message}`),
      },
    )
  }
  expect(begun).toBe(count)
  return { tensors, failures }
}

const shuffled = <A>(items: ReadonlyArray<A>, below: (count: number) => number): ReadonlyArray<A> => {
  const left = [...items]
  return items.flatMap(() => left.splice(below(left.length), 1))
}

const rounds = 40

describe(`vectors against documents (SEED=${seed})`, () => {
  it.each(forms.map((form) => [form.title, form] as const))("%s stay with their documents", (_, form) => {
    const below = random(seed)
    const isRerank = form.input === "TextSimilarity"
    for (let round = 0; round < rounds; round++) {
      const count = 1 + below(7)
      const step = isRerank || below(2) === 0 ? undefined : 1 + below(4)
      const note = `SEED=${seed} round ${round}: ${count} documents, step ${step}`

      const plain = outcome(form, count, step, form.body)
      expect(plain.failures, note).toEqual([])
      expect(plain.tensors.length, note).toBe(count * (form.perDocument ?? 1))
      const firsts = new Set(plain.tensors.map((data) => JSON.parse(data).at(0)))
      expect([...firsts], note).toEqual(Array.from({ length: count }, (_, i) => i + 1))

      if (form.indexed) {
        const mixed = outcome(form, count, step, (items) => form.body(shuffled(items, below)))
        expect(mixed, note).toEqual(plain)
      }

      // Each call drops or doubles one of its documents, as far as it has any to spare.
      for (const change of ["drop", "double"] as const) {
        let refusals = 0
        const changed = outcome(form, count, step, (items) => {
          const at = below(items.length)
          const made = change === "drop" ? items.toSpliced(at, 1) : items.toSpliced(at, 0, items[at] ?? items[0]!)
          refusals++
          return form.body(made)
        })
        expect(changed.failures.length, `${note}, ${change}`).toBe(refusals)
        expect(changed.tensors, `${note}, ${change}`).toEqual([])
        for (const failure of changed.failures) expect(failure, note).toMatch(/^InvalidUpstreamResponse: /)
      }

      // One of two is replaced by the other: the number is right, and one place is taken twice.
      if (form.indexed && count > 1 && step === undefined) {
        const doubled = outcome(form, count, step, (items) =>
          form.body(items.length < 2 ? items : items.with(0, items[1]!)),
        )
        expect(doubled.failures.join(), note).toMatch(/holds? index|has index/)
      }
    }
  })
})

const openai = forms[0]!
const rerank = forms.find(({ post }) => post === "connector.post_process.cohere.rerank")!

describe("an answer with another number of results is refused", () => {
  it.each<[string, Form, number, number | undefined, unknown, string]>([
    [
      "fewer vectors",
      openai,
      3,
      undefined,
      {
        data: [
          { index: 0, embedding: [1] },
          { index: 1, embedding: [2] },
        ],
      },
      "The platform answered with 2 vectors for 3 documents of one call. (at $.data[*].embedding)",
    ],
    [
      "more vectors, in the last chunk",
      openai,
      3,
      2,
      { data: [{ embedding: [1] }, { embedding: [2] }] },
      "The platform answered with 2 vectors for 1 document of one call.",
    ],
    [
      "fewer scores",
      rerank,
      3,
      undefined,
      {
        results: [
          { index: 2, relevance_score: 0.9 },
          { index: 0, relevance_score: 0.1 },
        ],
      },
      "The platform answered with 2 scores for 3 documents of one call. Have it rank all of them: leave top_n out",
    ],
    [
      "an index beyond the documents",
      rerank,
      2,
      undefined,
      {
        results: [
          { index: 2, relevance_score: 0.9 },
          { index: 0, relevance_score: 0.1 },
        ],
      },
      "The index 2 of a score is out of range: the answer has 2 scores.",
    ],
    [
      "an index beside some vectors only",
      openai,
      2,
      undefined,
      { data: [{ index: 0, embedding: [1] }, { embedding: [2] }] },
      "The vector at position 2 of 2 has no index, and others have one.",
    ],
    [
      "one type of vectors cut short",
      forms.find(({ title }) => title === "several types of")!,
      2,
      undefined,
      { embeddings: { float: [[1], [2]], int8: [[1]] } },
      "The platform answered with 1 vector of embeddings.int8 for 2 documents of one call.",
    ],
    [
      "a word in place of a vector",
      openai,
      1,
      undefined,
      { data: [{ embedding: "unavailable" }] },
      "The embedding is a text, but not base64 of FLOAT32 numbers.",
    ],
    [
      "int8 bytes that are read as floats",
      openai,
      1,
      undefined,
      { data: [{ embedding: int8(Array.from({ length: 256 }, (_, i) => ((i * 37) % 255) - 127)) }] },
      "The embedding is a text, but not base64 of FLOAT32 numbers.",
    ],
  ])("%s", (_, form, count, step, body, sentence) => {
    const { failures } = outcome(form, count, step, () => body)
    expect(failures.join("\n")).toContain(`InvalidUpstreamResponse: ${sentence}`)
  })

  it("but a text and its image, made one input by a script, have one vector", () => {
    const script = `return '{"parameters":{"inputText":"' + params.text_docs[0] + '"}}';`
    const form: Form = { ...openai, pre: script, post: "connector.post_process.bedrock.embedding" }
    const { failures, tensors } = outcome(form, 2, 2, () => ({ embedding: [1, 2] }))
    expect(failures).toEqual([])
    expect(tensors).toEqual(["[1,2]"])
  })
})
