/** Reads an answer as far as its first piece: whether it is a stream at all, and whether its platform failed before it said anything. */
import { Result } from "effect"
import { ConnectorError } from "../ConnectorError.ts"
import { EgressError } from "@drawbar/egress/EgressError"
import type { EgressResponse, StreamedResponse } from "@drawbar/egress/EgressPool"
import * as LiveConnector from "../call/LiveConnector.ts"
import type { StreamFrame } from "./PredictionStream.ts"
import * as UpstreamResponse from "../response/UpstreamResponse.ts"
import * as RemoteFailure from "../response/RemoteFailure.ts"
import * as UpstreamStream from "./UpstreamStream.ts"
import type { SecretMask } from "../response/SecretMask.ts"
import * as StreamCoding from "./StreamCoding.ts"
import type { StreamFormat } from "./StreamFormat.ts"
import * as StreamKind from "./StreamKind.ts"

export interface Answered {
  readonly response: StreamedResponse
  readonly format: StreamFormat
  readonly mask: SecretMask
  readonly origin: string
  /** In ms since 1970. */
  readonly now: number
}

type Batch = ReadonlyArray<StreamFrame>

export interface Begun {
  readonly first: IteratorResult<Batch, void>
  /** What comes after the first. */
  readonly frames: AsyncGenerator<Batch, void>
}

/** A head, with the status that a failure before the first piece stands for. */
export interface Opened extends EgressResponse {
  readonly outcome: Begun | { readonly failure: ConnectorError }
}

export const open = async (answered: Answered): Promise<Opened> => {
  const { response } = answered
  const { status, headers, body } = response
  try {
    const outcome = response.stream === undefined ? undefined : await begun(answered, response.stream)
    if (outcome !== undefined && "first" in outcome) return { status, headers, body, outcome }
    return refused(RemoteFailure.classified({ ...response, body: outcome?.body ?? body }), answered)
  } catch (cause) {
    const failure = asConnectorError(cause)
    return asHead({ status, headers, body }, failure)
  }
}

/** The first frames of a stream, or the body of what is none. */
const begun = async (
  { response: { status, headers }, format, mask, origin, now }: Answered,
  stream: AsyncIterable<Uint8Array>,
): Promise<Begun | { readonly body: Uint8Array }> => {
  const [encoding] = [headers["content-encoding"]].flat()
  const { kind, bytes } = await StreamKind.begin(StreamCoding.decoded({ bytes: stream, encoding, origin }))
  const framing = format.framingOf(kind, typeOf(headers))
  if (framing === undefined) return { body: await collected(bytes) }
  const frames = UpstreamStream.frames({ format, framing, status, headers, now, bytes, mask })
  return { first: await frames.next(), frames }
}

/** A response that is not a stream: an error, or a content type that was not requested. */
const refused = (whole: EgressResponse, { mask, now }: Answered): Opened => {
  const answer = UpstreamResponse.read(whole, now, mask)
  const type = typeOf(whole.headers) || "no content-type"
  const failure = Result.isFailure(answer)
    ? answer.failure
    : UpstreamResponse.unusable(answer.success, `The platform answered with ${type} and not with a stream`)
  return { ...whole, outcome: { failure } }
}

/** The head as the failure has it, for what decides whether a request is sent again. */
const asHead = (head: EgressResponse, failure: ConnectorError): Opened => {
  const { reason } = failure
  const outcome = { failure }
  if (reason._tag !== "UpstreamError") return { ...head, outcome }
  const { status, retryAfterMillis } = reason.remote
  return { ...RemoteFailure.withDelay({ ...head, status }, retryAfterMillis), outcome }
}

const typeOf = (headers: EgressResponse["headers"]): string => String([headers["content-type"]].flat()[0] ?? "")

/** In bytes: enough of a response that is not a stream to report what it is. */
const enough = 65_536

const collected = async (bytes: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  const chunks: Array<Uint8Array> = []
  let size = 0
  for await (const chunk of bytes) {
    chunks.push(chunk)
    size += chunk.length
    if (size > enough) break
  }
  return Buffer.concat(chunks)
}

const asConnectorError = (cause: unknown): ConnectorError => {
  if (cause instanceof ConnectorError) return cause
  if (cause instanceof EgressError) return LiveConnector.ofEgress(cause)
  throw cause
}
