/** The built-in `escape(x)`: text made fit to stand inside a JSON string, every control character included. What came escaped stays as it is. */
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
