/**
 * Describes an unexpected failure in the server's log: its kind and its stack. Its message is left out, because the engine quotes
 * the value it worked on, which may be a prompt or a key.
 */
import { Cause } from "effect"

/** Of what was thrown, or of a cause; a line for each step. */
export const describe = (thrown: unknown): string => {
  const fault = Cause.isCause(thrown) ? Cause.squash(thrown) : thrown
  if (!(fault instanceof Error)) return "A value that is not an Error was thrown"
  const code =
    "code" in fault && typeof fault.code === "string" && /^\w{1,64}$/.test(fault.code) ? ` (${fault.code})` : ""
  return [`${kindOf(fault)}${code}`, ...stepsOf(fault)].join("\n")
}

const kindOf = ({ name }: Error) => (/^\w{1,64}$/.test(name) ? name : "Error")

/** The engine's own lines, which come after those of the message: these may look like them. */
const stepsOf = ({ message, stack = "" }: Error): ReadonlyArray<string> => {
  const said = message === "" ? 0 : stack.lastIndexOf(message)
  return (said === -1 ? "" : stack.slice(said + message.length)).split("\n").filter((line) => step.test(line))
}

const step = /^ {4}at .+$/
