/** The events of a streamed response, as its provider sends them. Source: https://platform.openai.com/docs/api-reference/responses-streaming */
import type { StreamFrame } from "@drawbar/connector-runtime/stream/PredictionStream"
import type { Event } from "@drawbar/http-server/http/EventStream"

export async function* of(
  batches: AsyncIterable<ReadonlyArray<StreamFrame>>,
): AsyncGenerator<ReadonlyArray<Event>, void> {
  for await (const frames of batches) {
    const events = frames.flatMap(({ event }) => (event === undefined ? [] : [named(event)]))
    if (events.length > 0) yield events
  }
}

const named = (data: string): Event => {
  const { type }: { readonly type?: unknown } = JSON.parse(data)
  return typeof type === "string" && /^[\w.]{1,128}$/.test(type) ? { name: type, data } : data
}
