/** Filters and chains of processors that a call brings itself, which an operator may switch off. */
import { callerFilters } from "@drawbar/blueprint-schema/ReservedParameters"
import { type ConnectorError, invalidInput } from "@drawbar/connector-runtime/ConnectorError"
import type { PredictInput } from "@drawbar/connector-runtime/call/PredictInput"

/** The first of the parameters of a call that is one. */
export const find = (input: PredictInput): string | undefined => {
  const parameters = input._tag === "Parameters" || input._tag === "TextDocs" ? input.parameters : undefined
  return parameters === undefined ? undefined : callerFilters.find((name) => parameters.has(name))
}

export const refusal = (name: string): ConnectorError =>
  invalidInput(
    `The parameter ${name} is refused: plugins.drawbar.caller_filters_enabled is false. Leave it out, or put it into the connector's parameters`,
  )
