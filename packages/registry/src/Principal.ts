/** Who may ask: a user with a password, or a program with an API key. */
import { Schema } from "effect"

/** docs/access.md says what each may do. */
export const roles = ["admin", "developer", "application", "reader"] as const
export const Role = Schema.Literals(roles)
export type Role = typeof Role.Type

export const Principal = Schema.Struct({
  kind: Schema.Literals(["user", "api_key"]),
  name: Schema.String,
  roles: Schema.Array(Role),
  created_time: Schema.Number,
  /** In ms since 1970; absent: it does not expire. */
  expires_time: Schema.optionalKey(Schema.Number),
})
export type Principal = typeof Principal.Type
