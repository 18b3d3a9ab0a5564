/** Who asks: the one whose access to other people's records is looked at. */
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

/** Nobody: the server itself, or a server where nobody has to say who he is. */
export const CurrentPrincipal = Context.Reference<CurrentPrincipal | undefined>("@drawbar/registry/Asker", {
  defaultValue: () => undefined,
})
