/**
 * Tokens of an issuer that the operator trusts, which identify the caller.
 * Source: https://www.rfc-editor.org/rfc/rfc7519
 */
import type { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import { Context, type Effect, type Option } from "effect"

export interface IdentityTokens {
  /** The principal; none if the token is not from the trusted issuer, is not for this server, or has expired. */
  readonly verify: (token: string) => Effect.Effect<Option.Option<CurrentPrincipal>>
}

/** Absent: no issuer is trusted. */
export const IdentityTokens = Context.Reference<IdentityTokens | undefined>("@drawbar/http-api/IdentityTokens", {
  defaultValue: () => undefined,
})
