/** Finds misspelled `DRAWBAR_…` variables, which would have no effect without a word. */
import * as FlagTable from "./FlagTable.ts"
import * as InvalidInvocation from "./InvalidInvocation.ts"

/** Read by the command, or by the server without a flag. */
const others = [
  "DRAWBAR_URL",
  "DRAWBAR_CONTEXT",
  "DRAWBAR_API_KEY",
  "DRAWBAR_INITIAL_ADMIN_KEY",
  "DRAWBAR_INITIAL_ADMIN_KEY_FILE",
]

/** A sentence for each. The value of a variable is not repeated. */
export const warnings = (environment: Readonly<Record<string, string | undefined>>): ReadonlyArray<string> => {
  const known = [...FlagTable.rows.map(([name]) => FlagTable.variableOf(name)), ...others]
  return Object.keys(environment)
    .filter((name) => name.startsWith("DRAWBAR_") && !name.startsWith("DRAWBAR_SECRET_") && !known.includes(name))
    .map((name) => `Warning: the variable ${name} has no effect.${InvalidInvocation.meant(name, known)}`)
}
