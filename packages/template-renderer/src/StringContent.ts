/** The text between the quotes of a JSON string (RFC 8259, section 7). */
import * as JsonScan from "@drawbar/json-text/JsonScan"

/** Escapes by JSON's own rules: `"`, `\`, control characters and lone surrogates; `/` and `é` are kept. */
export const escape = (text: string): string => JSON.stringify(text).slice(1, -1)

/** Whether the text is valid between quotes as it is. */
const isValid = (text: string): boolean => JsonScan.stringEnd(`"${text}"`, 0) === text.length + 2

/** An author's text: unchanged if it is already valid string content, otherwise escaped. */
export const author = (text: string): string => (isValid(text) ? text : escape(text))

const dangling = /(?<!\\)(?:\\\\)*\\(?:u[0-9a-fA-F]{0,3})?$/

/** Whether the text ends inside an escape, which would absorb the following characters. */
export const endsInsideEscape = (text: string): boolean => dangling.test(text)
