/** What each role may do, and what each contract requires. docs/access.md is the same table for people. */
import type { Role } from "@drawbar/registry/access/Principal"
import { Context } from "effect"

export const kinds = ["identity", "read", "predict", "write", "operate"] as const
/** `identity`: see one's own name and roles. `read`: see records, never a secret. `predict`: ask models. `write`: make and change them. `operate`: settings, keys, users. */
export type Kind = (typeof kinds)[number]

/** `none`: no credentials are read. */
export type Requirement = Kind | "none"

/** The permission that a contract requires. It has no default: an endpoint without it is not served. */
export const Requires = Context.Reference<Requirement | undefined>("@drawbar/http-server/Permission/Requires", {
  defaultValue: () => undefined,
})

export const granted: Readonly<Record<Role, ReadonlyArray<Kind>>> = {
  admin: ["identity", "read", "predict", "write", "operate"],
  developer: ["identity", "read", "predict", "write"],
  application: ["identity", "predict"],
  reader: ["identity", "read"],
}

export const mayDo = (roles: ReadonlyArray<Role>, kind: Kind): boolean =>
  roles.some((role) => granted[role].includes(kind))
