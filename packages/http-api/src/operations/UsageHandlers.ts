import { type Listed, Principals } from "@drawbar/registry/access/Principals"
import { Prices } from "@drawbar/registry/spend/Prices"
import { type SpentOf, Usage } from "@drawbar/registry/spend/Usage"
import * as UsageRow from "@drawbar/registry/spend/UsageRow"
import { Clock, Effect } from "effect"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { BadParameter, RequestError } from "@drawbar/http-server/http/RequestError"
import * as OpenSearchError from "../errors/OpenSearchError.ts"
import { type Dimension, dimensions, UsageApi, type UsageReport } from "./UsageApi.ts"

export const make = Effect.gen(function* () {
  const usage = yield* Usage
  const prices = yield* Prices
  const principals = yield* Principals

  return Endpoint.serve(OpenSearchError.face, UsageApi, {
    get: Effect.fnUntraced(function* ({ query: { by, ...filter } }) {
      for (const name of ["from", "to"] as const)
        if (filter[name] !== undefined && !dayForm.test(filter[name]))
          return yield* refused(`${name} must be a day (UTC), such as 2026-11-28`)
      const grouped = (by ?? dimensions.join(",")).split(",").map((name) => name.trim())
      const unknown = grouped.find((name) => !isDimension(name))
      if (unknown !== undefined) return yield* refused(`by [${unknown}] must be a list of [${dimensions.join(", ")}]`)
      const rows = yield* usage.rows(filter)
      const groups = groupsOf(rows, grouped.filter(isDimension))
      if (groups.length > maxGroups)
        return yield* refused(
          `This report has ${groups.length} rows, and ${maxGroups} are returned at most: name fewer days with from and to, or sum by fewer of [${dimensions.join(", ")}] with by`,
        )
      const now = yield* Clock.currentTimeMillis
      const known = (yield* principals.list).filter(({ id }) => filter.key === undefined || id === filter.key)
      const report: UsageReport = {
        currency: "USD",
        prices: prices.version,
        rows: groups,
        total: shown(rows.reduce<UsageRow.Counts>(UsageRow.plus, UsageRow.none)),
        budgets: known.flatMap(budgetOf(yield* usage.spending, now)),
      }
      return report
    }),
  })
})

const budgetOf =
  (spent: SpentOf, now: number) =>
  ({ id: key, principal }: Listed): UsageReport["budgets"] => {
    const { name, max_budget, max_budget_tokens, budget_window: window = "total" } = principal
    if (max_budget === undefined && max_budget_tokens === undefined) return []
    return [
      {
        key,
        name,
        window,
        ...(max_budget === undefined ? {} : { max_budget }),
        spent_usd: usd(spent({ key, unit: "nano_usd", window }, now)),
        ...(max_budget_tokens === undefined ? {} : { max_budget_tokens }),
        spent_tokens: spent({ key, unit: "tokens", window }, now),
      },
    ]
  }

const groupsOf = (rows: ReadonlyArray<UsageRow.UsageRow>, by: ReadonlyArray<Dimension>): UsageReport["rows"] => {
  const groups = new Map<string, { readonly of: Partial<Record<Dimension, string>>; counts: UsageRow.Counts }>()
  for (const row of rows) {
    const name = JSON.stringify(by.map((one) => row[one]))
    const group = groups.get(name) ?? {
      of: Object.fromEntries(by.map((one) => [one, row[one]])),
      counts: UsageRow.none,
    }
    group.counts = UsageRow.plus(group.counts, row)
    groups.set(name, group)
  }
  return [...groups.values()].map(({ of, counts }) => ({ ...of, ...shown(counts) }))
}

const shown = ({ calls, input_tokens, output_tokens, cost_nano_usd, ...flagged }: UsageRow.Counts) => ({
  calls,
  input_tokens,
  output_tokens,
  cost_usd: usd(cost_nano_usd),
  estimated_calls: flagged.estimated_calls,
  unpriced_calls: flagged.unpriced_calls,
})

const usd = (nano: number) => nano / 1e9

const maxGroups = 10_000

const dayForm = /^\d{4}-\d{2}-\d{2}$/

const isDimension = (name: string): name is Dimension => dimensions.some((known) => known === name)

const refused = (message: string) => Effect.fail(RequestError.from(new BadParameter({ message })))
