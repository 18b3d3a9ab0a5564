/** From the start of the process to its first response, and its memory then. */
import { request } from "undici"
import * as Load from "./Load.ts"
import * as Program from "./Program.ts"
import { bundle } from "./Subjects.ts"

export const measure = async (rounds: number) => {
  const times: Array<number> = []
  const memories: Array<number> = []
  for (let round = 0; round < rounds; round++) {
    const began = performance.now()
    const program = await Program.start([...bundle, "--port", "0", "--data", ":memory:"])
    await (await request(program.origin)).body.text()
    times.push(performance.now() - began)
    memories.push(Program.memory(program))
    await Program.stop(program)
  }
  return { millis: Load.median(times), memory: Load.median(memories) }
}
