/** `pnpm bench`, or `pnpm bench --quick`: measurements with their floor, in one run. README.md explains them. */
import process from "node:process"
import * as Allocations from "./allocations.ts"
import * as Beginning from "./beginning.ts"
import * as Cold from "./cold.ts"
import * as Load from "./Load.ts"
import * as Micro from "./micro.ts"
import * as Predict from "./predict.ts"
import * as Program from "./Program.ts"
import * as Quiet from "./Quiet.ts"
import * as Streams from "./streams.ts"
import * as Subjects from "./Subjects.ts"
import * as Wrk from "./Wrk.ts"

const quick = process.argv.includes("--quick")
const only = process.argv.find((argument) => argument.startsWith("--only="))?.slice("--only=".length)
const fixed = (value: number, digits = 1) => value.toFixed(digits)
const say = (line: string) => process.stdout.write(`${line}\n`)
const row = (name: string, figures: string) => say(`  ${name.padEnd(28)} ${figures}`)
const pause = (millis: number) => new Promise((resume) => setTimeout(resume, millis))

const work = { delay: 0, bytes: 200 }
const pace = quick ? { rounds: 1, seconds: 0.5 } : { rounds: 3, seconds: 2 }

const micro = async () => {
  for (const [name, { floor, drawbar }] of Object.entries(await Micro.measure(quick ? 3 : 15)))
    say(`${name}: ${fixed(drawbar)} µs, floor ${fixed(floor)} µs, ratio ${fixed(drawbar / floor, 2)}`)
}

const start = async () => {
  const { millis, memory } = await Beginning.measure(quick ? 3 : 9)
  say(`start: ${fixed(millis, 0)} ms to the first response, ${fixed(memory, 0)} MB`)
}

const showRows = (rows: ReadonlyArray<Predict.Row>) => {
  for (const { name, cpu, rate, p50, p99 } of rows)
    row(
      name,
      `${fixed(cpu, 0).padStart(6)} µs CPU (× ${fixed(cpu / (rows[0]?.cpu ?? Number.NaN), 2)}), ${fixed(rate, 0).padStart(6)}/s, p50 ${fixed(p50, 2)} ms, p99 ${fixed(p99, 2)} ms`,
    )
}

const showStreams = (rows: ReadonlyArray<Streams.Streams>) => {
  for (const { name, cpu, first, whole, memory } of rows)
    row(
      name,
      `${fixed(cpu, 0).padStart(6)} µs CPU (× ${fixed(cpu / (rows[0]?.cpu ?? Number.NaN), 2)}), first chunk ${fixed(first, 2)} ms, total ${fixed(whole, 1)} ms, ${fixed(memory, 0)} MB`,
    )
}

const compare = async (subjects: ReadonlyArray<Subjects.Subject>, cell: Predict.Cell) => {
  const { task = "chat", connections, perSecond, delay, bytes } = cell
  const callers = perSecond === undefined ? `${connections} connections` : `${perSecond} per second`
  say(
    `${task}, ${callers}, upstream delay ${delay} ms${task === "vectors" || task === "embeddings" ? "" : `, ${bytes} bytes`}`,
  )
  showRows(await Predict.measure(subjects, cell, pace))
}

/** Each run in new processes, so that the first period is cold. */
const cold = async () => {
  const periods = quick ? 2 : 5
  for (const { connections, seconds } of [
    { connections: 32, seconds: quick ? 1 : 5 },
    { connections: 128, seconds: 1 },
  ]) {
    const runs = quick ? 1 : 3
    const found: Array<Cold.Cold> = []
    for (let run = 0; run < runs; run++)
      found.push(
        await Subjects.withStarter("none", (starter) => Cold.measure(starter, { work, connections, periods, seconds })),
      )
    say(`cold, ${connections} connections, ${periods} periods of ${seconds} s from the start`)
    for (const [label, figure] of [
      ["CPU per request", "cpu"],
      ["p99", "p99"],
    ] as const) {
      const of = (who: keyof Cold.Cold, period: number) =>
        Load.median(found.map((run) => run[who][period]?.[figure] ?? Number.NaN))
      const ratios = Array.from({ length: periods }, (_, n) => fixed(of("drawbar", n) / of("floor", n), 2))
      row(`${label}, × the floor`, ratios.join(", "))
    }
  }
}

