/** `pnpm bench`, or `pnpm bench --quick`: measurements with their floor, in one run. README.md explains them. */
import process from "node:process"
import * as Beginning from "./beginning.ts"
import * as Load from "./Load.ts"
import * as Micro from "./micro.ts"
import * as Predict from "./predict.ts"
import * as Program from "./Program.ts"
import * as Streams from "./streams.ts"
import * as Subjects from "./Subjects.ts"
import * as Wrk from "./Wrk.ts"

const quick = process.argv.includes("--quick")
const fixed = (value: number, digits = 1) => value.toFixed(digits)
const say = (line: string) => process.stdout.write(`${line}\n`)
const row = (name: string, figures: string) => say(`  ${name.padEnd(28)} ${figures}`)

for (const [name, { floor, drawbar }] of Object.entries(await Micro.measure(quick ? 3 : 15)))
  say(`${name}: ${fixed(drawbar)} µs, floor ${fixed(floor)} µs, ratio ${fixed(drawbar / floor, 2)}`)

const beginning = await Beginning.measure(quick ? 3 : 9)
say(`start: ${fixed(beginning.millis, 0)} ms to the first response, ${fixed(beginning.memory, 0)} MB`)

const small = { delay: 0, bytes: 200 }
const cells: ReadonlyArray<Predict.Cell> = quick
  ? [1, 32].map((connections) => ({ connections, ...small }))
  : [
      ...[1, 32].flatMap((connections) =>
        [0, 20].flatMap((delay) => [200, 10_240].map((bytes) => ({ connections, delay, bytes }))),
      ),
      ...[10, 128].map((connections) => ({ connections, ...small })),
      ...[500, 2_000].map((perSecond) => ({ connections: 32, perSecond, ...small })),
    ]
const pace = quick ? { rounds: 1, seconds: 0.5 } : { rounds: 3, seconds: 2 }

const named = ({ task = "chat", connections, perSecond, delay, bytes }: Predict.Cell) =>
  `${task}, ${perSecond === undefined ? `${connections} connections` : `${perSecond} per second`}, upstream delay ${delay} ms${task === "chat" ? `, ${bytes} bytes` : ""}`

await Subjects.use(!quick, async (subjects) => {
  const compare = async (cell: Predict.Cell) => {
    say(named(cell))
    const rows = await Predict.measure(subjects, cell, pace)
    for (const { name, cpu, rate, p50, p99 } of rows)
      row(
        name,
        `${fixed(cpu, 0).padStart(6)} µs CPU (× ${fixed(cpu / (rows[0]?.cpu ?? Number.NaN), 2)}), ${fixed(rate, 0).padStart(6)}/s, p50 ${fixed(p50, 2)} ms, p99 ${fixed(p99, 2)} ms`,
      )
  }
  for (const cell of cells) await compare(cell)
  if (Wrk.isThere()) {
    say("peak by wrk, 32 connections")
    for (const { name, target } of subjects)
      row(name, `${fixed(await Wrk.peak(await target(small), 32, quick ? 1 : 5), 0).padStart(6)}/s`)
  }
  for (const subject of subjects.filter(({ write }) => write !== undefined)) {
    const { alone, beside } = await Predict.whileWriting(subject, small, 200, pace)
    say(
      `${subject.name}: 200 predicts per second, p99 ${fixed(alone, 2)} ms; ${fixed(beside, 2)} ms with 200 writes per second`,
    )
  }
  for (const held of [0, quick ? 32 : 512]) {
    say(`stream of 64 deltas, ${held} others open`)
    for (const { name, first, whole, memory } of await Streams.measure(subjects, { held, rounds: quick ? 20 : 300 }))
      row(name, `first chunk ${fixed(first, 2)} ms, total ${fixed(whole, 1)} ms, ${fixed(memory, 0)} MB`)
  }
  say("memory, steady under 32 connections, and 10 s later")
  for (const { name, program, target } of subjects) {
    await Load.run(await target(small), 32, quick ? 1 : 10)
    const steady = Program.memory(program)
    await new Promise((resume) => setTimeout(resume, quick ? 1_000 : 10_000))
    row(name, `${fixed(steady, 0)} MB, ${fixed(Program.memory(program), 0)} MB`)
  }
  // Last, because responses of several megabytes affect the memory.
  if (!quick) await compare({ connections: 8, task: "embeddings", ...small })
})
