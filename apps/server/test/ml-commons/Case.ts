/** One request to a server, and what ML Commons' clients rely on in the response. */
import type * as Answer from "@drawbar/stub-platform/Answer"
import { blueprint } from "../Drawbar.ts"

export const ml = "/_plugins/_ml"

export interface Case {
  readonly name: string
  /** Preceding requests; each must succeed. */
  readonly after?: ReadonlyArray<readonly [method: string, path: string, body?: unknown]>
  /** `{task}` in its path is the last task id in a response. */
  readonly ask: readonly [method: string, path: string, body?: unknown]
  readonly platform?: Answer.Handler
  readonly status: number
  readonly type?: string
  readonly reason?: string
  readonly json?: unknown
}

export const without = (field: string) =>
  Object.fromEntries(Object.entries(blueprint).filter(([name]) => name !== field))
export const [action] = blueprint.actions
export const connector = ["POST", `${ml}/connectors/_create`, { ...blueprint, connector_id: "c" }] as const
export const model = { name: "m", function_name: "remote", connector_id: "c", model_id: "m" }
export const register = ["POST", `${ml}/models/_register`, model] as const
export const group = ["POST", `${ml}/model_groups/_register`, { name: "g", model_group_id: "g" }] as const
export const predict = ["POST", `${ml}/models/m/_predict`, { parameters: { texts: ["a"] } }] as const
export const noHits = {
  total: { value: 0, relation: "eq" },
  max_score: null,
  hits: [],
}
