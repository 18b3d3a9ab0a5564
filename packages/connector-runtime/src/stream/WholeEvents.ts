/**
 * Passes the events of a stream on as they come, with secrets masked. What such an event has in `delta` goes on in the next one of the
 * same item, so that a secret may be cut in two there; an end of it that could be a beginning is held, and goes out in an event of its own.
 */
import type { Flow, SecretMask } from "../response/SecretMask.ts"
import type { StreamFrame } from "./PredictionStream.ts"
import { at } from "./StreamPiece.ts"
import { Unframed } from "./UpstreamEvent.ts"

export interface WholeEvents {
  /** JSON text of an event. */
  readonly take: (event: string) => ReadonlyArray<StreamFrame>
  /** What still waits, as `show` has it. */
  readonly rest: (show?: (held: string) => string) => ReadonlyArray<StreamFrame>
}

interface Part {
  readonly flow: Flow
  /** The last event of the part. */
  event: object
}

/** In parts that are written at once. */
const maxParts = 1_024

/** The members that tell which part an event goes on with. */
const places = ["type", "item_id", "output_index", "content_index", "summary_index"]

export const masked = (mask: SecretMask): WholeEvents => {
  const parts = new Map<string, Part>()

  const rest: WholeEvents["rest"] = (show = (held) => held) => {
    const held = [...parts.values()].flatMap(({ flow, event }) => {
      const text = flow.rest()
      return text === "" ? [] : [frameOf({ ...event, delta: show(text) })]
    })
    parts.clear()
    return held
  }

  return {
    rest,
    take: (text) => {
      const event: unknown = JSON.parse(text)
      const delta = at(event, "delta")
      if (typeof event !== "object" || event === null || typeof delta !== "string")
        return [...rest(), { content: "", isLast: false, event: mask.apply(text) }]
      const key = JSON.stringify(places.map((place) => at(event, place)))
      const part = parts.get(key) ?? { flow: mask.flow(), event }
      if (parts.size >= maxParts && !parts.has(key)) throw new Unframed(`has more than ${maxParts} parts at once`)
      part.event = event
      parts.set(key, part)
      const shown = part.flow.take(delta)
      return shown === "" && delta !== "" ? [] : [frameOf({ ...event, delta: shown })]
    },
  }
}

const frameOf = (event: object): StreamFrame => ({ content: "", isLast: false, event: JSON.stringify(event) })
