import type { Code, Test } from "./Code.ts"
import { fault } from "../Fault.ts"
import { typeOf } from "../run/Value.ts"
import * as Type from "../run/Type.ts"

/** A boolean expression. */
export const test = (code: Code, at: number, line: number): Test => {
  const { run: evaluate, type } = code
  if (type === "boolean") return (slots, run) => evaluate(slots, run) === true
  if (!Type.isOpen(type) && type !== "Boolean") return fault(at, `a condition is boolean, not [${type}]`)
  return (slots, run) => {
    const value = evaluate(slots, run)
    if (typeof value === "boolean") return value
    run.line = line
    return value === null
      ? run.fail("NullPointerException", "a condition is null")
      : run.fail("ClassCastException", `a condition is boolean, not [${typeOf(value)}]`)
  }
}
