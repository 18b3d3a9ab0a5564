/** A platform's whole answer, once its status was a success. */
import { Effect, Result } from "effect"
import { ConnectorError, InvalidUpstreamResponse, type Remote, UpstreamError } from "../ConnectorError.ts"
import type { EgressResponse } from "@drawbar/egress/EgressPool"
import * as JsonSource from "@drawbar/json-text/JsonSource"
import type { ClassifiedResponse, RemoteFailure } from "./RemoteFailure.ts"
import type { SecretMask } from "./SecretMask.ts"
import * as SecretMasks from "./SecretMask.ts"
import type { Share } from "@drawbar/egress/Share"
import * as RetryAfter from "@drawbar/egress/RetryAfter"

export interface UpstreamResponse {
  readonly response: ClassifiedResponse
  /** The body as text. */
  readonly text: string
  /** Has been over the text, not over the headers. */
  readonly mask: SecretMask
}

/** How much of a platform's body an error carries, in characters. */
export const errorBodyLimit = 8_192

const throttled =
  "Error from remote service: The request was denied due to remote server throttling. To change the retry policy and behavior, please update the connector client_config."

/**
 * The answer in a response, or the platform's refusal with its own status. `now` is in ms since 1970, `mask` takes out the
 * secrets that the platform repeats.
 */
export const read = (
  response: ClassifiedResponse,
  now: number,
  mask: SecretMask,
): Result.Result<UpstreamResponse, ConnectorError> => {
  const decoded = decode(response)
  return judged(response, now, mask, decoded, mask.apply(textIn(decoded)))
}

/** In bytes: a smaller answer is masked at once. */
const masksAtOnce = 4 * SecretMasks.windowSize

/** As `read`; a large answer is masked in turns of the event loop. */
export const readInTurns = (
  response: ClassifiedResponse,
  now: number,
  mask: SecretMask,
  share?: Share,
): Effect.Effect<UpstreamResponse, ConnectorError> => {
  if (response.body.length <= masksAtOnce) return Effect.fromResult(read(response, now, mask))
  const decoded = decode(response)
  return Effect.flatMap(
    Effect.promise(() => mask.applyInTurns(textIn(decoded), share)),
    (text) => Effect.fromResult(judged(response, now, mask, decoded, text)),
  )
}

const textIn = (decoded: Result.Result<string, string>): string => Result.getOrElse(decoded, () => "")

const judged = (
  response: ClassifiedResponse,
  now: number,
  mask: SecretMask,
  decoded: Result.Result<string, string>,
  text: string,
): Result.Result<UpstreamResponse, ConnectorError> => {
  if (Result.isFailure(decoded) && response.status >= 200 && response.status <= 299)
    return Result.fail(unusable({ response, text, mask }, decoded.failure))
  const answer = { response, text, mask }
  if (response.failure !== undefined)
    return Result.fail(
      patient(ConnectorError.from(new UpstreamError({ remote: remoteOf(answer, now), message: refusal(answer) }))),
    )
  if (response.status < 200 || response.status > 299) {
    const message = refusal(answer)
    const type = message === throttled ? { type: "remote_connector_throttling_exception" as const } : {}
    return Result.fail(ConnectorError.from(new UpstreamError({ remote: remoteOf(answer, now), message, ...type })))
  }
  return text.trim() === ""
    ? Result.fail(unusable(answer, "Remote service returned empty response body"))
    : Result.succeed(answer)
}

