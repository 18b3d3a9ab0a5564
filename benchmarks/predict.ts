/** Closed loops: as many callers as there are connections, each asking again when it is answered. Rounds alternate, medians are compared. */
import * as Load from "./Load.ts"
import * as Program from "./Program.ts"
import type { Subject, Work } from "./Subjects.ts"

export interface Cell extends Work {
  readonly connections: number
}

export interface Row extends Cell {
  readonly name: string
  /** µs of processor time a request, requests a second, p50 and p99 in ms. */
  readonly medians: readonly [cpu: number, rate: number, p50: number, p99: number]
}

export const measure = async (
  subjects: ReadonlyArray<Subject>,
  cell: Cell,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
): Promise<ReadonlyArray<Row>> => {
  const targets = await Promise.all(subjects.map(({ target }) => target(cell)))
  const rows = subjects.map(() => [] as Array<readonly number[]>)
  for (const target of targets) await Load.run(target, cell.connections, Math.min(seconds, 1))
  for (let round = 0; round < rounds; round++)
    for (let step = 0; step < subjects.length; step++) {
      const i = (round + step) % subjects.length
      const { program } = subjects[i]!
      const before = Program.cpuSeconds(program)
      const { requests, seconds: took, latencies } = await Load.run(targets[i]!, cell.connections, seconds)
      const cpu = ((Program.cpuSeconds(program) - before) / requests) * 1e6
      rows[i]!.push([cpu, requests / took, Load.percentile(latencies, 0.5), Load.percentile(latencies, 0.99)])
    }
  return subjects.map(({ name }, i) => {
    const median = (column: number) => Load.median(rows[i]!.map((row) => row[column] ?? Number.NaN))
    return { ...cell, name, medians: [median(0), median(1), median(2), median(3)] }
  })
}
