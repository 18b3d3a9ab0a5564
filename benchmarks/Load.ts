/** Requests over kept connections, one after the other on each. */
import { Pool } from "undici"

export interface Target {
  readonly origin: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
}

export interface Measured {
  readonly requests: number
  readonly seconds: number
  /** Milliseconds, sorted. */
  readonly latencies: ReadonlyArray<number>
}

export const run = async (
  { origin, path, headers = {}, body }: Target,
  connections: number,
  seconds: number,
): Promise<Measured> => {
  const pool = new Pool(origin, { connections })
  const latencies: Array<number> = []
  const began = performance.now()
  const end = began + seconds * 1000
  const client = async () => {
    for (let now = performance.now(); now < end; now = performance.now()) {
      const answer = await pool.request({
        method: "POST",
        path,
        headers: { "content-type": "application/json", ...headers },
        body,
      })
      const text = await answer.body.text()
      if (answer.statusCode !== 200 || !text.includes("Hello there."))
        throw new Error(`${origin}${path} answered ${answer.statusCode}: ${text}`)
      latencies.push(performance.now() - now)
    }
  }
  await Promise.all(Array.from({ length: connections }, client))
  const took = (performance.now() - began) / 1000
  await pool.close()
  return { requests: latencies.length, seconds: took, latencies: latencies.toSorted((a, b) => a - b) }
}

export const median = (values: ReadonlyArray<number>): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN

export const percentile = (sorted: ReadonlyArray<number>, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
