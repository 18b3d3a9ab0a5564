/**
 * The file of the audit log. Each line is written before its request is answered; the file may be moved at any time.
 */
import { appendFileSync } from "node:fs"
import process from "node:process"

/** Throws if the file cannot be appended to. The returned function reports whether a line was written. */
export const open = (file: string): ((line: string) => boolean) => {
  const append = (text: string) => appendFileSync(file, text, { mode: 0o600 })
  append("")
  return (line) => {
    try {
      append(`${line}\n`)
      return true
    } catch (cause) {
      // The change has already been made, so the missing line is reported to the operator here.
      process.stderr.write(`Cannot write the audit log ${file} (${String(cause)}): ${line}\n`)
      return false
    }
  }
}
