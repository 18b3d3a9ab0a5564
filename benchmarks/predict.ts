/** Compares predicts: rounds alternate between the subjects, and medians are compared. */
import * as Load from "./Load.ts"
import * as Program from "./Program.ts"
import type { Subject, Work } from "./Subjects.ts"

export interface Cell extends Work {
  readonly connections: number
  /** Requests per second; absent: each connection sends its next request after the response. */
  readonly perSecond?: number
}

export interface Row {
  readonly name: string
  /** µs of processor time per request, requests per second, p50 and p99 in ms. */
  readonly cpu: number
  readonly rate: number
  readonly p50: number
  readonly p99: number
}

export interface Pace {
  readonly rounds: number
  readonly seconds: number
}

export const measure = async (
  all: ReadonlyArray<Subject>,
  cell: Cell,
  { rounds, seconds }: Pace,
): Promise<ReadonlyArray<Row>> => {
  const subjects = all.filter(({ onlyChats }) => onlyChats !== true || (cell.task ?? "chat") === "chat")
  const targets = await Promise.all(subjects.map(({ target }) => target(cell)))
  const found = subjects.map(() => [] as Array<Omit<Row, "name">>)
  for (const target of targets) await Load.run(target, cell.connections, Math.min(seconds, 1))
  for (let round = 0; round < rounds; round++)
    for (let step = 0; step < subjects.length; step++) {
      const i = (round + step) % subjects.length
      found[i]!.push(await once(subjects[i]!, targets[i]!, cell, seconds))
    }
  return subjects.map(({ name }, i) => {
    const median = (key: keyof Omit<Row, "name">) => Load.median(found[i]!.map((row) => row[key]))
    return { name, cpu: median("cpu"), rate: median("rate"), p50: median("p50"), p99: median("p99") }
  })
}

/** One period. */
export const once = async (
  { program }: Subject,
  target: Load.Target,
  { connections, perSecond }: Cell,
  seconds: number,
): Promise<Omit<Row, "name">> => {
  const before = Program.cpuSeconds(program)
  const { latencies, requests, ...load } =
    perSecond === undefined
      ? await Load.run(target, connections, seconds)
      : await Load.paced(target, perSecond, seconds)
  return {
    cpu: ((Program.cpuSeconds(program) - before) / requests) * 1e6,
    rate: requests / load.seconds,
    p50: Load.percentile(latencies, 0.5),
    p99: Load.percentile(latencies, 0.99),
  }
}

export interface Writing {
  /** In ms, without and with concurrent writes. */
  readonly alone: number
  readonly beside: number
}

/** The p99 of predicts at a steady rate, without and with the same rate of record writes. */
export const whileWriting = async (
  subject: Subject,
  work: Work,
  perSecond: number,
  { rounds, seconds }: Pace,
): Promise<Writing> => {
  const target = await subject.target(work)
  const p99 = async () => Load.percentile((await Load.paced(target, perSecond, seconds)).latencies, 0.99)
  const found: Array<readonly [number, number]> = []
  for (let round = 0; round < rounds; round++) {
    const alone = await p99()
    const written: Array<Promise<void> | undefined> = []
    const writing = setInterval(() => written.push(subject.write?.()), 1_000 / perSecond)
    found.push([alone, await p99()])
    clearInterval(writing)
    await Promise.all(written)
  }
  const median = (column: 0 | 1) => Load.median(found.map((round) => round[column]))
  return { alone: median(0), beside: median(1) }
}
