/** Lines on standard error, written together: a write for each request would cost more than the request. */
import process from "node:process"

/** In ms: how long a line may wait. */
const patience = 100

export interface AccessLog {
  readonly write: (line: string) => void
  /** Writes what still waits. */
  readonly flush: () => void
}

export const make = (): AccessLog => {
  let waiting: Array<string> = []
  let timer: NodeJS.Timeout | undefined
  const flush = () => {
    clearTimeout(timer)
    timer = undefined
    if (waiting.length === 0) return
    process.stderr.write(`${waiting.join("\n")}\n`)
    waiting = []
  }
  return {
    write: (line) => {
      waiting.push(line)
      timer ??= setTimeout(flush, patience)
    },
    flush,
  }
}
