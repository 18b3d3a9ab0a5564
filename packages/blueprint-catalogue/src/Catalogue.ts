/** The published blueprints as data. Each is a document to fill in, with an example of its use and its sources. */
import catalogue from "./catalogue.json" with { type: "json" }

type JsonObject = Readonly<Record<string, unknown>>

/** A request as an upstream receives it, before it is signed. Secrets are shown as `***`. */
export interface OutboundRequest {
  readonly method: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

export interface Entry {
  /** The folder's name: `<vendor>-<what>`. */
  readonly name: string
  /** The body of `_create`. Its secrets are references such as `env:OPENAI_API_KEY`. */
  readonly blueprint: JsonObject
  /** A body of `_predict`. With only `text_docs` it is for text embedding, with `query_text` for text similarity. */
  readonly parameters: JsonObject
  /** The request that this predict sends. */
  readonly request: OutboundRequest
  /** The upstream's response. */
  readonly response: unknown
  /** The result of the predict. */
  readonly prediction: JsonObject
  /** Markdown: the provider's page, when it was read, and which parts of the documents are documented or observed. */
  readonly source: string
}

/** Every blueprint, in order of name. */
export const entries: ReadonlyArray<Entry> = catalogue

export const names: ReadonlyArray<string> = entries.map(({ name }) => name)

export const find = (name: string): Entry | undefined => entries.find((entry) => entry.name === name)
