/** Whether the machine was left to the benchmark: what other programs used of the processors meanwhile. */
import { readFileSync } from "node:fs"
import { availableParallelism, loadavg } from "node:os"
import process from "node:process"
import * as Program from "./Program.ts"

/** A larger share of the processors used by others, and the figures are not to be compared with those of another run. */
const othersAtMost = 0.05

/** All processors since the machine started, in seconds. https://man7.org/linux/man-pages/man5/proc_stat.5.html */
const used = (): number => {
  const [, user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = (
    /^cpu .*/.exec(readFileSync("/proc/stat", "utf8"))?.[0] ?? ""
  )
    .split(/\s+/)
    .map(Number)
  return (user + nice + system + irq + softirq + steal) / 100
}

/** Begins to observe; the returned function says what it has seen. */
export const observe = (): (() => string) => {
  const [began, all, own] = [performance.now(), used(), Program.treeSeconds(process.pid)]
  return () => {
    const seconds = (performance.now() - began) / 1_000
    const others = (used() - all - (Program.treeSeconds(process.pid) - own)) / (seconds * availableParallelism())
    const said = `others used ${Math.max(0, others * 100).toFixed(1)} % of ${availableParallelism()} processors, load ${loadavg()[0]?.toFixed(1)}`
    return others > othersAtMost
      ? `NOT QUIET: ${said}; do not compare these figures with those of another run`
      : `quiet: ${said}`
  }
}
