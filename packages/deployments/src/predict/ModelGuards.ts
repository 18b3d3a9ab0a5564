/** A model's guardrails as the runtime asks them. */
import type { ConnectorError } from "@drawbar/connector-runtime/ConnectorError"
import * as Guardrails from "@drawbar/connector-runtime/call/Guardrails"
import type { Parameters } from "@drawbar/connector-runtime/call/PredictInput"
import type { Prediction } from "@drawbar/connector-runtime/call/Prediction"
import type { ModelGuardrails } from "@drawbar/registry/models/ModelGuardrails"
import { Effect } from "effect"

/** Makes a predict of another model, whose own guardrails are not asked: a judge is not judged. */
export type Ask = (modelId: string, parameters: Parameters) => Effect.Effect<Prediction, ConnectorError | Error>

/** Compiled once; `ask` is given for each call. */
export const make = (guardrails: ModelGuardrails | undefined): ((ask: Ask) => Guardrails.Guardrails) => {
  const input = guardOf(guardrails?.type, guardrails?.input_guardrail)
  const output = guardOf(guardrails?.type, guardrails?.output_guardrail)
  return (ask) => ({
    ...(input === undefined ? {} : { input: input(ask) }),
    ...(output === undefined ? {} : { output: output(ask) }),
  })
}

/** Those that call no other model. */
export const local = (guardrails: ModelGuardrails | undefined): Guardrails.Guardrails =>
  guardrails?.type === "model" ? {} : make(guardrails)(callsNoModel)

export const callsNoModel: Ask = () => Effect.die("These guardrails have no model to call")

type Side = ModelGuardrails["input_guardrail"]

const guardOf = (type: string | undefined, side: Side): ((ask: Ask) => Guardrails.Guardrail) | undefined => {
  if (side == null) return undefined
  if (type === "model") {
    const { model_id, response_filter, response_validation_regex } = side
    return (ask) =>
      Guardrails.judgedBy({
        ask: (parameters) => ask(model_id ?? "", parameters),
        filter: response_filter ?? undefined,
        accepting: response_validation_regex ?? "",
      })
  }
  const { regex } = side
  if (regex == null || regex.length === 0) return undefined
  const guardrail = Guardrails.forbidding(regex)
  return () => guardrail
}
