/**
 * What may refuse a predict before anything is spent.
 *
 * `checks` are looked at in their order, then the limits: those are the only part that counts, so that a dry run is `check` and a
 * predict is `admit`.
 */
import type { ConnectorError } from "@drawbar/connector-runtime/ConnectorError"
import type { PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import type { StoreError } from "@drawbar/document-store/StoreError"
import type { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import { Limits, type Spent } from "@drawbar/registry/limits/Limits"
import * as Moment from "@drawbar/registry/limits/Moment"
import type { Price } from "@drawbar/registry/spend/Prices"
import { Settings } from "@drawbar/registry/settings/Settings"
import { Clock, Effect, Result, type Scope } from "effect"
import type { Accounting } from "./Accounting.ts"
import type { CallContext } from "./CallContext.ts"
import * as CallerFilters from "./CallerFilters.ts"
import type { Deployment } from "../deployment/Deployment.ts"
import { DeploymentError, ModelAccessDenied, PriceUnknown, StreamingDisabled } from "../DeploymentError.ts"
import * as PredictClaims from "./PredictClaims.ts"
import * as Pricing from "./Pricing.ts"
import * as Spending from "./Spending.ts"

/** One predict as the policy sees it. */
export interface PolicyCall {
  readonly context: CallContext
  readonly deployment: Deployment
  readonly input: PredictInput
  /** Whether it is a guardrail's call of the model that judges: its tokens are part of those of the call that it judges. */
  readonly isJudgement?: boolean
  readonly isStream?: boolean
  /** Whether it is a call of a model by the routing of another: what the caller's key allows was taken for the model that was asked. */
  readonly isTarget?: boolean
}

type Refused = DeploymentError | ConnectorError
type Check = (call: PolicyCall, settings: Settings["Service"]) => Result.Result<void, Refused>

export interface PredictPolicy {
  /** Refuses what `admit` would refuse, but for limits that are used up; takes nothing of any limit. */
  readonly check: (call: PolicyCall) => Result.Result<void, Refused>
  /** The part of `check` that needs no deployment: what it refuses deploys nothing. */
  readonly checkInput: (call: Pick<PolicyCall, "input" | "isStream">) => Result.Result<void, Refused>
  /** Fails where a key is for other models. */
  readonly forKey: (principal: CurrentPrincipal | undefined, modelId: string) => Result.Result<void, DeploymentError>
  /** Checks a call and takes what it may need of the limits; `work` is made with it, and its end settles it. */
  readonly admit: <A, E, R>(
    call: PolicyCall,
    work: (spending: Spending.Spending) => Effect.Effect<A, E, R>,
  ) => Effect.Effect<A, E | Refused | StoreError, R>
  /** As `admit`, until the scope closes or the spending is settled. */
  readonly hold: (call: PolicyCall) => Effect.Effect<Spending.Spending, Refused | StoreError, Scope.Scope>
  /** Takes claims and settles them as the work ends. */
  readonly spend: <A, E, R>(
    claims: ReadonlyArray<PredictClaims.PredictClaim>,
    failedCall: () => Spent,
    work: (spending: Spending.Spending) => Effect.Effect<A, E, R>,
  ) => Effect.Effect<A, E | DeploymentError | StoreError, R>
}

export const make = Effect.fnUntraced(function* (
  { failed }: Pick<Accounting, "failed">,
  /** Whether a key is for a model. */
  allows: (principal: CurrentPrincipal | undefined, modelId: string) => boolean,
) {
  const settings = yield* Settings
  const limits = yield* Limits
  const clock = yield* Clock.Clock
  const { priceOf } = yield* Pricing.make
  /** Of the dearest target that is open; nothing where one of them has no price. */
  const dearest = ({ deployment: { id, targets }, input }: PolicyCall): Price | undefined => {
    let price: Price | undefined
    for (const { live } of targets) {
      const one = priceOf(id, live.compiled, input)
      if (one === undefined) return undefined
      price = { input: Math.max(price?.input ?? 0, one.input), output: Math.max(price?.output ?? 0, one.output) }
    }
    return price
  }

  /** Fails where the caller's key has a budget in money and the model has no price: what is not known cannot be held. */
  const priceForBudget: Check = (call) =>
    call.context.caller.principal?.max_budget === undefined || dearest(call) !== undefined
      ? Result.void
      : Result.fail(DeploymentError.from(new PriceUnknown({ modelId: call.deployment.id })))

  const forKey: PredictPolicy["forKey"] = (principal, modelId) =>
    allows(principal, modelId)
      ? Result.void
      : Result.fail(DeploymentError.from(new ModelAccessDenied({ modelId, by: "key" })))

  const modelOfKey: Check = ({ context: { caller }, deployment: { id } }) => forKey(caller.principal, id)

  /** Fails where the key is for other models than those that judge: their calls are the caller's. */
  const judgesOfKey: Check = ({ context: { caller }, deployment, isJudgement }) => {
    if (isJudgement === true) return Result.void
    const closed = judgesOf(deployment).find((id) => !allows(caller.principal, id))
    return closed === undefined ? Result.void : forKey(caller.principal, closed)
  }

  const claimsOf = (call: PolicyCall) => {
    const { context, deployment, input, isJudgement, isTarget } = call
    const { caller } = context
    if (!PredictClaims.areAny(caller, deployment)) return []
    const calls = PredictClaims.callsOf(deployment, input)
    if (isTarget === true) return PredictClaims.ofModel(caller.name, deployment, { calls })
    if (isJudgement === true) return PredictClaims.of(caller, deployment, { calls })
    const judged = 1 + judgesOf(deployment).length
    const all = deployment.estimate.call(input)
    const prompt = deployment.estimate.prompt(input)
    const price = caller.principal?.max_budget === undefined ? undefined : dearest(call)
    const nanoUsd = price === undefined ? undefined : Pricing.cost(price, prompt, all - prompt) * judged
    return PredictClaims.of(caller, deployment, { calls, tokens: all * judged, nanoUsd })
  }

  const failedOf =
    ({ context, deployment: { id, targets, estimate }, input }: PolicyCall) =>
    () =>
      failed({ modelId: id, compiled: targets[0].live.compiled, input, estimate }, context.caller)

  const ofInput = [streaming, callerFilters]
  const checks: ReadonlyArray<Check> = [...ofInput, modelOfKey, judgesOfKey, priceForBudget, interfaceOfModel]

  const first = <C>(
    list: ReadonlyArray<(call: C, settings: Settings["Service"]) => Result.Result<void, Refused>>,
    call: C,
  ): Result.Result<void, Refused> => {
    for (const one of list) {
      const verdict = one(call, settings)
      if (Result.isFailure(verdict)) return verdict
    }
    return Result.void
  }
  const check = (call: PolicyCall) => first(checks, call)

  const reserve = (claims: ReadonlyArray<PredictClaims.PredictClaim>, failedCall: () => Spent) =>
    Effect.suspend(() =>
      limits.reserve(
        claims.map(({ claim }) => claim),
        Moment.now(clock),
      ),
    ).pipe(
      Effect.map((reservation) => Spending.of(reservation, failedCall)),
      Effect.catchTag("LimitReached", ({ claim, waitMillis }) => {
        const refusal = claims[claim]?.refusal(waitMillis)
        return refusal === undefined ? Effect.die(new Error(`No claim has the index ${claim}`)) : Effect.fail(refusal)
      }),
    )

  const spend: PredictPolicy["spend"] = (claims, failedCall, work) =>
    claims.length === 0
      ? work(Spending.uncounted)
      : Effect.acquireUseRelease(reserve(claims, failedCall), work, (spending, exit) => spending.end(exit))

  const policy: PredictPolicy = {
    check,
    forKey,
    checkInput: (call) => first(ofInput, call),
    spend,
    admit: <A, E, R>(call: PolicyCall, work: (spending: Spending.Spending) => Effect.Effect<A, E, R>) =>
      Effect.suspend((): Effect.Effect<A, E | Refused | StoreError, R> => {
        const verdict = check(call)
        return Result.isFailure(verdict) ? Effect.fail(verdict.failure) : spend(claimsOf(call), failedOf(call), work)
      }),
    hold: (call) =>
      Effect.suspend((): Effect.Effect<Spending.Spending, Refused | StoreError, Scope.Scope> => {
        const verdict = check(call)
        if (Result.isFailure(verdict)) return Effect.fail(verdict.failure)
        const claims = claimsOf(call)
        return claims.length === 0
          ? Effect.succeed(Spending.uncounted)
          : Effect.acquireRelease(reserve(claims, failedOf(call)), (spending, exit) => spending.end(exit))
      }),
  }
  return policy
})

const streaming = ({ isStream }: Pick<PolicyCall, "isStream">, settings: Settings["Service"]) =>
  isStream === true && !settings.get("plugins.ml_commons.stream_enabled")
    ? Result.fail(DeploymentError.from(new StreamingDisabled()))
    : Result.void

/** Fails where a call brings filters of its own, and the operator has switched those off. */
const callerFilters = ({ input }: Pick<PolicyCall, "input">, settings: Settings["Service"]) => {
  const name = CallerFilters.find(input)
  return name === undefined || settings.get("plugins.drawbar.caller_filters_enabled")
    ? Result.void
    : Result.fail(CallerFilters.refusal(name))
}

/** Fails where the input is not what the model's interface says. */
const interfaceOfModel: Check = ({ deployment, input }) => deployment.interface.input(input)

const noJudges: ReadonlyArray<string> = []

const judgesOf = ({ model: { guardrails } }: Pick<Deployment, "model">): ReadonlyArray<string> =>
  guardrails?.type === "model"
    ? [guardrails.input_guardrail?.model_id, guardrails.output_guardrail?.model_id].filter((id) => id != null)
    : noJudges
