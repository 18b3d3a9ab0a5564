/** What was changed and by whom, and who was turned away or held back: a line of JSON each. No body, no query, no secret. */
import type { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import type { JsonObject } from "@drawbar/json-text/Json"
import * as Permission from "./Permission.ts"

/** An answer that is about to be sent. */
export interface Answered {
  readonly id: string
  readonly method: string
  /** The endpoint's path with its parameters' names; nothing where there is no such endpoint. */
  readonly route: string | undefined
  readonly principal: CurrentPrincipal | undefined
  /** The name that who is not known gives himself. */
  readonly claimed: string | undefined
  /** The ids in the path. */
  readonly params: Readonly<Record<string, string>>
  readonly status: number
  /** Why it was refused. */
  readonly reason: string | undefined
  /** What is answered, where it is JSON. */
  readonly value: unknown
}

export type Audit = (answered: Answered) => void

/** `write` takes each line before its answer is sent; `now` is in ms since 1970. */
export const make =
  (write: (line: string) => void, now: () => number): Audit =>
  ({ id, method, route, principal, claimed, params, status, reason, value }) => {
    const needs = route === undefined ? undefined : Permission.needed({ method, path: route })
    const outcome = outcomeOf(status, reason)
    const isChange = needs === "write" || needs === "operate"
    if (!isChange && outcome !== "denied" && outcome !== "limited") return
    const who = principal === undefined ? null : { kind: principal.kind, name: principal.name }
    const object = { ...params, ...idsIn(value) }
    write(
      JSON.stringify({
        time: new Date(now()).toISOString(),
        id,
        who,
        ...(principal === undefined && claimed !== undefined ? { claimed } : {}),
        method,
        route: route ?? null,
        needs: needs ?? null,
        object,
        outcome,
        status,
      }),
    )
  }

/** What of Drawbar's own holds somebody back; a platform may answer 429, too. */
const limits: ReadonlySet<string | undefined> = new Set(["RateLimited", "QuotaExceeded", "LoginThrottled"])

const outcomeOf = (status: number, reason: string | undefined) => {
  if (status < 400) return "done"
  if (limits.has(reason)) return "limited"
  // A platform that refuses its key has turned away nobody here.
  return (status === 401 || status === 403) && reason !== "UpstreamError" ? "denied" : "failed"
}

/** The ids of what was made. */
const ids: ReadonlySet<string> = new Set(["connector_id", "model_id", "model_group_id", "task_id", "id"])

const idsIn = (value: unknown): JsonObject =>
  typeof value !== "object" || value === null
    ? {}
    : Object.fromEntries(Object.entries(value).filter(([name, id]) => ids.has(name) && typeof id === "string"))
