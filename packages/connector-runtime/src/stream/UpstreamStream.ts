/** A platform's stream read to its end: frames as they come, and the last one only where the platform said that it was all. */
import { Result } from "effect"
import { ConnectorError, InvalidUpstreamResponse } from "../ConnectorError.ts"
import { EgressError } from "@drawbar/egress/EgressError"
import type { EgressResponse } from "@drawbar/egress/EgressPool"
import * as JsonSource from "@drawbar/json-text/JsonSource"
import { ofEgress } from "../call/LiveConnector.ts"
import type { StreamFrame } from "./PredictionStream.ts"
import * as UpstreamResponse from "../response/UpstreamResponse.ts"
import * as RemoteFailure from "../response/RemoteFailure.ts"
import * as SecretMask from "../response/SecretMask.ts"
import * as Speaker from "./Speaker.ts"
import * as WholeEvents from "./WholeEvents.ts"
import { nothing, type StreamPiece } from "./StreamPiece.ts"
import { type Framing, type UpstreamEvent, Unframed } from "./UpstreamEvent.ts"
import type { StreamFormat } from "./StreamFormat.ts"

export interface Source {
  readonly format: Pick<StreamFormat, "framing" | "read" | "endsSilently">
  /** In place of the format's own. */
  readonly framing?: () => Framing
  readonly status: number
  /** Of the answer's head; with `now`, in ms since 1970, they say how long the platform asks to wait. */
  readonly headers?: EgressResponse["headers"]
  readonly now?: number
  readonly bytes: AsyncIterable<Uint8Array>
  readonly mask: SecretMask.SecretMask
}

/**
 * What each piece of the bytes holds, together. Throws a `ConnectorError` where the stream breaks, after the frames that stand before,
 * and where it ends before its end.
 */
export async function* frames(source: Source): AsyncGenerator<ReadonlyArray<StreamFrame>, void> {
  const { format, status, bytes } = source
  const framing = (source.framing ?? format.framing)()
  const answer = begin(source)
  let last: ReadonlyArray<StreamFrame>
  try {
    for await (const piece of bytes) {
      yield* together(answer.read(framing.feed(piece)))
      if (answer.isComplete()) break
    }
    if (!answer.isComplete()) yield* together(answer.read(framing.end()))
    last = answer.end()
  } catch (cause) {
    const held = answer.held()
    if (held.length > 0) yield held
    throw failureOf(cause, status)
  }
  yield last
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
const begin = ({ format, status, headers = {}, now = 0, mask }: Source) => {
  const speakers = Speaker.several(mask)
  const whole = WholeEvents.masked(mask)
  let last: Pick<StreamFrame, "finishReason" | "incompleteDetails" | "usage"> = {}
  let isComplete = false
  let endsSilently = format.endsSilently === true
  return {
    isComplete: () => isComplete,
    read: function* (events: Iterable<UpstreamEvent>): Iterable<StreamFrame> {
      for (const event of events) {
        const said = readingOf(format, event, status)
        const { finishReason, incompleteDetails, usage, isEnd, error } = said
        if (error !== undefined) throw UpstreamResponse.refusedInside(error, { status, headers }, now, mask)
        if (finishReason !== undefined) last = { ...last, finishReason: mask.apply(finishReason) }
        if (incompleteDetails !== undefined) last = { ...last, incompleteDetails: mask.apply(incompleteDetails) }
        if (usage !== undefined) last = { ...last, usage: merged(last.usage, mask.apply(usage)) }
        endsSilently ||= said.endsSilently === true
        yield* said.event === undefined ? speakers.take(said) : whole.take(said.event)
        isComplete = isEnd === true
        if (isComplete) return
      }
    },
    end: (): ReadonlyArray<StreamFrame> => {
      // Not every platform says a last word after it has said why it ends.
      if (!isComplete && !endsSilently && (last.finishReason === undefined || !speakers.areFinished()))
        throw broken(status, "the platform ended its stream before the model's answer was complete")
      return [...speakers.rest(), ...whole.rest(), { content: "", isLast: true, ...last }]
    },
    /** What waits for more when a failure comes. A long beginning of a secret is most of it, and is masked. */
    held: (): ReadonlyArray<StreamFrame> => [...speakers.rest(cutShort), ...whole.rest(cutShort)],
  }
}

const cutShort = (held: string): string => (held.length < SecretMask.shortest ? held : "***")

const readingOf = ({ read }: Pick<StreamFormat, "read">, event: UpstreamEvent, status: number): StreamPiece => {
  const { name, data } = event
  if (name?.startsWith(exception) === true) return failed(name.slice(exception.length), data)
  if (data.trim() === "[DONE]") return { isEnd: true }
  if (name === "error") return failed(undefined, data)
  let failure: RemoteFailure.RemoteFailure | undefined
  try {
    const reading = read(event, (text = data) => {
      const { value } = Result.getOrThrow(JsonSource.parse(text))
      failure ??= RemoteFailure.inValue(value)
      return value
    })
    return failure === undefined ? reading : { ...nothing, error: failure }
  } catch (cause) {
    if (cause instanceof Unframed) throw cause
    throw broken(status, "an event of the platform's stream is not JSON, or too much of it")
  }
}

/** How the framing of Amazon's streams marks an exception. */
const exception = "error "

/** An event whose name says that it reports a failure, whatever its data look like. */
const failed = (name: string | undefined, data: string): StreamPiece => {
  const parsed = JsonSource.parse(data)
  const value: unknown = Result.isSuccess(parsed) ? parsed.success.value : data
  const inner = typeof value === "object" && value !== null && "error" in value ? value.error : undefined
  return { error: RemoteFailure.of(RemoteFailure.isSaid(inner) ? inner : value, value, name) }
}

// Platforms count the prompt at the beginning and the answer at the end.
const merged = (before: string | undefined, usage: string): string =>
  before === undefined ? usage : JSON.stringify({ ...JSON.parse(before), ...said(JSON.parse(usage)) })

/** A later count of null says nothing, such as Anthropic's of the prompt in its last event. */
const said = (usage: object): object => Object.fromEntries(Object.entries(usage).filter(([, count]) => count !== null))

const failureOf = (cause: unknown, status: number): unknown => {
  if (cause instanceof ConnectorError) return cause
  if (cause instanceof EgressError) return ofEgress(cause)
  return cause instanceof Unframed ? broken(status, `the platform's stream ${cause.message}`) : cause
}

const broken = (status: number, message: string): ConnectorError =>
  ConnectorError.from(
    new InvalidUpstreamResponse({ remote: { status, body: "" }, message: `Error from remote service: ${message}` }),
  )
