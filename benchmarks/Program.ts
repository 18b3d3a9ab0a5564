/** A program under measurement: its own process, and the processor time that it has used. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import process from "node:process"

export interface Program {
  readonly child: ChildProcess
  readonly origin: string
}

/** Starts a program and waits until it prints where it listens. */
export const start = (args: ReadonlyArray<string>, command = process.execPath): Promise<Program> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, [...args], { stdio: ["ignore", "pipe", "ignore"] })
    child.once("exit", (code) => reject(new Error(`${args.join(" ")} ended with ${code} before it listened`)))
    let printed = ""
    child.stdout.on("data", (chunk) => {
      printed += String(chunk)
      const port = /"port":(\d+)|http:\/\/(?:127\.0\.0\.1|localhost):(\d+)/.exec(printed)
      if (port !== null) resolve({ child, origin: `http://127.0.0.1:${port[1] ?? port[2]}` })
    })
  })

export const stop = async ({ child }: Program): Promise<void> => {
  child.removeAllListeners("exit")
  child.kill("SIGKILL")
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit")
}

/** In MB: what it holds of the machine's memory. https://man7.org/linux/man-pages/man5/proc_pid_status.5.html */
export const memory = ({ child }: Program): number =>
  Number(/VmRSS:\s*(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) / 1024

/** Linux counts in ticks of 10 ms: https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html */
export const cpuSeconds = ({ child }: Program): number => {
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8")
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
  return (Number(fields[11]) + Number(fields[12])) / 100
}
