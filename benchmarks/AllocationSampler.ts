/**
 * Loaded into a measured program (`--import`): between two SIGUSR2 it samples allocations, and writes their sum in bytes to the file that
 * `DRAWBAR_ALLOCATED` names, followed by its process id and the number of the sample. The first sample is of all objects, the second of
 * those that no minor collection has freed.
 * https://chromedevtools.github.io/devtools-protocol/v8/HeapProfiler/#method-startSampling
 */
import { writeFileSync } from "node:fs"
import { type HeapProfiler, Session } from "node:inspector/promises"
import process from "node:process"

const session = new Session()
session.connect()

const bytesOf = ({ selfSize, children }: HeapProfiler.SamplingHeapProfileNode): number =>
  children.reduce((sum, child) => sum + bytesOf(child), selfSize)

let samples = 0

const begin = async () => {
  await session.post("HeapProfiler.startSampling", {
    samplingInterval: 16_384,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: samples === 0,
  })
  process.once("SIGUSR2", () => void end())
}

const end = async () => {
  const { profile } = await session.post("HeapProfiler.stopSampling")
  process.once("SIGUSR2", () => void begin())
  samples += 1
  writeFileSync(`${process.env["DRAWBAR_ALLOCATED"]}.${process.pid}.${samples}`, String(bytesOf(profile.head)))
}

process.once("SIGUSR2", () => void begin())
