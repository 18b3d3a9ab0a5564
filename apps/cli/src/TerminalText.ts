/**
 * Makes untrusted text safe for a terminal. A request or response body can contain escape sequences that move the
 * cursor, rename the window, or inject input. Source:
 * https://www.ecma-international.org/publications-and-standards/standards/ecma-48/
 */

/** Control characters, lone surrogates, line separators and bidirectional controls. Line breaks and tabs are kept. */
const unsafe = /(?![\n\t])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** Replaces each of them with its JSON escape, so that JSON text keeps the same value. */
export const visible = (text: string): string =>
  text.replaceAll("\r\n", "\n").replace(unsafe, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`)

export const isUnsafe = (text: string): boolean => text.search(unsafe) !== -1
