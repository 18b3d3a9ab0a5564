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
