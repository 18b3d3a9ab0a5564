/** Acknowledged writes survive `kill -9`. Power loss is not covered here: `synchronous=FULL` protects against it. */
import { assert, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { spawn } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { DocumentStore } from "../src/DocumentStore.ts"
import * as SqliteDocumentStore from "../src/SqliteDocumentStore.ts"

const lanes = 2
const roundsPerLane = 10
const seed = Number(process.env.DRAWBAR_SEED ?? Date.now() % 1_000_000)

const folder = Effect.acquireRelease(
  Effect.promise(() => mkdtemp(join(tmpdir(), "drawbar-kill-"))),
  (path) => Effect.promise(() => rm(path, { recursive: true })),
)

/**
 * Starts a writer, kills it this many milliseconds after its first output, and returns the pairs that it acknowledged.
 */
const acknowledged = async (
  path: string,
  filename: string,
  round: number,
  delay: number,
): Promise<ReadonlyArray<string>> => {
  const writer = spawn(
    process.execPath,
    ["--conditions=@drawbar/source", join(import.meta.dirname, "Writer.ts"), filename, String(round)],
    { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, NODE_COMPILE_CACHE: join(path, "compiled") } },
  )
  const chunks: Array<string> = []
  const closed = new Promise<void>((resolve) => writer.once("close", () => resolve()))
  const first = new Promise<void>((resolve) => writer.stdout.once("data", () => resolve()))
  writer.stdout.setEncoding("utf8").on("data", (chunk: string) => chunks.push(chunk))
  await Promise.race([first, closed])
  await setTimeout(delay)
  writer.kill("SIGKILL")
  await closed
  return chunks.join("").split("\n").slice(0, -1)
}

const stored = (filename: string) =>
  DocumentStore.pipe(
    Effect.flatMap((store) => Stream.runCollect(store.all("task"))),
    Effect.map((all) => new Set(all.map(({ id }) => id))),
    Effect.provide(SqliteDocumentStore.layer({ filename })),
  )

it.live(
  `keeps every acknowledged write and no partial one in ${lanes * roundsPerLane} kills (DRAWBAR_SEED=${seed})`,
  () =>
    Effect.gen(function* () {
      const path = yield* folder
      const random = randomFrom(seed)
      const lane = Effect.fnUntraced(function* (lane: number) {
        const filename = join(path, `${lane}.db`)
        const pairs: Array<string> = []
        for (let round = 0; round < roundsPerLane; round++) {
          const delay = random() * 120
          pairs.push(...(yield* Effect.promise(() => acknowledged(path, filename, round, delay))))
          const ids = yield* stored(filename)
          const lost = pairs.filter((pair) => !ids.has(`${pair}-a`) || !ids.has(`${pair}-b`))
          assert.deepStrictEqual(lost, [], `round ${round} of file ${lane}, killed after ${delay} ms`)
          const halves = [...ids].filter((id) => !ids.has(id.replace(/.$/, (half) => (half === "a" ? "b" : "a"))))
          assert.deepStrictEqual(halves, [])
        }
        return pairs.length
      })
      const counts = yield* Effect.forEach(
        Array.from({ length: lanes }, (_, i) => i),
        lane,
        { concurrency: "unbounded" },
      )
      for (const count of counts) assert.isAbove(count, roundsPerLane)
    }),
  // Twenty process starts, on a machine that may be busy.
  120_000,
)

/** Repeatable random numbers in [0, 1) (mulberry32). */
const randomFrom = (seed: number) => {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296
  }
}
