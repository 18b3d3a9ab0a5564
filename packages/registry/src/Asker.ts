/** Who asks: the one whose access to other people's records is looked at. */
import { Context } from "effect"
import type { Principal } from "./Principal.ts"

export type Asker = Pick<Principal, "kind" | "name" | "roles" | "backend_roles" | "models" | "quota">

/** Nobody: the server itself, or a server where nobody has to say who he is. */
export const Asker = Context.Reference<Asker | undefined>("@drawbar/registry/Asker", {
  defaultValue: () => undefined,
})
