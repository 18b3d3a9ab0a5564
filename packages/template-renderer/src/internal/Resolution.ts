/**
 * A template's text with the author's parameters and defaults inserted, and the parameter from which each part came;
 * for messages, never for sending.
 */
import type { Placeholder, Source } from "./Source.ts"
import * as Sources from "./Source.ts"

interface Part {
  readonly from: number
  readonly to: number
  readonly parameter: string
}

export interface Resolution {
  readonly text: string
  readonly parts: ReadonlyArray<Part>
}

/** In characters. Longer text is truncated, because parameters that contain each other can be very long. */
const maxLength = 20_000
const maxDepth = 20

/** Replaces a value that only a call provides. */
const unknown = "x"

export const of = (source: Source, author: ReadonlyMap<string, string>): Resolution => {
  const parts: Array<Part> = []
  let text = ""
  const write = (within: Source, depth: number): void => {
    let from = 0
    for (const placeholder of within.placeholders) {
      text += within.flat.slice(from, placeholder.at)
      from = placeholder.at + 1
      if (text.length > maxLength) return
      const start = text.length
      fill(placeholder, depth)
      parts.push({ from: start, to: text.length, parameter: placeholder.name })
    }
    text += within.flat.slice(from)
  }
  const fill = (placeholder: Placeholder, depth: number): void => {
    const own = author.get(placeholder.name) ?? placeholder.default ?? unknown
    if (!Sources.hasPlaceholders(own) || depth >= maxDepth) text += own
    else write(Sources.read(own, { in: `parameters.${placeholder.name}`, shown: false }, true), depth + 1)
  }
  write(source, 0)
  return { text: text.slice(0, maxLength), parts }
}

/** The innermost parameter that contains the character at an offset; undefined for the template's own text. */
export const parameterAt = ({ text, parts }: Resolution, offset: number): string | undefined =>
  parts.find(
    ({ from, to }) => from <= offset && (offset < Math.max(to, from + 1) || (to === offset && to === text.length)),
  )?.parameter
