/**
 * A time as OpenSearch's requests write it: a whole number and a unit.
 * Source: https://docs.opensearch.org/latest/api-reference/units/
 */
import { Result } from "effect"

const millis: Readonly<Record<string, number>> = {
  nanos: 1e-6,
  micros: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
}

/** In milliseconds; fails with a sentence. */
export const read = (name: string, text: string): Result.Result<number, string> => {
  const [, count, unit = ""] = /^(\d{1,12})(nanos|micros|ms|s|m|h|d)$/.exec(text.trim()) ?? []
  return count === undefined
    ? Result.fail(
        `failed to parse setting [${name}] with value [${text}] as a time value: write a number and one of ${Object.keys(millis).join(", ")}, such as 30s`,
      )
    : Result.succeed(Number(count) * (millis[unit] ?? 1))
}
