/** How long an upstream asks clients to wait before a retry. */
import { DateTime, Option } from "effect"
import type { EgressResponse } from "./EgressPool.ts"

/** Milliseconds from `now` (ms since 1970), at least 0; undefined if the headers contain no readable wait. */
export const millis = (headers: EgressResponse["headers"], now: number): number | undefined => {
  const text = (name: string) => [headers[name]].flat()[0]?.trim()
  const requested =
    // Azure and OpenAI; AWS. Both are more precise than the standard header, which is in seconds and sent as well.
    count(text("retry-after-ms"), 1) ??
    count(text("x-amz-retry-after"), 1) ??
    count(text("retry-after"), 1000) ??
    until(text("retry-after"), now)
  return requested === undefined ? undefined : Math.min(requested, maxRetryAfterMs)
}

/**
 * Like `millis`, for a wait in the body of an error response: Google's RetryInfo, or a number of seconds. Source:
 * https://cloud.google.com/apis/design/errors#error_details
 */
export const inError = (error: unknown): number | undefined => {
  const details = property(error, "details")
  const delays = (Array.isArray(details) ? details.slice(0, maxDetails) : []).map((detail) =>
    property(detail, "retryDelay"),
  )
  const requested = [
    ...delays.map(duration),
    ...["retry_after", "retry_after_seconds"].map((name) => seconds(property(error, name))),
  ]
  const found = requested.find((wait) => wait !== undefined)
  return found === undefined ? undefined : Math.min(found, maxRetryAfterMs)
}

const property = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined

/** How many details of an error are examined. */
const maxDetails = 32

const seconds = (value: unknown): number | undefined =>
  typeof value === "number" || typeof value === "string" ? count(String(value), 1000) : undefined

/** A protobuf duration in JSON form: https://protobuf.dev/reference/protobuf/google.protobuf/#duration */
const duration = (value: unknown): number | undefined => {
  if (typeof value === "string") return value.endsWith("s") ? seconds(value.slice(0, -1)) : undefined
  if (typeof value !== "object" || value === null) return undefined
  const whole = "seconds" in value ? seconds(value.seconds) : 0
  const nanos = "nanos" in value && typeof value.nanos === "number" ? Math.ceil(value.nanos / 1_000_000) : 0
  return whole === undefined ? undefined : whole + nanos
}

/** In ms, one day. With a longer wait a client would stop for years or, if its timer overflows, not wait at all. */
const maxRetryAfterMs = 86_400_000

const count = (text: string | undefined, unit: number): number | undefined =>
  text !== undefined && /^\d{1,9}(\.\d+)?$/.test(text) ? Math.ceil(Number(text) * unit) : undefined

/** An HTTP date: https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 */
const until = (text: string | undefined, now: number): number | undefined =>
  text === undefined || !/^[A-Z][a-z]+,? /.test(text)
    ? undefined
    : DateTime.make(text).pipe(
        Option.map((date) => Math.max(0, date.epochMilliseconds - now)),
        Option.getOrUndefined,
      )
