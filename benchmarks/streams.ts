/** Streams: the delay of the first chunk compared with the upstream itself, alone and with many other open streams. */
import { Agent, request } from "undici"
import * as Load from "./Load.ts"
import * as Program from "./Program.ts"
import type { Subject, Work } from "./Subjects.ts"

/** Time to the first chunk and to the end, in ms. `onFirst` is called with the first. */
const one = async (
  { origin, path, headers = {}, body }: Load.Target,
  dispatcher: Agent,
  onFirst: () => void = () => {},
): Promise<readonly [number, number]> => {
  const began = performance.now()
  const answer = await request(origin + path, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
    dispatcher,
  })
  let first: number | undefined
  for await (const _piece of answer.body) {
    if (first === undefined) onFirst()
    first ??= performance.now() - began
  }
  if (answer.statusCode !== 200 || first === undefined) throw new Error(`${origin}${path} returned no stream`)
  return [first, performance.now() - began]
}

export interface Streams {
  readonly name: string
  /** µs of processor time per stream. */
  readonly cpu: number
  /** Medians in ms. */
  readonly first: number
  readonly whole: number
  /** In MB, while they are open. */
  readonly memory: number
}

/**
 * Streams of 64 deltas one after the other, `rounds` of each subject in turn, while `held` other streams are open that
 * receive one delta per second.
 */
export const measure = async (
  subjects: ReadonlyArray<Subject>,
  { held, rounds, task = "chat" }: { readonly held: number; readonly rounds: number; readonly task?: Work["task"] },
): Promise<ReadonlyArray<Streams>> => {
  const found: Array<Streams> = []
  for (const { name, program, streamed } of subjects) {
    const target = await streamed?.({ task, delay: 0, bytes: 200 })
    const slow = await streamed?.({ task, delay: 1_000, bytes: 200 })
    const agent = new Agent()
    if (target === undefined || slow === undefined || !(await isStream(target, agent))) continue
    const others = await hold(slow, held)
    const before = Program.cpuSeconds(program)
    const times: Array<readonly [number, number]> = []
    for (let round = 0; round < rounds; round++) times.push(await one(target, agent))
    const cpu = ((Program.cpuSeconds(program) - before) / rounds) * 1e6
    const memory = Program.memory(program)
    await Promise.all([agent.close(), others()])
    const median = (column: 0 | 1) => Load.median(times.map((time) => time[column]))
    found.push({ name, cpu, first: median(0), whole: median(1), memory })
  }
  return found
}

const isStream = (target: Load.Target, agent: Agent): Promise<boolean> =>
  one(target, agent).then(
    () => true,
    () => false,
  )

/** Opens a number of streams; returns a function that closes all of them. */
const hold = async (target: Load.Target, count: number): Promise<() => Promise<void>> => {
  const agent = new Agent({ connections: Math.max(1, count), headersTimeout: 0, bodyTimeout: 0 })
  await Promise.all(
    Array.from({ length: count }, () => new Promise<void>((onFirst) => one(target, agent, onFirst).catch(() => {}))),
  )
  return () => agent.destroy()
}
