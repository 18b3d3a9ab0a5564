/** One live call of a stored connector. It counts as a call of the models that use it: it is a way to their upstream. */
import { names } from "@drawbar/blueprint-schema/Credential"
import * as CompiledConnector from "@drawbar/connector-runtime/call/CompiledConnector"
import { ConnectorRuntime } from "@drawbar/connector-runtime/call/ConnectorRuntime"
import type { PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import type { Caller } from "@drawbar/registry/access/Caller"
import { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import { Controllers } from "@drawbar/registry/models/Controllers"
import { Models } from "@drawbar/registry/models/Models"
import { Connectors } from "@drawbar/registry/records/Connectors"
import { Effect } from "effect"
import type { Accounted, Accounting } from "../predict/Accounting.ts"
import type { CallContext } from "../predict/CallContext.ts"
import { DeploymentError, ModelAccessDenied, PriceUnknown } from "../DeploymentError.ts"
import * as PredictClaims from "../predict/PredictClaims.ts"
import { Deployments } from "../deployment/Deployments.ts"
import type { PredictPolicy } from "../predict/PredictPolicy.ts"
import * as Pricing from "../predict/Pricing.ts"
import * as SecretReferences from "./SecretReferences.ts"
import * as TokenEstimate from "../predict/TokenEstimate.ts"

/** So many models of one connector are looked at when it is tested. */
const maxModels = 100

export const make = Effect.fnUntraced(function* (policy: PredictPolicy, { used, failed, priceOf }: Accounting) {
  const connectors = yield* Connectors
  const deployments = yield* Deployments
  const controllers = yield* Controllers
  const models = yield* Models
  const runtime = yield* ConnectorRuntime

  const limitsOf = Effect.fnUntraced(function* (connectorId: string) {
    const ids = yield* models.referencing(connectorId)
    return yield* Effect.forEach(ids.slice(0, maxModels), (id) =>
      Effect.flatMap(models.get(id), ({ model }) =>
        Effect.map(
          model.is_controller_enabled === true ? controllers.limits(id) : Effect.succeed({}),
          (userLimits): PredictClaims.Limited => ({ id, model, userLimits }),
        ),
      ),
    )
  })

  const claimsOf = Effect.fnUntraced(function* (
    { name, principal }: Caller,
    { modelId: connectorId, compiled, input, estimate }: Tested,
  ) {
    const limits = yield* Effect.provideService(limitsOf(connectorId), CurrentPrincipal, undefined)
    if (principal?.models !== undefined && !limits.some(({ id }) => deployments.allows(principal, id)))
      return yield* DeploymentError.from(new ModelAccessDenied({ modelId: connectorId, by: "test" }))
    const price = principal?.max_budget === undefined ? undefined : priceOf(connectorId, compiled, input)
    if (principal?.max_budget !== undefined && price === undefined)
      return yield* DeploymentError.from(new PriceUnknown({ modelId: connectorId }))
    const [tokens, prompt] = [estimate.call(input), estimate.prompt(input)]
    const nanoUsd = price === undefined ? undefined : Pricing.cost(price, prompt, tokens - prompt)
    const amount = { calls: 1, tokens, nanoUsd }
    return [
      ...PredictClaims.ofQuota(principal, amount),
      ...PredictClaims.ofBudget(principal, amount),
      ...limits.flatMap((limited) => PredictClaims.ofModel(name, limited, amount)),
    ]
  })

  return Effect.fnUntraced(function* (context: CallContext, connectorId: string, input?: PredictInput) {
    yield* connectors.get(connectorId)
    const { blueprint } = yield* connectors.blueprint(connectorId)
    const estimate = TokenEstimate.make(blueprint.connector)
    // A made-up input is of a few words.
    const given = input ?? noInput
    const { connector, credential } = yield* SecretReferences.resolve(blueprint)
    const compiled = yield* Effect.fromResult(CompiledConnector.compile(connector, names(credential)))
    const call: Tested = { modelId: connectorId, compiled, input: given, estimate }
    const claims = yield* claimsOf(context.caller, call)
    return yield* policy.spend(
      claims,
      () => failed(call, context.caller),
      (spending) =>
        Effect.gen(function* () {
          const test = yield* runtime.test(compiled, credential, input, context, { connectorId })
          used({ ...call, context, spending }, [test.usage])
          return test
        }),
    )
  })
})

type Tested = Omit<Accounted, "context" | "spending">

const noInput: PredictInput = { _tag: "Parameters", parameters: new Map() }
