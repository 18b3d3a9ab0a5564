/** How long a platform asks to be left alone. */
import { DateTime, Option } from "effect"
import type { EgressResponse } from "./EgressPool.ts"

/** Milliseconds from `now` (ms since 1970), never less than 0; undefined where the headers ask for nothing that can be read. */
export const millis = (headers: EgressResponse["headers"], now: number): number | undefined => {
  const text = (name: string) => [headers[name]].flat()[0]?.trim()
  const asked =
    // Azure and OpenAI; AWS. Both are finer than the standard's seconds, and sent beside them.
    count(text("retry-after-ms"), 1) ??
    count(text("x-amz-retry-after"), 1) ??
    count(text("retry-after"), 1000) ??
    until(text("retry-after"), now)
  return asked === undefined ? undefined : Math.min(asked, maxRetryAfterMs)
}

/**
 * As `millis`, where the wait stands in the body of a refusal: Google's RetryInfo, or a number of seconds.
 * Source: https://cloud.google.com/apis/design/errors#error_details
 */
export const inError = (error: unknown): number | undefined => {
  const details = said(error, "details")
  const delays = (Array.isArray(details) ? details.slice(0, maxDetails) : []).map((detail) =>
    said(detail, "retryDelay"),
  )
  const asked = [
    ...delays.map(duration),
    ...["retry_after", "retry_after_seconds"].map((name) => seconds(said(error, name))),
  ]
  const found = asked.find((wait) => wait !== undefined)
  return found === undefined ? undefined : Math.min(found, maxRetryAfterMs)
}

const said = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name) ? Reflect.get(value, name) : undefined

/** How many details of an error are looked at. */
const maxDetails = 32

const seconds = (value: unknown): number | undefined =>
  typeof value === "number" || typeof value === "string" ? count(String(value), 1000) : undefined

/** A protobuf duration as JSON has it: https://protobuf.dev/reference/protobuf/google.protobuf/#duration */
const duration = (value: unknown): number | undefined => {
  if (typeof value === "string") return value.endsWith("s") ? seconds(value.slice(0, -1)) : undefined
  if (typeof value !== "object" || value === null) return undefined
  const whole = "seconds" in value ? seconds(value.seconds) : 0
  const nanos = "nanos" in value && typeof value.nanos === "number" ? Math.ceil(value.nanos / 1_000_000) : 0
  return whole === undefined ? undefined : whole + nanos
}

/** In ms, a day: a caller who obeys would wait for years, or, where his timer overflows, not at all. */
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
