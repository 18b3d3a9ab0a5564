/**
 * Embeddings without a model: words and their parts are hashed into the numbers of a vector, so that texts with common
 * words are near each other. https://en.wikipedia.org/wiki/Feature_hashing
 */
import type * as Json from "@drawbar/json-text/Json"
import { words } from "./DemoChat.ts"
import { DemoFault } from "./DemoFault.ts"

export const model = "demo-embeddings"

const defaultDimensions = 256
const maxDimensions = 3_072
const maxTexts = 2_048

/** Of length 1, unless the text has no letter and no digit. */
export const vector = (text: string, dimensions = defaultDimensions): ReadonlyArray<number> => {
  const sums = new Float64Array(dimensions)
  for (const feature of features(text)) {
    const hash = hashOf(feature)
    const at = hash % dimensions
    sums[at] = (sums[at] ?? 0) + (hash & 0x8000_0000 ? -1 : 1) * (feature.length > 3 ? 2 : 1)
  }
  const length = Math.hypot(...sums)
  return Array.from(sums, (sum) => (length === 0 ? 0 : Number((sum / length).toFixed(6))))
}

/** Each word, and its parts of three characters, by which `flower` is near `flowers`. */
const features = function* (text: string): IteratorObject<string, undefined> {
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)) {
    yield ` ${word} `
    const marked = `^${word}$`
    for (let at = 0; at + 3 <= marked.length; at++) yield marked.slice(at, at + 3)
  }
}

/** FNV-1a with a final mix, as an unsigned number of 32 bits. https://datatracker.ietf.org/doc/html/rfc9923 */
const hashOf = (text: string): number => {
  let hash = 0x811c_9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x0100_0193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b)
  return (hash ^ (hash >>> 13)) >>> 0
}

/** The response to a request of OpenAI's embeddings API. */
export const embed = ({ input, model: asked, dimensions, encoding_format }: Json.JsonObject): object => {
  const texts = typeof input === "string" ? [input] : input
  if (
    !Array.isArray(texts) ||
    texts.length === 0 ||
    texts.length > maxTexts ||
    !texts.every((text) => typeof text === "string")
  )
    throw new DemoFault(400, `input must be a text, or a list of 1 to ${maxTexts} texts`, "input")
  const size = dimensions ?? defaultDimensions
  if (typeof size !== "number" || !Number.isInteger(size) || size < 1 || size > maxDimensions)
    throw new DemoFault(400, `dimensions must be a whole number from 1 to ${maxDimensions}`, "dimensions")
  const tokens = texts.reduce((sum, text) => sum + words(text).length, 0)
  return {
    object: "list",
    model: String(asked ?? model),
    data: texts.map((text, index) => {
      const embedding = vector(text, size)
      return {
        object: "embedding",
        index,
        embedding:
          encoding_format === "base64"
            ? Buffer.from(Float32Array.from(embedding).buffer).toString("base64")
            : embedding,
      }
    }),
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}
