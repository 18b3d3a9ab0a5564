/** The audit log's file. Each line is in it before its request is answered; it may be moved away at any time. */
import { appendFileSync } from "node:fs"
import process from "node:process"

/** Throws where nothing can be appended to the file. */
export const open = (file: string): ((line: string) => void) => {
  const append = (text: string) => appendFileSync(file, text, { mode: 0o600 })
  append("")
  return (line) => {
    try {
      append(`${line}\n`)
    } catch (cause) {
      // What was done is done: the operator learns here what the file does not say.
      process.stderr.write(`The audit log ${file} cannot be written (${String(cause)}): ${line}\n`)
    }
  }
}
