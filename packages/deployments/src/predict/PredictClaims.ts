/** What a predict takes of the limits: of the quota of the caller's key, of the model's rate limit, and of the user's. */
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import { actionOf, type PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import * as PreProcess from "@drawbar/connector-runtime/processors/PreProcess"
import type { Caller } from "@drawbar/registry/access/Caller"
import type { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import type { BudgetClaim, Claim } from "@drawbar/registry/limits/Limits"
import { Result } from "effect"
import type { Deployment } from "../deployment/Deployment.ts"
import { BudgetExceeded, DeploymentError, QuotaExceeded, RateLimited } from "../DeploymentError.ts"

export interface PredictClaim {
  readonly claim: Claim
  /** Why the call is refused where the claim is; the wait is in ms. */
  readonly refusal: (waitMillis: number) => DeploymentError
}

/** A model by whose rate limits a call counts. */
export type Limited = Pick<Deployment, "id" | "model" | "userLimits">

/** What one call takes. */
export interface Amount {
  /** Calls of the upstream. */
  readonly calls: number
  /** Tokens at the most; absent where another claim has them already. */
  readonly tokens?: number | undefined
  /** Money at the most, in nano-USD; absent where another claim has it already, or no budget asks for it. */
  readonly nanoUsd?: number | undefined
}

/** Nothing is computed of a call that no limit counts. */
export const areAny = ({ principal, name }: Caller, { model, userLimits }: Limited): boolean =>
  principal?.quota !== undefined ||
  principal?.max_budget !== undefined ||
  principal?.max_budget_tokens !== undefined ||
  model.rate_limiter !== undefined ||
  (name !== undefined && Object.hasOwn(userLimits, name))

export const of = (caller: Caller, limited: Limited, amount: Amount): ReadonlyArray<PredictClaim> => [
  ...ofQuota(caller.principal, amount),
  ...ofBudget(caller.principal, amount),
  ...ofModel(caller.name, limited, amount),
]

/** An input that is split counts as the calls that it makes. */
export const callsOf = ({ targets, batches }: Pick<Deployment, "targets" | "batches">, input: PredictInput): number => {
  const action = CompiledConnector.find(targets[0].live.compiled, actionOf(input))
  return Result.isSuccess(action) ? PreProcess.count(action.success.preProcess, input, batches) : 1
}

export const ofQuota = (
  principal: CurrentPrincipal | undefined,
  { calls, tokens }: Amount,
): ReadonlyArray<PredictClaim> => {
  if (principal?.quota === undefined) return []
  const { tokens_per_day, requests_per_minute } = principal.quota
  const key = quotaKeyOf(principal)
  const ofTokens: ReadonlyArray<PredictClaim> =
    tokens_per_day === undefined || tokens === undefined
      ? []
      : [
          {
            claim: { _tag: "Tokens", key, perDay: tokens_per_day, estimate: tokens },
            refusal: exceeded("tokens_per_day", tokens_per_day, 1),
          },
        ]
  if (requests_per_minute === undefined) return ofTokens
  const limit = { limit: String(requests_per_minute), unit: "MINUTES" } as const
  const refusal = exceeded("requests_per_minute", requests_per_minute, calls)
  return [...ofTokens, { claim: { _tag: "Rate", key, limit, calls }, refusal }]
}

const exceeded = (quota: QuotaExceeded["quota"], limit: number, calls: number) => (waitMillis: number) =>
  DeploymentError.from(new QuotaExceeded({ quota, limit, calls, ...retryAfter(waitMillis) }))

/** No wait helps where the calls are more than the limit ever allows at once. */
const retryAfter = (waitMillis: number) => (waitMillis === Infinity ? {} : { retryAfterMillis: waitMillis })

/** Of a key, whose id is that of its spending. */
export const ofBudget = (
  principal: CurrentPrincipal | undefined,
  { tokens, nanoUsd }: Amount,
): ReadonlyArray<PredictClaim> => {
  const { id, max_budget, max_budget_tokens, budget_window: window = "total" } = principal ?? {}
  if (id === undefined) return []
  const claim = (
    budget: BudgetExceeded["budget"],
    most: number | undefined,
    unit: BudgetClaim["unit"],
    limit: number,
    estimate: number | undefined,
  ): ReadonlyArray<PredictClaim> =>
    most === undefined || estimate === undefined
      ? []
      : [
          {
            claim: { _tag: "Budget", key: id, unit, window, limit, estimate },
            refusal: (waitMillis) =>
              DeploymentError.from(new BudgetExceeded({ budget, limit: most, window, ...retryAfter(waitMillis) })),
          },
        ]
  return [
    ...claim("max_budget", max_budget, "nano_usd", Math.round((max_budget ?? 0) * 1e9), nanoUsd),
    ...claim("max_budget_tokens", max_budget_tokens, "tokens", max_budget_tokens ?? 0, tokens),
  ]
}

export const ofModel = (
  user: string | undefined,
  { id, model, userLimits }: Limited,
  { calls }: Amount,
): ReadonlyArray<PredictClaim> => {
  const ofUser = user === undefined || !Object.hasOwn(userLimits, user) ? undefined : userLimits[user]
  const rate = (level: RateLimited["level"], key: string, limit: Deployment["userLimits"][string]): PredictClaim => ({
    claim: { _tag: "Rate", key, limit, calls },
    refusal: (waitMillis) => DeploymentError.from(new RateLimited({ level, calls, ...retryAfter(waitMillis) })),
  })
  return [
    ...(model.rate_limiter === undefined ? [] : [rate("model", id, model.rate_limiter)]),
    ...(ofUser === undefined ? [] : [rate("user", `${id} ${user}`, ofUser)]),
  ]
}

/** No model and no user has such a name; two keys of one name count for themselves. */
const quotaKeyOf = ({ kind, name, id }: CurrentPrincipal): string => `\0${kind}\0${id ?? name}`
