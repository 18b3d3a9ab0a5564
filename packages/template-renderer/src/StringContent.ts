/** The text between the quotes of a JSON string (RFC 8259, section 7). */
import * as JsonScan from "@drawbar/json-text/JsonScan"

/** Escapes by JSON's own rules: `"`, `\`, controls and lone surrogates; `/` and `é` stay. */
export const escape = (text: string): string => JSON.stringify(text).slice(1, -1)

/** Whether the text could stand between quotes as it is. */
const isValid = (text: string): boolean => JsonScan.stringEnd(`"${text}"`, 0) === text.length + 2

/** An author's text: as it is where it is valid string content already, else escaped. */
export const author = (text: string): string => (isValid(text) ? text : escape(text))

const dangling = /(?<!\\)(?:\\\\)*\\(?:u[0-9a-fA-F]{0,3})?$/

/** Whether the text ends inside an escape, which would take in what follows. */
export const endsInsideEscape = (text: string): boolean => dangling.test(text)
