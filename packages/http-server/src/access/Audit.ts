/** What was changed and by whom, who was turned away or held back, and what another target than the first answered: a line of JSON each. No body, no query, no secret. */
import type { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import type { JsonObject } from "@drawbar/json-text/Json"
import type * as Permission from "./Permission.ts"

/** An answer that is about to be sent. */
export interface Answered {
  readonly id: string
  readonly method: string
  /** The endpoint's path with its parameters' names; nothing where there is no such endpoint. */
  readonly route: string | undefined
  /** The permission that the endpoint requires; nothing where it requires none, or where there is no such endpoint. */
  readonly needs: Permission.Kind | undefined
  readonly principal: CurrentPrincipal | undefined
  /** The name that an unauthenticated caller claims. */
  readonly claimed: string | undefined
  /** The ids in the path. */
  readonly params: Readonly<Record<string, string>>
  readonly status: number
  /** Why it was refused. */
  readonly reason: string | undefined
  /** What is answered, where it is JSON. */
  readonly value: unknown
  /** The targets of a model's routing that were asked, with the outcome of each, where the first did not answer. */
  readonly targets?: ReadonlyArray<string>
}

/** A change that is about to be made. */
export type Begun = Pick<Answered, "id" | "method" | "route" | "needs" | "principal" | "params">

/** Takes a line; `false` where it could not be kept. */
export type Write = (line: string) => boolean | void

export interface Audit {
  (answered: Answered): void
  /** Writes that a change is about to be made. Returns `false` if the log cannot be written. Reads are not recorded. */
  readonly begun: (begun: Begun) => boolean
  /** Writes the refusals that were folded, those whose minute is over or all of them. */
  readonly flush: (all: boolean) => void
}

/** So many refusals of one kind in a minute have a line each; the rest of that minute share one line. */
const unfolded = 10
const windowMs = 60_000

/** The most kinds tracked at once, and the most names listed in a shared line. */
const maxKinds = 1_000
const maxNames = 10

interface Line {
  readonly time: string
  readonly id: string
  readonly who: ReturnType<typeof whoOf>
  readonly claimed?: string
  readonly method: string
  readonly route: string | null
  readonly needs: Permission.Kind | null
  readonly object: JsonObject
  readonly outcome: ReturnType<typeof outcomeOf> | "rerouted"
  readonly targets?: ReadonlyArray<string>
  readonly status: number
}

/** Refusals of one kind within a minute. */
interface Kind {
  /** In ms since 1970. */
  readonly since: number
  times: number
  /** How many have no line of their own, the last of them, and the names that they gave themselves. */
  folded: number
  last: Line
  readonly claimed: Set<string>
}

/** `write` takes each line before its answer is sent; `now` is in ms since 1970. */
export const make = (write: Write, now: () => number): Audit => {
  const kinds = new Map<string, Kind>()

  const close = (key: string, { since, folded, last, claimed }: Kind) => {
    kinds.delete(key)
    if (folded === 0) return
    const { claimed: _, object: _o, ...shared } = last
    const names = claimed.size === 0 ? {} : { claimed: [...claimed] }
    write(JSON.stringify({ ...shared, ...names, repeated: folded, since: new Date(since).toISOString() }))
  }
  const flush = (all: boolean) => {
    const time = now()
    // A clock that was set back ends the minute, too.
    // The first began first.
    for (const [key, kind] of kinds) {
      if (!all && Math.abs(time - kind.since) < windowMs) return
      close(key, kind)
    }
  }

  /** Whether a refusal is one of many of its kind, which share a line. Ids and names in it are the caller's to make up. */
  const isFolded = (line: Line): boolean => {
    const { who, method, route, outcome, status, claimed } = line
    const key = JSON.stringify([who, method, route, outcome, status])
    const kind: Kind = kinds.get(key) ?? { since: now(), times: 0, folded: 0, last: line, claimed: new Set() }
    kinds.set(key, kind)
    const [first] = kinds
    if (kinds.size > maxKinds && first !== undefined) close(...first)
    if (++kind.times <= unfolded) return false
    kind.folded++
    kind.last = line
    if (claimed !== undefined && kind.claimed.size < maxNames) kind.claimed.add(claimed)
    return true
  }

  const record = (answered: Answered) => {
    const { id, method, route, needs, principal, claimed, params, status, reason, value, targets } = answered
    const outcome = targets === undefined ? outcomeOf(status, reason) : "rerouted"
    const isOften = outcome === "denied" || outcome === "limited" || outcome === "rerouted"
    if (!isChange(needs) && !isOften) return
    const line: Line = {
      time: new Date(now()).toISOString(),
      id,
      who: whoOf(principal),
      ...(principal === undefined && claimed !== undefined ? { claimed } : {}),
      method,
      route: route ?? null,
      needs: needs ?? null,
      object: { ...params, ...idsIn(value) },
      outcome,
      status,
      ...(targets === undefined ? {} : { targets }),
    }
    flush(false)
    if (isOften && isFolded(line)) return
    write(JSON.stringify(line))
  }

  const begun = (change: Begun): boolean => {
    const { id, method, route, needs, principal, params } = change
    if (!isChange(needs)) return true
    const time = new Date(now()).toISOString()
    const line = {
      time,
      id,
      who: whoOf(principal),
      method,
      route: route ?? null,
      needs,
      object: params,
      outcome: "begun",
    }
    return write(JSON.stringify(line)) !== false
  }
  return Object.assign(record, { begun, flush })
}

const isChange = (needs: Permission.Kind | undefined): boolean => needs === "write" || needs === "operate"

const whoOf = (principal: CurrentPrincipal | undefined) =>
  principal === undefined ? null : { kind: principal.kind, name: principal.name }

/** Drawbar's own limits; an upstream may respond with 429, too. */
const limits: ReadonlySet<string | undefined> = new Set([
  "RateLimited",
  "QuotaExceeded",
  "BudgetExceeded",
  "LoginThrottled",
])

const outcomeOf = (status: number, reason: string | undefined) => {
  if (status < 400) return "done"
  if (limits.has(reason)) return "limited"
  // An upstream that rejects its key has not denied the caller.
  return (status === 401 || status === 403) && reason !== "UpstreamError" ? "denied" : "failed"
}

/** The ids of what was made. */
const ids: ReadonlySet<string> = new Set(["connector_id", "model_id", "model_group_id", "task_id", "id"])

const idsIn = (value: unknown): JsonObject =>
  typeof value !== "object" || value === null
    ? {}
    : Object.fromEntries(Object.entries(value).filter(([name, id]) => ids.has(name) && typeof id === "string"))
