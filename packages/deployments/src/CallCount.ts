/** How many calls of the upstream an input makes: each counts for rate limits and quotas. */
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import { actionOf, type PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import * as PreProcess from "@drawbar/connector-runtime/processors/PreProcess"
import { Result } from "effect"
import type { Deployment } from "./Deployments.ts"

/** An action that is missing is refused later. */
export const of = ({ live, batches }: Deployment, input: PredictInput): number => {
  if (input._tag !== "TextDocs") return 1
  const action = CompiledConnector.find(live.compiled, actionOf(input))
  return Result.isFailure(action) ? 1 : PreProcess.count(action.success.preProcess, input, batches)
}
