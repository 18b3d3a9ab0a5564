/** The bytes of a body, and their text; no larger than the limit, JSON by its content type, UTF-8 by its bytes. */
import { isUtf8 } from "node:buffer"
import type { IncomingHttpHeaders, IncomingMessage } from "node:http"
import { withoutMark } from "@drawbar/json-text/Json"
import * as ContentCoding from "@drawbar/egress/ContentCoding"
import { Effect, Result } from "effect"
import type { Query } from "./Query.ts"
import { BadParameter, BodyTooLarge, InvalidJson, NotAcceptable, RequestAborted, RequestError } from "./RequestError.ts"

/** Called with bytes beyond the announced length; returns the error if there is no room for them. */
export type Weigh = (bytes: number) => RequestError | undefined

const weightless: Weigh = () => undefined

/** Reads all of a body, or stops where it grows past `limit` bytes. */
export const read = (
  request: IncomingMessage,
  limit: number,
  weigh: Weigh = weightless,
): Effect.Effect<string, RequestError> => {
  const announced = Number(request.headers["content-length"])
  if (announced > limit && announced > drained) return Effect.fail(RequestError.from(new BodyTooLarge({ limit })))
  const { headers } = request
  return Effect.flatMap(bytes(request, limit, weigh), (body) => {
    if (body.length === 0) return Effect.succeed("")
    return headers["content-encoding"] === undefined
      ? Effect.fromResult(textOf(body, headers))
      : Effect.flatMap(decoded(body, headers["content-encoding"], limit), (whole) => {
          const tooMuch = whole === body ? undefined : weigh(whole.length)
          return tooMuch === undefined ? Effect.fromResult(textOf(whole, headers)) : Effect.fail(tooMuch)
        })
  })
}

/**
 * In bytes: up to here a body that is too large is read to its end and let go of, because a client that still writes when the
 * connection closes never reads why.
 */
const drained = 100_000_000

/** A body that stands in the query, for clients that cannot send one with GET; empty where there is none. */
export const inQuery = ({ source, sourceContentType }: Query): Result.Result<string, RequestError> => {
  if (source === undefined) return Result.succeed("")
  if (sourceContentType === undefined)
    return Result.fail(
      RequestError.from(new BadParameter({ message: "source and source_content_type parameters are required" })),
    )
  return Result.map(checkMediaType(sourceContentType), () => source)
}

/** Whether a media type is served; the name of it may be missing where there is no body. */
const checkMediaType = (contentType: string | undefined): Result.Result<void, RequestError> => {
  if (contentType === undefined) return notAcceptable(`Content-Type header is missing. ${asJson}`)
  return /^application\/(json|vnd\.opensearch\+json|x-ndjson)\s*(;|$)/i.test(contentType) &&
    !/charset\s*=\s*(?!"?utf-?8)/i.test(contentType)
    ? Result.void
    : notAcceptable(`Content-Type header [${contentType}] is not supported. ${asJson}`)
}

const asJson = "Send the body as JSON in UTF-8, with the header Content-Type: application/json"

const notAcceptable = (message: string) => Result.fail(RequestError.from(new NotAcceptable({ message })))

const bytes = (request: IncomingMessage, limit: number, weigh: Weigh) =>
  Effect.callback<Buffer, RequestError>((resume) => {
    const chunks: Array<Buffer> = []
    let size = 0
    const isAnnounced = request.headers["content-length"] !== undefined
    const refuse = (error: RequestError) => {
      request.removeAllListeners("data")
      resume(Effect.fail(error))
    }
    request.on("data", (chunk: Buffer) => {
      size += chunk.length
      if (size > limit) {
        chunks.length = 0
        if (size > drained) refuse(RequestError.from(new BodyTooLarge({ limit })))
        return
      }
      chunks.push(chunk)
      const tooMuch = isAnnounced ? undefined : weigh(chunk.length)
      if (tooMuch !== undefined) refuse(tooMuch)
    })
    request.on("end", () =>
      resume(
        size > limit
          ? Effect.fail(RequestError.from(new BodyTooLarge({ limit })))
          : Effect.succeed(chunks[0] !== undefined && chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)),
      ),
    )
    request.on("error", () => refuse(RequestError.from(new RequestAborted())))
  })

/** A body without its compression; the limit is that of what comes out. */
const decoded = (body: Buffer, encoding: string, limit: number): Effect.Effect<Buffer, RequestError> =>
  Effect.callback((resume) =>
    ContentCoding.decode(body, encoding, limit, (found) => {
      if ("body" in found) return resume(Effect.succeed(found.body))
      if ("largerThan" in found)
        return resume(Effect.fail(RequestError.from(new BodyTooLarge({ limit: found.largerThan }))))
      resume(
        found.problem === "unknown"
          ? Effect.fromResult(
              notAcceptable(`Content-Encoding [${encoding}] is not served: use one of [gzip, deflate, br, zstd]`),
            )
          : Effect.fail(RequestError.from(new InvalidJson({ message: `The request body is not ${encoding}` }))),
      )
    }),
  )

const textOf = (body: Buffer, headers: IncomingHttpHeaders): Result.Result<string, RequestError> =>
  Result.flatMap(checkMediaType(headers["content-type"]), () =>
    isUtf8(body)
      ? Result.succeed(withoutMark(body.toString("utf8")))
      : Result.fail(RequestError.from(new InvalidJson({ message: "The request body is not UTF-8" }))),
  )
