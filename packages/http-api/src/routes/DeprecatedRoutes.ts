/** Deprecated paths. Each behaves like the path that replaced it and adds a warning. */
import type { Route } from "@drawbar/http-server/http/Router"
import { basePath } from "./BasePath.ts"
import type { RouteTarget } from "@drawbar/http-server/http/Dispatcher"

const base = `${basePath}/models`

/** Old path to new, all of them POST. */
const renamed: ReadonlyArray<readonly [old: string, now: string]> = [
  [`${base}/_upload`, `${base}/_register`],
  [`${base}/:model_id/_load`, `${base}/:model_id/_deploy`],
  [`${base}/:model_id/_unload`, `${base}/:model_id/_undeploy`],
  [`${base}/_unload`, `${base}/_undeploy`],
]

/** The routes of the old paths, given those of the new; `version` is the server's, for the header's agent. */
export const routes = (
  current: ReadonlyArray<Route<RouteTarget>>,
  version: string,
): ReadonlyArray<Route<RouteTarget>> =>
  renamed.flatMap(([old, now]) =>
    current
      .filter(({ method, path }) => method === "POST" && path === now)
      .map(({ method, value }) => ({ method, path: old, value: { ...value, warning: warning(old, now, version) } })),
  )

// Source: https://www.rfc-editor.org/rfc/rfc7234#section-5.5.7
const warning = (old: string, now: string, version: string) =>
  `299 Drawbar-${version} "[POST ${named(old)}] is deprecated! Use [POST ${named(now)}] instead."`

const named = (path: string) => path.replace(":model_id", "{model_id}")
