/** Counts what one stream takes: as its platform says, or estimated where that says nothing or the stream ends before it does. */
import type { StreamFrame, Words } from "./PredictionStream.ts"
import * as TokenUsage from "../response/TokenUsage.ts"

/** Called with what a stream took. */
export type Report = (usage: TokenUsage.TokenUsage) => void

export interface StreamMeter {
  /** The same frames; the last one has the usage, marked where it is an estimate. */
  readonly count: (frames: ReadonlyArray<StreamFrame>) => ReadonlyArray<StreamFrame>
  /** The stream is over; reports once, however often it is called. */
  readonly close: () => void
}

/** `sent` is the body of the request. */
export const make = (sent: string, report: Report): StreamMeter => {
  let outputBytes = 0
  let reported: TokenUsage.TokenUsage | undefined
  let isClosed = false
  const estimate = () => TokenUsage.estimate(Buffer.byteLength(sent), outputBytes)

  const counted = (frame: StreamFrame): StreamFrame => {
    outputBytes += bytesOf(frame) + (frame.choices ?? []).reduce((sum, choice) => sum + bytesOf(choice), 0)
    if (frame.usage !== undefined) reported = TokenUsage.ofStream(frame.usage)
    return frame.isLast && frame.usage === undefined ? { ...frame, usage: TokenUsage.toJsonText(estimate()) } : frame
  }

  return {
    count: (frames) => frames.map(counted),
    close: () => {
      if (isClosed) return
      isClosed = true
      report(reported ?? estimate())
    },
  }
}

const bytesOf = ({ content, reasoning = "", refusal = "", toolCalls = "" }: Words): number =>
  Buffer.byteLength(content) + Buffer.byteLength(reasoning) + Buffer.byteLength(refusal) + Buffer.byteLength(toolCalls)
