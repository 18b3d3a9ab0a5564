/**
 * Is loaded into a server that is fuzzed (`--import`), and says on SIGUSR2 what it holds and how late its event loop has been. A step that is late because
 * other programs have the processor is not counted: of each interval only what this thread has used of the processor.
 */
import process from "node:process"

const intervalMillis = 10
const used = () => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

/** In ms of a processor: a longer step noticeably delays every other request. */
const longStep = 250

const late: Array<number> = []
let since = performance.now()
let [lastAt, lastUsed] = [since, used()]
setInterval(() => {
  const [now, cpu] = [performance.now(), used()]
  late.push(Math.min(now - lastAt - intervalMillis, cpu - lastUsed))
  if (late.length > 500_000) late.splice(0, 250_000)
  ;[lastAt, lastUsed] = [now, cpu]
}, intervalMillis).unref()

process.on("SIGUSR2", () => {
  const sorted = late.toSorted((a, b) => a - b)
  const long = sorted.filter((millis) => millis > longStep).reduce((sum, millis) => sum + millis, 0)
  for (let n = 0; n < 3; n++) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  const resources = process.getActiveResourcesInfo()
  const said = {
    samples: sorted.length,
    longShare: long / (performance.now() - since),
    most: sorted.at(-1) ?? 0,
    bytes: heapUsed + external,
    timers: resources.filter((name) => name === "Timeout" || name === "Immediate").length,
  }
  late.length = 0
  process.stdout.write(`resources ${JSON.stringify(said)}\n`)
  since = performance.now()
  ;[lastAt, lastUsed] = [since, used()]
})
