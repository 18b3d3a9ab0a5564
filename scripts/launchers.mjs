// The programs between the user's shell and a script: npx, pnpm and their shells. Some of them end at SIGTERM without
// passing it on, and would leave the script behind.
import { spawnSync } from "node:child_process"
import { readFileSync } from "node:fs"
import process from "node:process"

const pollMs = 500
const maxLevels = 8

/** A process's parent and command line; undefined where it has ended or cannot be seen, as on Windows. */
const processOf = (pid) => {
  try {
    if (process.platform === "linux") {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ")
      // The name, in parentheses, may contain blanks.
      return { parent: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]), command }
    }
    if (process.platform === "win32") return undefined
    const [, parent, command] = /^\s*(\d+)\s+(.*)/.exec(
      spawnSync("ps", ["-o", "ppid=,command=", "-p", String(pid)], { encoding: "utf8" }).stdout,
    )
    return { parent: Number(parent), command }
  } catch {
    return undefined
  }
}

// By its own name, not by its arguments: those of a shell may name one, too.
const isLauncher = (command) => /^(?:\S*\bnode\S* )?(?:\S*\/)?p?np[mx](?:-cli)?(?:\.[cm]?js)? /.test(command)

/** The launchers above this process, nearest first, each with its parent at this time. */
const launchers = () => {
  const found = []
  for (let pid = process.ppid; found.length < maxLevels;) {
    const one = processOf(pid)
    if (one === undefined) break
    found.push({ pid, ...one })
    pid = one.parent
  }
  return found.slice(0, found.findLastIndex(({ command }) => isLauncher(command)) + 1)
}

/** Sends this process SIGTERM once one of its launchers has ended. */
export const endWithLaunchers = () => {
  const chain = launchers()
  // The parent of the outermost is the user's shell, which may end.
  const isWhole = () =>
    chain.every(({ pid, parent }, level) => {
      const now = processOf(pid)
      return now !== undefined && (level === chain.length - 1 || now.parent === parent)
    })
  if (chain.length === 0) return
  const timer = setInterval(() => {
    if (isWhole()) return
    clearInterval(timer)
    process.kill(process.pid, "SIGTERM")
  }, pollMs)
  timer.unref()
}
