/**
 * How good a failure message is, by a rule: it names the thing that is at fault (2 points), the place where it is (1) and what to do
 * (2, of which 1 is for any instruction and 1 for naming the very command, field, flag or header). A message that holds a secret
 * has none.
 */
export interface Expected {
  /** What is at fault: the parameter, the credential, the host. */
  readonly thing: string | RegExp
  /** Where it is: a pointer, a line, a file, a connector, an origin. */
  readonly place: string | RegExp
  /** What to use: a command, a flag, a field or a header. */
  readonly command: string | RegExp
}

export const maximum = 5

export const of = (message: string, { thing, place, command }: Expected, secrets: ReadonlyArray<string>): number => {
  if (secrets.some((secret) => message.includes(secret))) return 0
  return (
    (holds(message, thing) ? 2 : 0) +
    (holds(message, place) ? 1 : 0) +
    (instruction.test(message) ? 1 : 0) +
    (holds(message, command) ? 1 : 0)
  )
}

const holds = (message: string, wanted: string | RegExp): boolean =>
  typeof wanted === "string" ? message.includes(wanted) : wanted.test(message)

/** An imperative, or a command as it is typed. */
const instruction =
  /\b(?:add|allow|ask|check|close|copy|correct|create|did you mean|have|leave|list|make|move|name|pass|put|read|remove|replace|retry|see|send|set|show|start|update|use|write)\b|drawbar \w+/i
