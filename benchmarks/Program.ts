/** A measured program: its own process, and its processor time. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readFileSync } from "node:fs"
import process from "node:process"

export interface Program {
  readonly child: ChildProcess
  readonly origin: string
}

/** Starts a program and waits until it prints its URL. */
export const start = (args: ReadonlyArray<string>, command = process.execPath): Promise<Program> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { stdio: ["ignore", "pipe", "ignore"] })
    child.once("exit", (code) => reject(new Error(`${args.join(" ")} exited with ${code} before it listened`)))
    let printed = ""
    child.stdout.on("data", (chunk) => {
      printed += String(chunk)
      const [, scheme, port] = /(https?):\/\/(?:127\.0\.0\.1|localhost):(\d+)/.exec(printed) ?? []
      if (port !== undefined) resolve({ child, origin: `${scheme}://127.0.0.1:${port}` })
    })
  })

export const stop = async ({ child }: Program): Promise<void> => {
  child.removeAllListeners("exit")
  for (const pid of processes(child.pid)) process.kill(pid, "SIGKILL")
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
}

/** Lets it finish what it does. */
export const terminate = async ({ child }: Program): Promise<void> => {
  child.removeAllListeners("exit")
  const exited = once(child, "exit")
  child.kill("SIGTERM")
  await exited
}

/** The process and its descendants. */
const processes = (pid: number | undefined): ReadonlyArray<number> => {
  const list = `/proc/${pid}/task/${pid}/children`
  if (pid === undefined || !existsSync(list)) return []
  const children = readFileSync(list, "utf8").trim()
  return [pid, ...(children === "" ? [] : children.split(" ").flatMap((child) => processes(Number(child))))]
}

const sum = (values: ReadonlyArray<number>) => values.reduce((total, value) => total + value, 0)

/** Resident memory in MB. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
export const memory = ({ child }: Program): number =>
  sum(
    processes(child.pid).map((pid) =>
      Number(/VmRSS:\s*(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0),
    ),
  ) / 1024

/** The processor time of a process, its descendants, and those that it has waited for. */
export const treeSeconds = (pid: number): number => sum(processes(pid).map((one) => secondsOf(one, [11, 12, 13, 14])))

/** Linux counts in ticks of 10 ms: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
const secondsOf = (pid: number, columns: ReadonlyArray<number>): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return sum(columns.map((column) => Number(fields[column]))) / 100
}

export const cpuSeconds = ({ child }: Program): number =>
  sum(processes(child.pid).map((pid) => secondsOf(pid, [11, 12])))
