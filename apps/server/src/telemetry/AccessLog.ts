/** Writes log lines to standard error in batches: one write per request would cost more than the request. */
import process from "node:process"

/** In ms: how long a line may be buffered. */
const flushIntervalMs = 100

/** Lines that are buffered; more would live so long that V8 takes them for permanent. */
const maxWaiting = 64

export interface AccessLog {
  readonly write: (line: string) => void
  /** Writes the buffered lines. */
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
      if (waiting.length === maxWaiting) flush()
      else timer ??= setTimeout(flush, flushIntervalMs)
    },
    flush,
  }
}
