/**
 * Calls of models that judge what another model is sent or answers. They count for the caller; they are made only while the model that
 * judges is open to the principal that named it.
 */
import type * as Guardrails from "@drawbar/connector-runtime/call/Guardrails"
import * as AccessControl from "@drawbar/registry/access/AccessControl"
import { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import { Settings } from "@drawbar/registry/settings/Settings"
import { Effect } from "effect"
import type { CallContext } from "./CallContext.ts"
import type { Deployment } from "../deployment/Deployment.ts"
import { DeploymentError, ModelAccessDenied } from "../DeploymentError.ts"
import { Deployments } from "../deployment/Deployments.ts"
import * as ModelGuards from "./ModelGuards.ts"
import type { PredictCalls } from "./PredictCalls.ts"
import type { PredictPolicy } from "./PredictPolicy.ts"
import type { Spending } from "./Spending.ts"

export interface Judged {
  readonly context: CallContext
  readonly deployment: Deployment
  readonly spending: Spending
}

export type WithGuardrails = <A, E, R>(
  judged: Judged,
  run: (guardrails: Guardrails.Guardrails) => Effect.Effect<A, E, R>,
) => Effect.Effect<A, E | DeploymentError, R>

/** Gives each call the guardrails of its model. */
export const make = Effect.fnUntraced(function* (policy: PredictPolicy, calls: PredictCalls) {
  const deployments = yield* Deployments
  const settings = yield* Settings

  const mayJudge = (named: Deployment["model"]["guarded_by"], { access }: Deployment): boolean =>
    !settings.get("plugins.ml_commons.model_access_control_enabled") || AccessControl.isAllowed(named, access)

  const withGuardrails: WithGuardrails = ({ context, deployment, spending }, run) => {
    const { guardrails, guarded_by } = deployment.model
    if (guardrails?.type !== "model") return run(deployment.guardrails(ModelGuards.callsNoModel))
    return Effect.suspend(() => {
      // A guardrail says yes or no; that a limit is used up is a refusal of its own.
      let limited: DeploymentError | undefined
      const remember = (error: unknown) =>
        Effect.sync(() => {
          if (error instanceof DeploymentError && isLimit(error)) limited ??= error
        })
      const ask: ModelGuards.Ask = (id, parameters) => {
        const judgement = deployments.use(id, (judge) => {
          if (!mayJudge(guarded_by, judge))
            return Effect.fail(DeploymentError.from(new ModelAccessDenied({ modelId: id, by: "group" })))
          const input = { _tag: "Parameters", parameters } as const
          return policy.admit({ context, deployment: judge, input, isJudgement: true }, () =>
            calls.judge({ context, deployment: judge, spending }, parameters),
          )
        })
        // It is the server that calls: a model that judges need not be open to the caller.
        return Effect.provideService(Effect.tapError(judgement, remember), CurrentPrincipal, undefined)
      }
      return Effect.mapError(run(deployment.guardrails(ask)), (error) => limited ?? error)
    })
  }
  return withGuardrails
})

const isLimit = ({ reason }: DeploymentError): boolean =>
  reason._tag === "RateLimited" || reason._tag === "QuotaExceeded" || reason._tag === "BudgetExceeded"
