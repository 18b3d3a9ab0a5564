/** The audit log's file. Each line is in it before its request is answered; it may be moved away at any time. */
import { appendFileSync } from "node:fs"
import process from "node:process"

/** Throws where nothing can be appended to the file. What it returns says whether a line is in the file. */
export const open = (file: string): ((line: string) => boolean) => {
  const append = (text: string) => appendFileSync(file, text, { mode: 0o600 })
  append("")
  return (line) => {
    try {
      append(`${line}\n`)
      return true
    } catch (cause) {
      // What was done is done: the operator learns here what the file does not say.
      process.stderr.write(`The audit log ${file} cannot be written (${String(cause)}): ${line}\n`)
      return false
    }
  }
}
