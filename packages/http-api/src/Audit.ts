/** What was changed and by whom, and who was turned away: a line of JSON each. No body, no query, no secret. */
import type { Asker } from "@drawbar/registry/Asker"
import type { JsonObject } from "@drawbar/blueprint-schema/Json"
import * as Permission from "./Permission.ts"

/** An answer that is about to be sent. */
export interface Answered {
  readonly id: string
  readonly method: string
  /** The endpoint's path with its parameters' names; nothing where there is no such endpoint. */
  readonly route: string | undefined
  readonly asker: Asker | undefined
  /** The ids in the path. */
  readonly params: Readonly<Record<string, string>>
  readonly status: number
  /** What is answered, where it is JSON. */
  readonly value: unknown
}

export type Audit = (answered: Answered) => void

/** `write` takes each line before its answer is sent; `now` is in ms since 1970. */
export const make =
  (write: (line: string) => void, now: () => number): Audit =>
  ({ id, method, route, asker, params, status, value }) => {
    const needs = route === undefined ? undefined : Permission.needed({ method, path: route })
    const isRefusal = status === 401 || status === 403
    if (!isRefusal && needs !== "write" && needs !== "operate") return
    const who = asker === undefined ? null : { kind: asker.kind, name: asker.name }
    const object = { ...params, ...idsIn(value) }
    write(
      JSON.stringify({
        time: new Date(now()).toISOString(),
        id,
        who,
        method,
        route: route ?? null,
        needs: needs ?? null,
        object,
        outcome: outcomeOf(status),
        status,
      }),
    )
  }

const outcomeOf = (status: number) => (status < 400 ? "done" : status === 401 || status === 403 ? "denied" : "failed")

/** The ids of what was made. */
const ids = ["connector_id", "model_id", "model_group_id", "task_id", "id"]

const idsIn = (value: unknown): JsonObject =>
  typeof value !== "object" || value === null
    ? {}
    : Object.fromEntries(Object.entries(value).filter(([name, id]) => ids.includes(name) && typeof id === "string"))
