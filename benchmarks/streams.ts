/** Streams: how much later the first piece comes than from the platform itself, and what many held at once take. */
import { request } from "undici"
import * as Load from "./Load.ts"
import * as Program from "./Program.ts"
import type { Subject } from "./Subjects.ts"

/** Time to the first piece, and to the end, in ms. */
const one = async ({ origin, path, headers = {}, body }: Load.Target): Promise<readonly [number, number]> => {
  const began = performance.now()
  const answer = await request(origin + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  })
  let first: number | undefined
  for await (const _piece of answer.body) first ??= performance.now() - began
  if (answer.statusCode !== 200 || first === undefined) throw new Error(`${origin}${path} gave no stream`)
  return [first, performance.now() - began]
}

const isStream = (target: Load.Target): Promise<boolean> =>
  one(target).then(
    () => true,
    () => false,
  )

export interface Streams {
  readonly name: string
  /** Medians in ms. */
  readonly first: number
  readonly whole: number
  /** In MB, while they are held. */
  readonly memory: number
}

/** `count` streams at once; `pause` is the platform's between two of its 64 deltas, in ms. */
export const measure = async (
  subjects: ReadonlyArray<Subject>,
  { count, pause, rounds }: { readonly count: number; readonly pause: number; readonly rounds: number },
): Promise<ReadonlyArray<Streams>> => {
  const results: Array<Streams> = []
  for (const { name, program, streamed } of subjects) {
    if (streamed === undefined) continue
    const target = await streamed({ delay: pause, bytes: 200 })
    if (!(await isStream(target))) continue
    const times: Array<readonly [number, number]> = []
    let memory = 0
    for (let round = 0; round < rounds; round++) {
      const held = Promise.all(Array.from({ length: count }, () => one(target)))
      const timer = setInterval(() => (memory = Math.max(memory, Program.memory(program))), 50)
      times.push(...(await held))
      clearInterval(timer)
    }
    const median = (column: 0 | 1) => Load.median(times.map((time) => time[column]))
    results.push({ name, first: median(0), whole: median(1), memory })
  }
  return results
}