const warm = () =>
  Subjects.use(!quick, async (subjects) => {
    const cells: ReadonlyArray<Predict.Cell> = quick
      ? [1, 32].map((connections) => ({ connections, ...work }))
      : [
          ...[1, 32].flatMap((connections) =>
            [0, 20].flatMap((delay) => [200, 10_240].map((bytes) => ({ connections, delay, bytes }))),
          ),
          ...[10, 128].map((connections) => ({ connections, ...work })),
          ...[500, 2_000].map((perSecond) => ({ connections: 32, perSecond, ...work })),
        ]
    for (const cell of cells) await compare(subjects, cell)
    if (Wrk.isThere()) {
      say("peak by wrk, 32 connections")
      for (const { name, target } of subjects)
        row(name, `${fixed(await Wrk.peak(await target(work), 32, quick ? 1 : 5), 0).padStart(6)}/s`)
    }
    for (const subject of subjects.filter(({ write }) => write !== undefined)) {
      const { alone, beside } = await Predict.whileWriting(subject, work, 200, pace)
      say(
        `${subject.name}: 200 predicts per second, p99 ${fixed(alone, 2)} ms; ${fixed(beside, 2)} ms with 200 writes per second`,
      )
    }
    for (const held of [0, quick ? 32 : 512]) {
      say(`stream of 64 deltas, ${held} others open`)
      showStreams(await Streams.measure(subjects, { held, rounds: quick ? 20 : 300 }))
    }
    say("memory, steady under 32 connections, and 10 s later")
    for (const { name, program, target } of subjects) {
      await Load.run(await target(work), 32, quick ? 1 : 10)
      const steady = Program.memory(program)
      await pause(quick ? 1_000 : 10_000)
      row(name, `${fixed(steady, 0)} MB, ${fixed(Program.memory(program), 0)} MB`)
    }
    // Last, because responses of several megabytes affect the memory.
    if (!quick) await compare(subjects, { connections: 8, task: "embeddings", ...work })
  })

const tls = async () => {
  for (const side of ["callers", "upstream"] as const)
    await Subjects.withStarter(side, async ({ floor, drawbar }) => {
      say(`TLS: ${side}`)
      await compare([await floor(), await drawbar()], { connections: 32, ...work })
    })
}

/** OpenAI's API beside the ML Commons predict of the same model, in the same server. */
const openai = () =>
  Subjects.withStarter("none", async ({ floor, drawbar }) => {
    const server = await drawbar()
    const subjects = [await floor(), server, ...(server.face === undefined ? [] : [server.face])]
    for (const task of ["chat", "messages", "vectors"] as const)
      await compare(subjects, { task, connections: task === "vectors" ? 8 : 32, ...work })
    for (const task of ["chat", "messages"] as const) {
      say(`${task}, stream of 64 deltas`)
      showStreams(await Streams.measure(subjects, { task, held: 0, rounds: quick ? 20 : 300 }))
    }
  })

/** What the bound of the young generation saves in memory, and costs in collections. */
const semiSpace = () =>
  Subjects.withStarter("none", async ({ drawbar }) => {
    say("young generation")
    const sizes = [4, 8, 12, 16, 32]
    const subjects: Array<Subjects.Subject> = []
    for (const size of sizes) {
      const flags = [`--max-semi-space-size=${size}`, ...Subjects.bundle.slice(1)]
      subjects.push({ ...(await drawbar(flags)), name: `${size} MB` })
    }
    showRows(await Predict.measure(subjects, { connections: 32, ...work }, pace))
    for (const { name, program } of subjects) row(name, `${fixed(Program.memory(program), 0)} MB`)
  })

const allocations = async () => {
  for (const bytes of [200, 10_240]) {
    const { floor, drawbar } = await Allocations.measure({ ...work, bytes }, quick ? 1 : 4)
    say(
      `allocations, ${bytes} bytes: ${fixed(drawbar.all)} KiB per request, floor ${fixed(floor.all)} KiB, ratio ${fixed(drawbar.all / floor.all, 2)}`,
    )
    say(
      `  of which outlive minor collections: ${fixed(drawbar.surviving, 2)} KiB, floor ${fixed(floor.surviving, 2)} KiB`,
    )
  }
}

const parts: Readonly<Record<string, () => Promise<void>>> = {
  micro,
  allocations,
  start,
  cold,
  tls,
  semiSpace,
  warm,
  openai,
}
for (const [name, measure] of Object.entries(parts)) {
  if (only !== undefined && only !== name) continue
  const seen = Quiet.observe()
  await measure()
  say(`  (${name}: ${seen()})`)
}
