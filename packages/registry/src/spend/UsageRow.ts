/** What one key, user and model used on one day; a row without a day is the sum of a key over all days, which is kept with the key. */
import { createHash } from "node:crypto"
import { decode } from "@drawbar/json-text/Decode"
import { Schema } from "effect"
import * as NumberField from "../records/NumberField.ts"
import { largestNumber } from "../records/RecordLimits.ts"

const counts = {
  calls: NumberField.Count,
  input_tokens: NumberField.Count,
  output_tokens: NumberField.Count,
  /** 1e-9 USD each. */
  cost_nano_usd: NumberField.Count,
  /** Calls whose provider did not say what they took. */
  estimated_calls: NumberField.Count,
  /** Calls of a model without a price: they are not in the cost. */
  unpriced_calls: NumberField.Count,
}

export const UsageRow = Schema.Struct({
  /** UTC, such as `2026-11-28`; empty in the sum of a key. */
  day: Schema.String,
  /** The id of an API key; empty for users and tokens, and where callers need not authenticate. */
  key: Schema.String,
  /** The name of the key, the user or the token. */
  user: Schema.String,
  model: Schema.String,
  ...counts,
})
export type UsageRow = typeof UsageRow.Type
export type Counts = Pick<UsageRow, keyof typeof counts>

export const read = decode(UsageRow)

export const none: Counts = {
  calls: 0,
  input_tokens: 0,
  output_tokens: 0,
  cost_nano_usd: 0,
  estimated_calls: 0,
  unpriced_calls: 0,
}

export const plus = (a: Counts, b: Counts): Counts => {
  const sum = { ...a }
  add(sum, b)
  return sum
}

/** Adds in place. A sum stays at the largest number that a record may hold: one that cannot be written would keep back the others. */
export const add = (to: { -readonly [K in keyof Counts]: Counts[K] }, counts: Counts): void => {
  to.calls = capped(to.calls + counts.calls)
  to.input_tokens = capped(to.input_tokens + counts.input_tokens)
  to.output_tokens = capped(to.output_tokens + counts.output_tokens)
  to.cost_nano_usd = capped(to.cost_nano_usd + counts.cost_nano_usd)
  to.estimated_calls = capped(to.estimated_calls + counts.estimated_calls)
  to.unpriced_calls = capped(to.unpriced_calls + counts.unpriced_calls)
}

export const capped = (count: number): number => Math.min(count, largestNumber)

/** By day first, so that the oldest rows are the first in the order of ids; sums come last. */
export const idOf = (row: UsageRow): string =>
  row.day === ""
    ? `total-${row.key}`
    : `${row.day}-${createHash("sha256")
        .update(JSON.stringify([row.key, row.user, row.model]))
        .digest("base64url")
        .slice(0, 22)}`
