/** Who may ask: a user with a password, or a program with an API key. */
import { Effect, Schema } from "effect"
import { windows } from "../spend/BudgetWindow.ts"
import * as NumberField from "../records/NumberField.ts"

/** docs/access.md says what each may do. */
export const roles = ["admin", "developer", "application", "reader"] as const
export const Role = Schema.Literals(roles)
export type Role = typeof Role.Type

/** Of requests or tokens. */
const Count = NumberField.between(1, 1_000_000_000_000)

/** How much may be asked of all models together. */
export const Quota = Schema.Struct({
  requests_per_minute: Schema.optionalKey(Count),
  /** Of input and output, as platforms count them; a day ends at midnight, UTC. */
  tokens_per_day: Schema.optionalKey(Count),
})
export type Quota = typeof Quota.Type

/** How much may be spent of all models together, in a window. */
export const Budget = {
  /** In USD. */
  max_budget: Schema.optionalKey(Schema.Finite.check(Schema.isBetween({ minimum: 0.000_001, maximum: 1_000_000 }))),
  /** Of input and output. */
  max_budget_tokens: Schema.optionalKey(Count),
  /** `total` where absent. */
  budget_window: Schema.optionalKey(Schema.Literals(windows)),
} as const

export const Principal = Schema.Struct({
  kind: Schema.Literals(["user", "api_key"]),
  name: Schema.String,
  roles: Schema.Array(Role),
  /** Names by which records are shared; they open nothing by themselves. */
  backend_roles: Schema.Array(Schema.String).pipe(Schema.withDecodingDefaultKey(Effect.succeed([]))),
  /** The models that it may ask; absent: all that are open to it. */
  models: Schema.optionalKey(Schema.Array(Schema.String)),
  quota: Schema.optionalKey(Quota),
  ...Budget,
  created_time: NumberField.Time,
  /** In ms since 1970; absent: it does not expire. */
  expires_time: Schema.optionalKey(NumberField.Time),
})
export type Principal = typeof Principal.Type