/** Whether the answer is words and not JSON. A body that says it is JSON, or begins like it, is JSON or broken. */
export const isText = ({ response, text }: UpstreamResponse): boolean => {
  const type = header(response, "content-type")
  if (type !== undefined && /\bjson\b/i.test(type)) return false
  return Result.isFailure(JsonSource.parse(text)) && !/^\s*[[{]/.test(text) && !isPage(type, text)
}

/** The answer as JSON; fails where it is none, or only a part. */
export const json = (answer: UpstreamResponse): Result.Result<JsonSource.JsonSource, ConnectorError> =>
  Result.mapError(JsonSource.parse(answer.text), (sentence) =>
    unusable(
      answer,
      isPage(header(answer.response, "content-type"), answer.text)
        ? "The platform answered with an HTML page, not with a model's answer. Check the connector's url"
        : isJsonLines(answer.text)
          ? "The platform answered with several JSON documents, one in each line (NDJSON), as it does for a stream. Set stream to false in the connector's request_body, or call _predict/stream"
          : sentence,
    ),
  )

/** The answer as JSON in any case: words are a JSON string. */
export const spelled = (answer: UpstreamResponse): Result.Result<JsonSource.JsonSource, ConnectorError> =>
  isText(answer)
    ? Result.map(quoted(answer), (text) => ({ text, value: answer.text }))
    : Result.map(json(answer), ({ text, value }) => ({ text: text.trim(), value }))

/** The refusal that stands for a failure which a platform reports inside its stream; `response` is its head. */
export const refusedInside = (
  { message, body, type, status, retryAfterMillis }: RemoteFailure,
  response: Pick<EgressResponse, "status" | "headers">,
  now: number,
  mask: SecretMask,
): ConnectorError => {
  const said = { ...response, body: noBytes, status: status ?? response.status }
  const remote = remoteOf({ response: said, text: mask.apply(body), mask }, now)
  return ConnectorError.from(
    new UpstreamError({
      remote: {
        ...remote,
        ...(type === undefined ? {} : { type: mask.apply(type) }),
        ...(retryAfterMillis === undefined || remote.retryAfterMillis !== undefined ? {} : { retryAfterMillis }),
      },
      message: `Error from remote service: ${cut(mask.apply(message))}`,
    }),
  )
}

const noBytes = new Uint8Array()

/** A rate limit inside a success has no headers of its own: a caller is still given a time to come back. */
export const patient = (error: ConnectorError): ConnectorError => {
  const { reason } = error
  if (reason._tag !== "UpstreamError" || reason.remote.status !== 429) return error
  const { remote, message } = reason
  return remote.retryAfterMillis === undefined
    ? ConnectorError.from(new UpstreamError({ remote: { ...remote, retryAfterMillis: defaultRetryMillis }, message }))
    : error
}

/** In ms. */
const defaultRetryMillis = 1_000

/** In characters: quoted as JSON each may become six, and V8 holds 512 M in one text. */
export const maxTextCharacters = 80_000_000

/** Words as a JSON string; fails where they are too many for one. */
export const quoted = (answer: UpstreamResponse): Result.Result<string, ConnectorError> =>
  answer.text.length <= maxTextCharacters
    ? Result.succeed(JSON.stringify(answer.text))
    : Result.fail(
        unusable(
          answer,
          `The answer is text of ${answer.text.length} characters; at most ${maxTextCharacters} are allowed where it is not JSON`,
        ),
      )

/** A success that holds not what the connector needs. */
export const unusable = (answer: UpstreamResponse, message: string): ConnectorError =>
  ConnectorError.from(
    new InvalidUpstreamResponse({ remote: remoteOf(answer, undefined), message: answer.mask.apply(message) }),
  )

const isPage = (type: string | undefined, text: string): boolean =>
  (type !== undefined && /\bhtml\b/i.test(type)) || /^\s*<(!doctype|html)\b/i.test(text)

/** In characters: enough of a first line to recognize a complete JSON document. */
const longestLine = 65_536

const isJsonLines = (text: string): boolean => {
  const start = text.slice(0, longestLine).trimStart()
  const end = start.search(/[\r\n]/)
  return (
    end > 0 && start.slice(end).trimStart().startsWith("{") && Result.isSuccess(JsonSource.parse(start.slice(0, end)))
  )
}

const refusal = ({ response, text, mask }: UpstreamResponse): string => {
  if (header(response, "x-amzn-errortype")?.startsWith("ThrottlingException")) return throttled
  const said =
    text.trim() === ""
      ? `Remote service returned error status ${response.status} with empty body`
      : `Error from remote service: ${cut(text)}`
  const location = response.status < 400 ? header(response, "location") : undefined
  return location === undefined ? said : `${said}. ${redirected(mask.apply(location))}`
}

/** In characters; a Location may be as long as the headers may be. */
const longestLocation = 2_048

const redirected = (location: string): string =>
  `It redirects to ${printable(location.slice(0, longestLocation))}, and redirects are not followed. Use the final URL in the connector's action`

/** What came in a header may hold control characters, which would reach a terminal. */
const printable = (text: string): string =>
  text.replaceAll(/[^\x20-\x7e]/g, (character) => encodeURI(character.isWellFormed() ? character : "\ufffd"))

const remoteOf = ({ response, text, mask }: UpstreamResponse, now: number | undefined): Remote => {
  const requestId = requestIdHeaders.map((name) => header(response, name)).find((id) => id !== undefined)
  const retryAfterMillis = now === undefined ? undefined : RetryAfter.millis(response.headers, now)
  const type = response.failure?.type
  return {
    status: response.status,
    ...(type === undefined ? {} : { type: mask.apply(type) }),
    body: cut(text),
    ...(requestId === undefined ? {} : { requestId: mask.apply(requestId) }),
    ...(retryAfterMillis === undefined ? {} : { retryAfterMillis }),
  }
}

// Under these names platforms say which request it was, for their support.
const requestIdHeaders = ["x-request-id", "x-amzn-requestid", "request-id", "apim-request-id", "cf-ray"]

const header = ({ headers }: EgressResponse, name: string): string | undefined => {
  const value = headers[name]
  return typeof value === "string" ? value : value?.[0]
}

const cut = (text: string): string => (text.length <= errorBodyLimit ? text : `${text.slice(0, errorBodyLimit)}…`)

const notInItsCharset =
  "The platform's response is not text: its bytes are not valid UTF-8, nor valid in the charset it declares"

const utf8 = new TextDecoder("utf-8", { fatal: true })

/** JSON is UTF-8 (RFC 8259, 8.1); a platform that says otherwise is believed. Fails with a sentence where the bytes are not what it says. */
const decode = (response: ClassifiedResponse): Result.Result<string, string> => {
  const label = charsetOf(header(response, "content-type"))
  const decoder = decoderOf(label)
  try {
    return Result.succeed((decoder ?? utf8).decode(response.body))
  } catch {
    return Result.fail(
      decoder === undefined
        ? `The platform's response is not text: it declares the unknown charset "${label}", and its bytes are not valid UTF-8`
        : notInItsCharset,
    )
  }
}

const charsetOf = (type: string | undefined): string =>
  (type === undefined ? undefined : /;\s*charset\s*=\s*["']?([\w.:+-]{1,64})/i.exec(type)?.[1]) ?? "utf-8"

/** Nothing for a label that no standard names, such as `binary`: https://encoding.spec.whatwg.org/#names-and-labels */
const decoderOf = (label: string): typeof utf8 | undefined => {
  if (/^utf-?8$/i.test(label)) return utf8
  try {
    return new TextDecoder(label, { fatal: true })
  } catch {
    return undefined
  }
}
