/** A platform's stream read to its end: frames as they come, and the last one only where the platform said that it was all. */
import { BadAnswer, because, ConnectorError, RemoteRefused } from "./ConnectorError.ts"
import { EgressError } from "./EgressError.ts"
import { ofEgress } from "./LiveConnector.ts"
import type { StreamFrame } from "./PredictionStream.ts"
import type { SecretMask } from "./SecretMask.ts"
import type { Reading } from "./stream/Reading.ts"
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
  let last: Pick<StreamFrame, "finishReason" | "usage"> = {}
  let isComplete = false
  try {
    for await (const event of format.framing(bytes)) {
      const { content, toolCalls, finishReason, usage, isEnd, error } = readingOf(format, event, mask, status)
      if (error !== undefined)
        throw because(
          new RemoteRefused({ remote: { status, body: error }, message: `Error from remote service: ${error}` }),
        )
      last = {
        ...last,
        ...(finishReason === undefined ? {} : { finishReason }),
        ...(usage === undefined ? {} : { usage: merged(last.usage, usage) }),
      }
      if (content !== undefined || toolCalls !== undefined)
        yield { content: content ?? "", isLast: false, ...(toolCalls === undefined ? {} : { toolCalls }) }
      isComplete ||= isEnd === true
      if (isEnd === true) break
    }
  } catch (cause) {
    throw failureOf(cause, status)
  }
  // Not every platform says a last word after it has said why it ends.
  if (!isComplete && last.finishReason === undefined && format.endsSilently !== true)
    throw broken(status, "the platform ended its stream before the model's answer was complete")
  yield { content: "", isLast: true, ...last }
}

const readingOf = (format: StreamFormat, event: RemoteEvent, mask: SecretMask, status: number): Reading => {
  const data = mask.apply(event.data)
  try {
    return format.read({ ...event, data }, () => JSON.parse(data))
  } catch {
    throw broken(status, "an event of the platform's stream is not JSON")
  }
}

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
