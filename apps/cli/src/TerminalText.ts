/**
 * Text of others, as a terminal may have it: a body or an answer can hold sequences that move the cursor, rename the window, or write
 * what the user then sends.
 * Source: https://www.ecma-international.org/publications-and-standards/standards/ecma-48/
 */

/** Control characters, lone surrogates, separators of lines, and what turns the direction of writing; a line break and a tab stay. */
const unsafe = /(?![\n\t])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** The same text with each of them as JSON spells it, so that JSON stays the same value. */
export const visible = (text: string): string =>
  text.replaceAll("\r\n", "\n").replace(unsafe, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`)

export const isUnsafe = (text: string): boolean => text.search(unsafe) !== -1
