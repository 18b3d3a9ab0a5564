/**
 * Loaded into a measured program (`--import`): between two SIGUSR2 it samples allocations, also of objects that were
 * collected since, and writes their sum in bytes to the file that `DRAWBAR_ALLOCATED` names, followed by its process id.
 * https://chromedevtools.github.io/devtools-protocol/v8/HeapProfiler/#method-startSampling
 */
import { writeFileSync } from "node:fs"
import { type HeapProfiler, Session } from "node:inspector/promises"
import process from "node:process"

const session = new Session()
session.connect()

const bytesOf = ({ selfSize, children }: HeapProfiler.SamplingHeapProfileNode): number =>
  children.reduce((sum, child) => sum + bytesOf(child), selfSize)

const begin = () =>
  session.post("HeapProfiler.startSampling", {
    samplingInterval: 16_384,
    includeObjectsCollectedByMajorGC: true,
    includeObjectsCollectedByMinorGC: true,
  })

const end = async () => {
  const { profile } = await session.post("HeapProfiler.stopSampling")
  writeFileSync(`${process.env["DRAWBAR_ALLOCATED"]}.${process.pid}`, String(bytesOf(profile.head)))
}

process.once("SIGUSR2", () => {
  process.once("SIGUSR2", () => void end())
  void begin()
})
