/** What a predict allocates: a figure that other programs on the machine do not change, unlike processor time. */
import { existsSync, readFileSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import process from "node:process"
import { setTimeout } from "node:timers/promises"
import * as Load from "./Load.ts"
import type * as Program from "./Program.ts"
import * as Subjects from "./Subjects.ts"

/** KiB per request: of all objects, and of those that outlive minor collections, which a major one has to free. */
export interface Allocated {
  readonly all: number
  readonly surviving: number
}

export interface Allocations {
  readonly floor: Allocated
  readonly drawbar: Allocated
}

export const measure = async (work: Subjects.Work, seconds: number): Promise<Allocations> => {
  const folder = await mkdtemp(join(tmpdir(), "drawbar-allocations-"))
  const file = join(folder, "bytes")
  const before = process.env["NODE_OPTIONS"]
  process.env["NODE_OPTIONS"] = `--import ${new URL("AllocationSampler.ts", import.meta.url).href}`
  process.env["DRAWBAR_ALLOCATED"] = file
  try {
    return await Subjects.withStarter("none", async ({ floor, drawbar }) => ({
      floor: await of(await floor(), work, seconds, file),
      drawbar: await of(await drawbar(), work, seconds, file),
    }))
  } finally {
    if (before === undefined) delete process.env["NODE_OPTIONS"]
    else process.env["NODE_OPTIONS"] = before
    await rm(folder, { recursive: true })
  }
}

/** After a warm-up, because optimized code allocates less. */
const of = async (
  subject: Subjects.Subject,
  work: Subjects.Work,
  seconds: number,
  file: string,
): Promise<Allocated> => {
  const target = await subject.target(work)
  await Load.run(target, 32, 2 * seconds)
  return {
    all: await sample(subject.program, 1, target, seconds, file),
    surviving: await sample(subject.program, 2, target, seconds, file),
  }
}

const sample = async (
  { child }: Program.Program,
  number: number,
  target: Load.Target,
  seconds: number,
  file: string,
): Promise<number> => {
  child.kill("SIGUSR2")
  await setTimeout(200)
  const { requests } = await Load.run(target, 32, seconds)
  child.kill("SIGUSR2")
  const written = `${file}.${child.pid}.${number}`
  while (!existsSync(written) || readFileSync(written, "utf8") === "") await setTimeout(50)
  return Number(readFileSync(written, "utf8")) / 1_024 / requests
}
