/** The caller, whose access to records is checked. */
import { Context } from "effect"
import type { Principal } from "./Principal.ts"

export interface CurrentPrincipal extends Pick<
  Principal,
  "name" | "roles" | "backend_roles" | "models" | "quota" | "max_budget" | "max_budget_tokens" | "budget_window"
> {
  /** `token`: known by what an issuer says whom the operator trusts. */
  readonly kind: Principal["kind"] | "token"
  /** Of a user or a key; several keys may have one name. */
  readonly id?: string
}

/** `undefined` for the server itself, and on a server where callers do not authenticate. */
export const CurrentPrincipal = Context.Reference<CurrentPrincipal | undefined>("@drawbar/registry/Asker", {
  defaultValue: () => undefined,
})
