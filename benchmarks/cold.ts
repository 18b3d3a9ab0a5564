/** From a cold start, as the first users meet it: the processor time of each period, and the latency of the first second. */
import * as Load from "./Load.ts"
import { once, type Row } from "./predict.ts"
import type { Starter, Subject, Work } from "./Subjects.ts"

export interface Cold {
  readonly floor: ReadonlyArray<Row>
  readonly drawbar: ReadonlyArray<Row>
}

/** Consecutive periods of new processes; the floor and Drawbar alternate, so that both meet the same machine. */
export const measure = async (
  { floor, drawbar }: Starter,
  { work, connections, periods, seconds }: Settings,
): Promise<Cold> => {
  const subjects = [await floor(), await drawbar()]
  const targets = await Promise.all(subjects.map(({ target }) => target(work)))
  const rows: ReadonlyArray<Array<Row>> = [[], []]
  for (let period = 0; period < periods; period++)
    for (const i of [0, 1]) {
      const subject = subjects[i] as Subject
      const figures = await once(subject, targets[i] as Load.Target, { ...work, connections }, seconds)
      rows[i]!.push({ name: subject.name, ...figures })
    }
  return { floor: rows[0]!, drawbar: rows[1]! }
}

export interface Settings {
  readonly work: Work
  readonly connections: number
  readonly periods: number
  readonly seconds: number
}
