/** What one key, user and model used on one day; a row without a day is the sum of a key over all days, which is kept with the key. */
import { createHash } from "node:crypto"
import { decode } from "@drawbar/json-text/Decode"
import { Schema } from "effect"
import * as NumberField from "../records/NumberField.ts"

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

export const plus = (a: Counts, b: Counts): Counts => ({
  calls: a.calls + b.calls,
  input_tokens: a.input_tokens + b.input_tokens,
  output_tokens: a.output_tokens + b.output_tokens,
  cost_nano_usd: a.cost_nano_usd + b.cost_nano_usd,
  estimated_calls: a.estimated_calls + b.estimated_calls,
  unpriced_calls: a.unpriced_calls + b.unpriced_calls,
})

/** By day first, so that the oldest rows are the first in the order of ids; sums come last. */
export const idOf = (row: UsageRow): string =>
  row.day === ""
    ? `total-${row.key}`
    : `${row.day}-${createHash("sha256")
        .update(JSON.stringify([row.key, row.user, row.model]))
        .digest("base64url")
        .slice(0, 22)}`
