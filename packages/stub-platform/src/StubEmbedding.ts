import { createHash } from "node:crypto"

/** A vector that depends only on the text: `dimensions` numbers from -1 to 1 with two decimals. */
export const of = (text: string, dimensions = 8): ReadonlyArray<number> => {
  const bytes = createHash("shake256", { outputLength: dimensions }).update(text).digest()
  return Array.from(bytes, (byte) => Math.round((byte / 127.5 - 1) * 100) / 100)
}

/** An approximation of token counts: words. */
export const tokens = (texts: ReadonlyArray<string>): number =>
  texts.reduce((count, text) => count + text.split(/\s+/).filter(Boolean).length, 0)

/** One text or several, as upstreams accept them. */
export const texts = (input: unknown): ReadonlyArray<string> => (Array.isArray(input) ? input : [input]).map(String)
