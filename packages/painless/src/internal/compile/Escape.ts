/**
 * The built-in `escape(x)`: makes text valid inside a JSON string, including every control character. Text that is
 * already escaped is unchanged.
 */
import type { Code } from "./Code.ts"
import * as JavaText from "../run/JavaText.ts"

export const call = (argument: Code, line: number): Code => ({
  type: "String",
  run: (slots, run) => {
    const value = argument.run(slots, run)
    run.line = line
    if (value === null) return run.fail("NullPointerException", "cannot escape null")
    const text = JavaText.of(value, run)
    if (run.escaped.has(text)) return text
    const escaped = JSON.stringify(text).slice(1, -1)
    run.made(escaped.length)
    return escaped
  },
})
