/**
 * Tokens by which somebody else, whom the operator trusts, says who asks.
 * Source: https://www.rfc-editor.org/rfc/rfc7519
 */
import type { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import { Context, type Effect, type Option } from "effect"

export interface IdentityTokens {
  /** Who asks; nobody where the token is not of the trusted issuer, is not for this server, or has expired. */
  readonly verify: (token: string) => Effect.Effect<Option.Option<CurrentPrincipal>>
}

/** Absent: nobody else is trusted. */
export const IdentityTokens = Context.Reference<IdentityTokens | undefined>("@drawbar/http-api/IdentityTokens", {
  defaultValue: () => undefined,
})
