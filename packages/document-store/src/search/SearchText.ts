/**
 * Text as words: what analysed fields are found by.
 *
 * Near OpenSearch's standard analyzer, with a difference that people like: `api.openai.com` is three words, so that `openai` finds it.
 */

/** Longer words are cut, as the standard analyzer does: https://docs.opensearch.org/latest/analyzers/tokenizers/standard/ */
const maxLength = 255

/** Runs of letters, digits and marks in lower case; each Han or Hiragana character is a word. */
export const words = (text: string): ReadonlyArray<string> =>
  (text.match(/[\p{sc=Han}\p{sc=Hiragana}]|(?:(?![\p{sc=Han}\p{sc=Hiragana}])[\p{L}\p{N}\p{M}_])+/gu) ?? []).map(
    (word) => word.toLowerCase().slice(0, maxLength),
  )
