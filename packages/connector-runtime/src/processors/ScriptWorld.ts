/** The time and chance of process functions that are scripts: those of the fiber that opens the connector. */
import * as World from "@drawbar/painless/World"
import { Clock, Effect, Random } from "effect"
import process from "node:process"

export type ScriptWorld = World.World

/** In ms, of the processor: other processes that have the machine do not count against a script. */
const spent = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

/** What the services of the fiber tell. */
export const current: Effect.Effect<ScriptWorld> = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const random = yield* Random.Random
  return { now: () => clock.currentTimeMillisUnsafe(), random: () => random.nextDoubleUnsafe(), spent }
})

/** The same in each run, for samples and goldens; the processor's time is bounded there, too. */
export const fixed = (): ScriptWorld => ({ ...World.fixed(), spent })
