/**
 * What tokens cost, by model: the table that comes with Drawbar (the providers' list prices, as checked on the day of its `version`), with the operator's own
 * file before it. A model without a row has no price, and is never taken to cost nothing.
 */
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"
import { decode } from "@drawbar/json-text/Decode"
import { Context, Layer, Result, Schema } from "effect"
import shipped from "./prices.json" with { type: "json" }

/** In nano-USD a token, 1e-9 USD, so that sums are whole numbers. */
export interface Price {
  readonly input: number
  readonly output: number
}

const Amount = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000 }))

/** As in the file: USD for a million tokens. */
const PriceFile = Schema.Struct({
  version: Schema.optionalKey(Schema.String),
  currency: Schema.optionalKey(Schema.Literal("USD")),
  /** Where its prices are from, by provider. */
  sources: Schema.optionalKey(Schema.Record(Schema.String, Schema.String)),
  per_tokens: Schema.optionalKey(Schema.Literal(1_000_000)),
  /** By the provider's name of the model, or by the id of a model of this server. */
  models: Schema.Record(Schema.String, Schema.Struct({ input: Amount, output: Schema.optionalKey(Amount) })),
})
export type PriceFile = typeof PriceFile.Type

/** Reads a file; fails with the place of what is wrong. */
export const read = decode(PriceFile)

export class Prices extends Context.Service<
  Prices,
  {
    /**
     * By the provider's name of a model, of which the table may leave out a date or a version; or by the id of a model of this server,
     * where the operator's file has it.
     */
    readonly of: (modelId: string, name: string | undefined) => Price | undefined
    readonly version: string
  }
>()("@drawbar/registry/Prices") {
  static readonly layer = (own?: PriceFile): Layer.Layer<Prices> => Layer.sync(Prices, () => make(own))
}

export const make = (own?: PriceFile): Prices["Service"] => {
  const table = new Map<string, Price>()
  for (const { models } of [Result.getOrThrow(read(shipped)), ...(own === undefined ? [] : [own])])
    for (const [name, { input, output = 0 }] of Object.entries(models))
      table.set(name, { input: input * 1_000, output: output * 1_000 })
  const version = [shipped.version, ...(own?.version === undefined ? [] : [own.version])].join(" with ")
  const found = new BoundedMap<Price | "unknown">(maxFound, () => priceBytes)
  const named = (name: string): Price | undefined => {
    if (name.length > longestName) return undefined
    const known = found.get(name)
    if (known !== undefined) return known === "unknown" ? undefined : known
    const price = spellings(name).flatMap((spelling) => table.get(spelling) ?? [])[0]
    found.set(name, price ?? "unknown")
    return price
  }
  return {
    version,
    // An id is chosen by the model's author, who may not choose a price by it: the name in the request goes first.
    of: (modelId, name) =>
      (name === undefined ? undefined : named(name)) ??
      (own !== undefined && Object.hasOwn(own.models, modelId) ? table.get(modelId) : undefined),
  }
}

/** A name as it is, without its date or version, and without the region and vendor that Bedrock puts before it. */
const spellings = (name: string): ReadonlyArray<string> => {
  const short = name.replace(/(?:[-@]\d{4}-?\d{2}-?\d{2}|-latest|-0)?(?:-v\d+)?(?::\d+)?$/, "")
  const plain = short.replace(/^(?:(?:us|eu|apac|global)\.)?(?:anthropic|cohere|mistral|openai)\./, "")
  return [name, name.replace(/:\d+$/, ""), short, plain]
}

const longestName = 256

/** Names that were looked up; callers choose some of them. */
const maxFound = { entries: 1_000, bytes: 1_000_000 }
const priceBytes = 50
