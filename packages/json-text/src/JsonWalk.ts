/** Steps over the strings of a JSON text without checking them: a parser does that, before or after. */

/** The index after the string that opens at `open`; the length of the text if the string is not closed. */
export const afterString = (text: string, open: number): number => {
  for (let quote = text.indexOf('"', open + 1); quote !== -1; quote = text.indexOf('"', quote + 1)) {
    let backslashes = 0
    while (text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes++
    if (backslashes % 2 === 0) return quote + 1
  }
  return text.length
}
