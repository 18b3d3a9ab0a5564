/** What each role may do, by endpoint. docs/access.md is the same table for people. */
import type { Role } from "@drawbar/registry/access/Principal"

export const kinds = ["read", "predict", "write", "operate"] as const
/** `read`: see records, never a secret. `predict`: ask models. `write`: make and change them. `operate`: settings, keys, users. */
export type Kind = (typeof kinds)[number]

export const granted: Readonly<Record<Role, ReadonlyArray<Kind>>> = {
  admin: ["read", "predict", "write", "operate"],
  developer: ["read", "predict", "write"],
  application: ["predict"],
  reader: ["read"],
}

interface Asked {
  readonly method: string
  /** The endpoint's path, with the names of its parameters. */
  readonly path: string
}

/** What is needed; nothing where everybody may. */
export const needed = ({ method, path }: Asked): Kind | undefined => {
  if (path.startsWith("/_health/") || path === "/") return undefined
  if (path.includes("/_predict") || path.endsWith("/_batch_predict")) return "predict"
  if (/^\/_plugins\/_ml\/(keys|users|api_keys)(\/|$)/.test(path)) return "operate"
  if (path === "/_cluster/settings" && method !== "GET") return "operate"
  if (method === "GET" || method === "HEAD") return "read"
  return /\/_(search|validate|render)$/.test(path) ? "read" : "write"
}

/** Whether a request calls an upstream, which costs this process as a predict does. */
export const callsUpstream = ({ needs, path }: { readonly needs: Kind | undefined; readonly path: string }): boolean =>
  needs === "predict" || path.endsWith("/_test")

export const mayDo = (roles: ReadonlyArray<Role>, kind: Kind): boolean =>
  roles.some((role) => granted[role].includes(kind))
