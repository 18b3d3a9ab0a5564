/** Sends requests over kept connections. */
import { setTimeout } from "node:timers/promises"
import { Pool } from "undici"

export interface Target {
  readonly origin: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
  /** The authority (PEM) that issued the certificate of the origin. */
  readonly ca?: string
  /** A text that a correct response contains. */
  readonly expects: string
}

export interface Measured {
  /** The number of responses. */
  readonly requests: number
  readonly seconds: number
  /** Milliseconds, sorted. */
  readonly latencies: ReadonlyArray<number>
}

/** In ms. */
const ask = async (pool: Pool, { origin, path, headers = {}, body, expects }: Target): Promise<number> => {
  const began = performance.now()
  const sent = { "content-type": "application/json", ...headers }
  const answer = await pool.request({ method: "POST", path, headers: sent, body })
  const text = await answer.body.text()
  if (answer.statusCode !== 200 || !text.includes(expects))
    throw new Error(`${origin}${path} returned ${answer.statusCode}: ${text.slice(0, 1_000)}`)
  return performance.now() - began
}

const connectOf = ({ ca }: Target) => (ca === undefined ? {} : { ca })

const measured = (latencies: ReadonlyArray<number>, began: number): Measured => ({
  requests: latencies.length,
  seconds: (performance.now() - began) / 1000,
  latencies: latencies.toSorted((a, b) => a - b),
})

/** A closed loop: each connection sends its next request after the response. */
export const run = async (target: Target, connections: number, seconds: number): Promise<Measured> => {
  const pool = new Pool(target.origin, { connections, connect: connectOf(target) })
  const latencies: Array<number> = []
  const began = performance.now()
  const end = began + seconds * 1000
  const client = async () => {
    while (performance.now() < end) latencies.push(await ask(pool, target))
  }
  await Promise.all(Array.from({ length: connections }, client))
  const found = measured(latencies, began)
  await pool.close()
  return found
}

/**
 * A fixed number of requests per second, whether earlier ones have completed or not, so that a slow subject receives as
 * many.
 */
export const paced = async (target: Target, perSecond: number, seconds: number): Promise<Measured> => {
  const pool = new Pool(target.origin, { connections: 256, connect: connectOf(target) })
  const requested: Array<Promise<number>> = []
  const began = performance.now()
  for (let due = 0; due < perSecond * seconds;) {
    const now = performance.now() - began
    for (; due < perSecond * seconds && (due * 1000) / perSecond <= now; due++) requested.push(ask(pool, target))
    await setTimeout(1)
  }
  const found = measured(await Promise.all(requested), began)
  await pool.close()
  return found
}

export const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

export const percentile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
