/**
 * What tokens cost, by model: the table that comes with Drawbar (the providers' list prices of its `version`), with the operator's own
 * file before it. A model without a row has no price, and is never taken to cost nothing.
 */
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
    /** Of the first of these names that has one; a date or a version at the end of a name may be missing in the table. */
    readonly of: (names: ReadonlyArray<string>) => Price | undefined
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
  return {
    version,
    of: (names) => {
      for (const name of names) for (const known of spellings(name)) if (table.has(known)) return table.get(known)
      return undefined
    },
  }
}

/** A name as it is, without its date or version, and without the region and vendor that Bedrock puts before it. */
const spellings = (name: string): ReadonlyArray<string> => {
  if (name.length > longestName) return []
  const short = name.replace(/(?:[-@]\d{4}-?\d{2}-?\d{2}|-latest|-0)?(?:-v\d+)?(?::\d+)?$/, "")
  const plain = short.replace(/^(?:(?:us|eu|apac|global)\.)?(?:anthropic|cohere|mistral|openai)\./, "")
  return [name, name.replace(/:\d+$/, ""), short, plain]
}

const longestName = 256
