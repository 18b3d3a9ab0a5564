/** A platform's stream read to its end: frames as they come, and the last one only where the platform said that it was all. */
import { Result } from "effect"
import { ConnectorError, InvalidUpstreamResponse, UpstreamError } from "../ConnectorError.ts"
import { EgressError } from "@drawbar/egress/EgressError"
import * as JsonSource from "@drawbar/json-text/JsonSource"
import { ofEgress } from "../call/LiveConnector.ts"
import type { StreamFrame } from "./PredictionStream.ts"
import type { SecretMask } from "../response/SecretMask.ts"
import type { StreamPiece } from "./StreamPiece.ts"
import * as ToolCalls from "./ToolCalls.ts"
import { type UpstreamEvent, Unframed } from "./UpstreamEvent.ts"
import type { StreamFormat } from "./StreamFormat.ts"

export interface Source {
  readonly format: StreamFormat
  readonly status: number
  readonly bytes: AsyncIterable<Uint8Array>
  readonly mask: SecretMask
}

/**
 * What each piece of the bytes holds, together. Throws a `ConnectorError` where the stream breaks, after the frames that stand before,
 * and where it ends before its end.
 */
export async function* frames({
  format,
  status,
  bytes,
  mask,
}: Source): AsyncGenerator<ReadonlyArray<StreamFrame>, void> {
  const framing = format.framing()
  const answer = begin(format, status, mask)
  try {
    for await (const piece of bytes) {
      yield* together(answer.read(framing.feed(piece)))
      if (answer.isComplete()) break
    }
    if (!answer.isComplete()) yield* together(answer.read(framing.end()))
  } catch (cause) {
    throw failureOf(cause, status)
  }
  yield answer.end()
}

/** One batch, where there is anything; a fault comes after what stands before it. */
function* together(frames: Iterable<StreamFrame>): Iterable<ReadonlyArray<StreamFrame>> {
  const batch: Array<StreamFrame> = []
  try {
    for (const frame of frames) batch.push(frame)
  } finally {
    if (batch.length > 0) yield batch
  }
}

/** A model's answer, event by event. */
const begin = (format: StreamFormat, status: number, mask: SecretMask) => {
  const text = mask.flow()
  const tools = ToolCalls.masked(mask)
  let last: Pick<StreamFrame, "finishReason" | "usage"> = {}
  let isComplete = false
  return {
    isComplete: () => isComplete,
    read: function* (events: Iterable<UpstreamEvent>): Iterable<StreamFrame> {
      for (const event of events) {
        const { content, toolCalls, finishReason, usage, isEnd, error } = readingOf(format, event, status)
        if (error !== undefined) throw refused(status, mask.apply(error))
        if (finishReason !== undefined) last = { ...last, finishReason: mask.apply(finishReason) }
        if (usage !== undefined) last = { ...last, usage: merged(last.usage, mask.apply(usage)) }
        if (content !== undefined || toolCalls !== undefined)
          yield* framesOf(
            content === undefined ? "" : text.take(content),
            toolCalls === undefined ? [] : [tools.take(toolCalls)],
          )
        isComplete = isEnd === true
        if (isComplete) return
      }
    },
    end: (): ReadonlyArray<StreamFrame> => {
      // Not every platform says a last word after it has said why it ends.
      if (!isComplete && last.finishReason === undefined && format.endsSilently !== true)
        throw broken(status, "the platform ended its stream before the model's answer was complete")
      return [...framesOf(text.rest(), tools.rest()), { content: "", isLast: true, ...last }]
    },
  }
}

function* framesOf(content: string, toolCalls: ReadonlyArray<string>): Iterable<StreamFrame> {
  const [first, ...others] = toolCalls
  if (first !== undefined) yield { content, isLast: false, toolCalls: first }
  else if (content !== "") yield { content, isLast: false }
  for (const calls of others) yield { content: "", isLast: false, toolCalls: calls }
}

const readingOf = (format: StreamFormat, event: UpstreamEvent, status: number): StreamPiece => {
  try {
    return format.read(event, (text = event.data) => Result.getOrThrow(JsonSource.parse(text)).value)
  } catch (cause) {
    if (cause instanceof Unframed) throw cause
    throw broken(status, "an event of the platform's stream is not JSON, or too much of it")
  }
}

const refused = (status: number, error: string): ConnectorError =>
  ConnectorError.from(
    new UpstreamError({ remote: { status, body: error }, message: `Error from remote service: ${error}` }),
  )

// Platforms count the prompt at the beginning and the answer at the end.
const merged = (before: string | undefined, usage: string): string =>
  before === undefined ? usage : JSON.stringify({ ...JSON.parse(before), ...JSON.parse(usage) })

const failureOf = (cause: unknown, status: number): unknown => {
  if (cause instanceof ConnectorError) return cause
  if (cause instanceof EgressError) return ofEgress(cause)
  return cause instanceof Unframed ? broken(status, `the platform's stream ${cause.message}`) : cause
}

const broken = (status: number, message: string): ConnectorError =>
  ConnectorError.from(
    new InvalidUpstreamResponse({ remote: { status, body: "" }, message: `Error from remote service: ${message}` }),
  )
