/** Formats a request as the text sent over the wire, or as a curl command. */
import type { RenderedRequest } from "@drawbar/http-api/predictions/PredictionsApi"
import * as TerminalText from "./TerminalText.ts"

type Rendered = typeof RenderedRequest.Type

export const toText = ({ method, url, headers, body }: Rendered): string =>
  [
    `${method} ${url}`,
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    ...(body === undefined ? [] : ["", body]),
  ].join("\n")

/** Without these flags curl reads a file if the body begins with `@`, and expands brackets in a URL. */
export const toCurl = ({ method, url, headers, body }: Rendered): string =>
  [
    `curl ${/[[\]{}]/.test(url) ? "-g " : ""}-X ${method} ${quoted(url)}`,
    ...Object.entries(headers).map(([name, value]) => `-H ${quoted(value === "" ? `${name};` : `${name}: ${value}`)}`),
    ...(body === undefined ? [] : [`--data-raw ${quoted(body)}`]),
  ].join(" \\\n  ")

/**
 * A POSIX shell takes text in single quotes literally. Characters that a terminal would interpret are escaped byte by
 * byte.
 */
const quoted = (text: string): string =>
  TerminalText.isUnsafe(text) ? `$'${[...text].map(spelled).join("")}'` : `'${text.replaceAll("'", `'\\''`)}'`

const spelled = (character: string): string => {
  if (character === "\\" || character === "'") return `\\${character}`
  return TerminalText.isUnsafe(character)
    ? [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("")
    : character
}
