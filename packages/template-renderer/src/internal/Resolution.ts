/** A template's text with the author's parameters and defaults in it, and which of them brought which part: for messages, never for sending. */
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

/** In characters: what is longer is cut, because parameters that hold each other can be very long. */
const longest = 20_000
const deepest = 20

/** What stands for a value that only a call knows. */
const unknown = "x"

export const of = (source: Source, author: ReadonlyMap<string, string>): Resolution => {
  const parts: Array<Part> = []
  let text = ""
  const write = (within: Source, depth: number): void => {
    let from = 0
    for (const hole of within.holes) {
      text += within.flat.slice(from, hole.at)
      from = hole.at + 1
      if (text.length > longest) return
      const start = text.length
      fill(hole, depth)
      parts.push({ from: start, to: text.length, parameter: hole.name })
    }
    text += within.flat.slice(from)
  }
  const fill = (hole: Placeholder, depth: number): void => {
    const own = author.get(hole.name) ?? hole.default ?? unknown
    if (!Sources.hasHoles(own) || depth >= deepest) text += own
    else write(Sources.read(own, { in: `parameters.${hole.name}`, shown: false }, true), depth + 1)
  }
  write(source, 0)
  return { text: text.slice(0, longest), parts }
}

/** The parameter that brought the character at an offset, the innermost; nothing where the template itself did. */
export const parameterAt = ({ text, parts }: Resolution, offset: number): string | undefined =>
  parts.find(
    ({ from, to }) => from <= offset && (offset < Math.max(to, from + 1) || (to === offset && to === text.length)),
  )?.parameter
