/** The blueprints we ship: pure data, each a document to fill in, an example of its use, and where its facts come from. */
import catalogue from "./catalogue.json" with { type: "json" }

type JsonObject = Readonly<Record<string, unknown>>

/** A request as a platform receives it before it is signed. Secrets read `***`. */
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
  /** A body of `_predict`; with `text_docs` alone it is one of text embedding, with `query_text` of text similarity. */
  readonly parameters: JsonObject
  /** What that predict sends. */
  readonly request: OutboundRequest
  /** What the platform answers. */
  readonly response: unknown
  /** What the predict answers. */
  readonly prediction: JsonObject
  /** Markdown: the vendor's page, when it was read, and what of the documents is documented or seen. */
  readonly source: string
}

/** Every blueprint, in the order of the names. */
export const entries: ReadonlyArray<Entry> = catalogue

export const names: ReadonlyArray<string> = entries.map(({ name }) => name)

export const find = (name: string): Entry | undefined => entries.find((entry) => entry.name === name)
