/**
 * Splits text into words, by which analysed fields are found.
 *
 * Similar to OpenSearch's standard analyzer, with one intended difference: `api.openai.com` is three words, so that
 * `openai` finds it.
 */

/**
 * Longer words are split, as in the standard analyzer:
 * https://docs.opensearch.org/latest/analyzers/tokenizers/standard/
 */
const maxLength = 255

/** Runs of letters, digits and marks in lower case; each Han or Hiragana character is one word. */
export const words = (text: string): ReadonlyArray<string> =>
  (text.match(/[\p{sc=Han}\p{sc=Hiragana}]|(?:(?![\p{sc=Han}\p{sc=Hiragana}])[\p{L}\p{N}\p{M}_])+/gu) ?? []).map(
    (word) => word.toLowerCase().slice(0, maxLength),
  )

/** Case folding of whole texts as in OpenSearch: ASCII only, like the databases' `LOWER`. */
export const lowerAscii = (text: string) => text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
