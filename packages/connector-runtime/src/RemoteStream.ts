/** A platform's stream read to its end: frames as they come, and the last one only where the platform said that it was all. */
import { Result } from "effect"
import { BadAnswer, because, ConnectorError, RemoteRefused } from "./ConnectorError.ts"
import { EgressError } from "./EgressError.ts"
import * as JsonSource from "./JsonSource.ts"
import { ofEgress } from "./LiveConnector.ts"
import type { StreamFrame } from "./PredictionStream.ts"
import type { SecretMask } from "./SecretMask.ts"
import type { Reading } from "./stream/Reading.ts"
import * as ToolCalls from "./stream/ToolCalls.ts"
import { type RemoteEvent, Unframed } from "./stream/RemoteEvent.ts"
import type { StreamFormat } from "./stream/StreamFormat.ts"

export interface Source {
  readonly format: StreamFormat
  readonly status: number
  readonly bytes: AsyncIterable<Uint8Array>
  readonly mask: SecretMask
}

/** Throws a `ConnectorError` where the stream breaks, and where it ends before its end. */
export async function* frames(source: Source): AsyncGenerator<StreamFrame, void> {
  const { format, status, bytes, mask } = source
  const text = mask.flow()
  const tools = ToolCalls.masked(mask)
  let last: Pick<StreamFrame, "finishReason" | "usage"> = {}
  let isComplete = false
  try {
    for await (const event of format.framing(bytes)) {
      const { content, toolCalls, finishReason, usage, isEnd, error } = readingOf(format, event, status)
      if (error !== undefined) throw refused(status, mask.apply(error))
      last = {
        ...last,
        ...(finishReason === undefined ? {} : { finishReason: mask.apply(finishReason) }),
        ...(usage === undefined ? {} : { usage: merged(last.usage, mask.apply(usage)) }),
      }
      if (content !== undefined || toolCalls !== undefined)
        yield* framesOf(
          content === undefined ? "" : text.take(content),
          toolCalls === undefined ? [] : [tools.take(toolCalls)],
        )
      isComplete ||= isEnd === true
      if (isEnd === true) break
    }
  } catch (cause) {
    throw failureOf(cause, status)
  }
  // Not every platform says a last word after it has said why it ends.
  if (!isComplete && last.finishReason === undefined && format.endsSilently !== true)
    throw broken(status, "the platform ended its stream before the model's answer was complete")
  yield* framesOf(text.rest(), tools.rest())
  yield { content: "", isLast: true, ...last }
}

function* framesOf(content: string, toolCalls: ReadonlyArray<string>): Iterable<StreamFrame> {
  const [first, ...others] = toolCalls
  if (first !== undefined) yield { content, isLast: false, toolCalls: first }
  else if (content !== "") yield { content, isLast: false }
  for (const calls of others) yield { content: "", isLast: false, toolCalls: calls }
}

const readingOf = (format: StreamFormat, event: RemoteEvent, status: number): Reading => {
  try {
    return format.read(event, (text = event.data) => Result.getOrThrow(JsonSource.parse(text)).value)
  } catch (cause) {
    if (cause instanceof Unframed) throw cause
    throw broken(status, "an event of the platform's stream is not JSON, or too much of it")
  }
}

const refused = (status: number, error: string): ConnectorError =>
  because(new RemoteRefused({ remote: { status, body: error }, message: `Error from remote service: ${error}` }))

// Platforms count the prompt at the beginning and the answer at the end.
const merged = (before: string | undefined, usage: string): string =>
  before === undefined ? usage : JSON.stringify({ ...JSON.parse(before), ...JSON.parse(usage) })

const failureOf = (cause: unknown, status: number): unknown => {
  if (cause instanceof ConnectorError) return cause
  if (cause instanceof EgressError) return ofEgress(cause)
  return cause instanceof Unframed ? broken(status, `the platform's stream ${cause.message}`) : cause
}

const broken = (status: number, message: string): ConnectorError =>
  because(new BadAnswer({ remote: { status, body: "" }, message: `Error from remote service: ${message}` }))
