/** `pnpm bench`, or `pnpm bench --quick`: figures with their floor, in one run. README.md says what they mean. */
import process from "node:process"
import * as Micro from "./micro.ts"
import * as Predict from "./predict.ts"

const quick = process.argv.includes("--quick")
const fixed = (value: number | undefined, digits = 1) => (value ?? Number.NaN).toFixed(digits)

for (const [name, { floor, drawbar }] of Object.entries(await Micro.measure(quick ? 3 : 15)))
  console.log(`${name}: ${fixed(drawbar)} µs, floor ${fixed(floor)} µs, ratio ${fixed(drawbar / floor, 2)}`)

const table = await Predict.measure(quick ? { rounds: 1, seconds: 0.5 } : { rounds: 5, seconds: 3 })
for (const { connections, name, medians } of table) {
  const [cpu, rate, p50, p99] = medians
  const floor = table.find((row) => row.connections === connections && row.name === "floor")?.medians[0] ?? Number.NaN
  console.log(
    `predict, ${connections} connections, ${name}: ${fixed(cpu, 0)} µs CPU a request (× ${fixed((cpu ?? 0) / floor, 2)}), ${fixed(rate, 0)}/s, p50 ${fixed(p50, 2)} ms, p99 ${fixed(p99, 2)} ms`,
  )
}
