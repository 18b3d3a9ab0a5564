/** `/_plugins/_drawbar/usage`: what was spent, by API key, user, model and day. */
import { windows } from "@drawbar/registry/spend/BudgetWindow"
import { Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"
import { failures } from "../errors/ErrorEnvelope.ts"
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"

export const dimensions = ["day", "key", "user", "model"] as const
export type Dimension = (typeof dimensions)[number]

const text = Schema.optionalKey(Schema.String)

const counts = {
  calls: Schema.Number,
  input_tokens: Schema.Number,
  output_tokens: Schema.Number,
  cost_usd: Schema.Number,
  /** Calls whose provider did not say how many tokens it took. */
  estimated_calls: Schema.Number,
  /** Calls of models without a price, which are not in the cost. */
  unpriced_calls: Schema.Number,
}

export const UsageReport = Schema.Struct({
  currency: Schema.Literal("USD"),
  /** Of the table of prices. */
  prices: Schema.String,
  rows: Schema.Array(Schema.Struct({ day: text, key: text, user: text, model: text, ...counts })),
  total: Schema.Struct(counts),
  /** The keys that have a budget, and what they have spent of it in the current window. */
  budgets: Schema.Array(
    Schema.Struct({
      key: Schema.String,
      name: Schema.String,
      window: Schema.Literals(windows),
      max_budget: Schema.optionalKey(Schema.Number),
      spent_usd: Schema.Number,
      max_budget_tokens: Schema.optionalKey(Schema.Number),
      spent_tokens: Schema.Number,
    }),
  ),
})
export type UsageReport = typeof UsageReport.Type

export class UsageApi extends HttpApiGroup.make("usage").add(
  HttpApiEndpoint.get("get", "/_plugins/_drawbar/usage", {
    disableCodecs: true,
    error: failures,
    /** `from` and `to` are days, such as `2026-11-28`, both included; `by` is a list of `day`, `key`, `user` and `model`. */
    query: { key: text, user: text, model: text, from: text, to: text, by: text },
    success: UsageReport,
  }).annotateMerge(EndpointPolicy.operate),
) {}
