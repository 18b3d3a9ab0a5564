/** `pnpm bench`, or `pnpm bench --quick`: figures with their floor, in one run. README.md says what they mean. */
import process from "node:process"
import * as Beginning from "./beginning.ts"
import * as Micro from "./micro.ts"
import * as Predict from "./predict.ts"
import * as Program from "./Program.ts"
import * as Streams from "./streams.ts"
import * as Subjects from "./Subjects.ts"

const quick = process.argv.includes("--quick")
const fixed = (value: number | undefined, digits = 1) => (value ?? Number.NaN).toFixed(digits)
const say = (line: string) => process.stdout.write(`${line}\n`)

for (const [name, { floor, drawbar }] of Object.entries(await Micro.measure(quick ? 3 : 15)))
  say(`${name}: ${fixed(drawbar)} µs, floor ${fixed(floor)} µs, ratio ${fixed(drawbar / floor, 2)}`)

const beginning = await Beginning.measure(quick ? 3 : 9)
say(`start: ${fixed(beginning.millis, 0)} ms to the first answer, ${fixed(beginning.memory, 0)} MB`)

const small = 200
const large = 10_240
const cells: ReadonlyArray<Predict.Cell> = quick
  ? [1, 32].map((connections) => ({ connections, delay: 0, bytes: small }))
  : [
      ...[1, 32].flatMap((connections) =>
        [0, 20].flatMap((delay) => [small, large].map((bytes) => ({ connections, delay, bytes }))),
      ),
      ...[10, 128].map((connections) => ({ connections, delay: 0, bytes: small })),
    ]
const pace = quick ? { rounds: 1, seconds: 0.5 } : { rounds: 3, seconds: 2 }

await Subjects.use(!quick, async (subjects) => {
  for (const cell of cells) {
    say(`predict, ${cell.connections} connections, platform waits ${cell.delay} ms, ${cell.bytes} bytes`)
    const rows = await Predict.measure(subjects, cell, pace)
    const [floor] = rows
    for (const { name, medians } of rows) {
      const [cpu, rate, p50, p99] = medians
      const ratio = fixed(cpu / (floor?.medians[0] ?? Number.NaN), 2)
      say(
        `  ${name.padEnd(28)} ${fixed(cpu, 0).padStart(6)} µs CPU (× ${ratio}), ${fixed(rate, 0).padStart(6)}/s, p50 ${fixed(p50, 2)} ms, p99 ${fixed(p99, 2)} ms`,
      )
    }
  }
  for (const [count, pause] of [
    [1, 0],
    [quick ? 32 : 512, 20],
  ] as const) {
    say(`stream of 64 deltas, ${count} at once, ${pause} ms between deltas`)
    for (const { name, first, whole, memory } of await Streams.measure(subjects, {
      count,
      pause,
      rounds: count === 1 ? (quick ? 20 : 200) : 1,
    }))
      say(`  ${name.padEnd(28)} first piece ${fixed(first, 2)} ms, whole ${fixed(whole, 1)} ms, ${fixed(memory, 0)} MB`)
  }
  say("memory after all that")
  for (const { name, program } of subjects) say(`  ${name.padEnd(28)} ${fixed(Program.memory(program), 0)} MB`)
})
