/** What a call costs: the model that its request will name, and that model's price. */
import type { CompiledConnector } from "@drawbar/connector-runtime/call/CompiledConnector"
import * as Compiled from "@drawbar/connector-runtime/call/CompiledConnector"
import { actionOf, type PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import type { ConnectorAction } from "@drawbar/blueprint-schema/ConnectorAction"
import { type Price, Prices } from "@drawbar/registry/spend/Prices"
import { textOf } from "@drawbar/template-renderer/Parameter"
import { Effect, Result } from "effect"

export interface Pricing {
  /** In nano-USD a token; nothing where the model's price is not known. */
  readonly priceOf: (modelId: string, compiled: CompiledConnector, input: PredictInput) => Price | undefined
}

export const make: Effect.Effect<Pricing, never, Prices> = Effect.map(Prices, (prices) => ({
  priceOf: (modelId, compiled, input) => prices.of(modelId, modelNameOf(compiled, input)),
}))

/** Whole nano-USD, rounded up: no call is free because it is small. */
export const cost = ({ input, output }: Price, inputTokens: number, outputTokens: number): number =>
  Math.ceil(input * inputTokens + output * outputTokens)

/** The provider's name of the model: where a template fixes it a caller's parameter has no say. */
export const modelNameOf = (compiled: CompiledConnector, input: PredictInput): string | undefined => {
  const found = Compiled.find(compiled, actionOf(input))
  if (Result.isFailure(found)) return undefined
  const { action, author } = found.success
  const place = placeOf(action)
  if ("literal" in place) return place.literal
  const given = "parameters" in input ? input.parameters?.get(place.parameter) : undefined
  if (given !== undefined) return textOf(given)
  return Object.hasOwn(author, place.parameter) ? author[place.parameter] : place.fallback
}

type Place = { readonly literal: string } | { readonly parameter: string; readonly fallback?: string | undefined }

const places = new WeakMap<ConnectorAction, Place>()

const placeOf = (action: ConnectorAction): Place => {
  const known = places.get(action)
  if (known !== undefined) return known
  const [, inBody, fallback, literal] = bodyForm.exec(action.request_body ?? "") ?? []
  const [, inUrl, urlLiteral] = urlForm.exec(action.url) ?? []
  const name = literal ?? (inBody === undefined ? urlLiteral : undefined)
  const place = name === undefined ? { parameter: inBody ?? inUrl ?? "model", fallback } : { literal: name }
  places.set(action, place)
  return place
}

const bodyForm =
  /"(?:model|model_?id|model_?name)"\s*:\s*"?(?:\$\{parameters\.([\w-]{1,100})(?::-([^}"]{0,256}))?\}|([\w.:@/-]{1,256})")/i
const urlForm = /\/(?:deployments|models?)\/(?:\$\{parameters\.([\w-]{1,100})[^}]{0,256}\}|([\w.@-]{1,256}))/
