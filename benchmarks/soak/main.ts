/** `pnpm soak`, `pnpm soak aborts stops`, `pnpm soak faults --minutes 10`. README.md explains the figures. */
import process from "node:process"
import { parseArgs } from "node:util"
import * as Aborts from "./aborts.ts"
import * as Failing from "./failing.ts"
import * as Faults from "./faults.ts"
import * as Hangs from "./hangs.ts"
import * as Neighbours from "./neighbours.ts"
import * as Overload from "./overload.ts"
import * as Scenario from "./Scenario.ts"
import * as Stops from "./stops.ts"

const scenarios: Readonly<Record<string, Scenario.Scenario>> = {
  aborts: Aborts.scenario,
  hangs: Hangs.scenario,
  failing: Failing.scenario,
  neighbours: Neighbours.scenario,
  overload: Overload.scenario,
  stops: Stops.scenario,
  faults: Faults.scenario,
}

const { values, positionals } = parseArgs({ options: { minutes: { type: "string" } }, allowPositionals: true })
const minutes = Number(values.minutes ?? 1)
const say = (line: string) => process.stdout.write(`${line}\n`)

let missed = 0
for (const name of positionals.length === 0 ? Object.keys(scenarios) : positionals) {
  const scenario = scenarios[name]
  if (scenario === undefined)
    throw new Error(`Unknown soak test ${name}; use one of ${Object.keys(scenarios).join(", ")}`)
  say(`${name}: ${scenario.description}`)
  for (const figure of await scenario.run({ minutes })) {
    const { what, value, unit, atMost, atLeast } = figure
    const goal = atMost !== undefined ? `≤ ${atMost}` : atLeast !== undefined ? `≥ ${atLeast}` : undefined
    const isMet = Scenario.meetsGoal(figure)
    if (!isMet) missed += 1
    const shown = `${Math.round(value * 1_000) / 1_000} ${unit}`.trim()
    say(`  ${what}: ${shown}${goal === undefined ? "" : ` (goal ${goal}${isMet ? "" : ", MISSED"})`}`)
  }
}
process.exitCode = missed === 0 ? 0 : 1
