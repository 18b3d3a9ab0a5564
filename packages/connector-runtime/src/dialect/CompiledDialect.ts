/** How an action takes calls in OpenAI's API: compiled once, with the connector. */
import type { ConnectorAction } from "@drawbar/blueprint-schema/ConnectorAction"
import type { OpenAiSection } from "@drawbar/blueprint-schema/OpenAiSection"
import type { BodyTemplate } from "@drawbar/template-renderer/BodyTemplate"
import type { Author } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import { type ConnectorError, invalidConnector } from "../ConnectorError.ts"
import * as JsonQuery from "../response/JsonQuery.ts"
import type { Dialect } from "./Dialect.ts"
import * as Dialects from "./Dialects.ts"
import * as EmbeddingFields from "./EmbeddingFields.ts"

export interface CompiledDialect {
  /** The chat API that its URL speaks. */
  readonly dialect: Dialect | undefined
  readonly section: OpenAiSection
  /** Where the text of an answer stands, where the section says it. */
  readonly content: JsonQuery.JsonQuery | undefined
  /** What the URL's API calls the fields of embeddings. */
  readonly embeddings: EmbeddingFields.EmbeddingFields | undefined
  /** Whether the URL speaks OpenAI's Responses API. */
  readonly isResponses: boolean
  /** The placeholders of the body by their names. */
  readonly placeholders: ReadonlyMap<string, BodyTemplate["placeholders"][number]>
  /** The members of the body that are the parameter of their name and nothing else: what is given is what is sent. */
  readonly spliced: ReadonlySet<string>
}

export const compile = (
  section: OpenAiSection = {},
  action: ConnectorAction,
  author: Author,
  body: BodyTemplate | undefined,
): Result.Result<CompiledDialect, ConnectorError> => {
  const content =
    section.content === undefined
      ? Result.succeed(undefined)
      : Result.mapError(JsonQuery.compile(section.content), (why) =>
          invalidConnector("/openai/content", `openai.content is not a JSONPath: ${why}`),
        )
  return Result.map(content, (query) => {
    const url = Dialects.filledUrl(action.url, author)
    return {
      dialect: Dialects.find(action, author),
      section,
      content: query,
      embeddings: EmbeddingFields.find(url),
      isResponses: /\/responses\/?(?:[?#]|$)/.test(url),
      // A function may change what is given.
      spliced: action.pre_process_function == null ? splicedIn(action.request_body) : new Set(),
      placeholders: new Map((body?.placeholders ?? []).map((placeholder) => [placeholder.name, placeholder])),
    }
  })
}

/** Above any number of a template. */
const firstMark = 9_000_000_000_000_000

const splicedIn = (template: string | undefined): ReadonlySet<string> => {
  const names: Array<string | undefined> = []
  const marked = (template ?? "").replaceAll(/\$\{(?:parameters\.([\w-]+)|[^}]*)\}/g, (_, name?: string) =>
    String(firstMark + names.push(name) - 1),
  )
  const value = Result.getOrUndefined(Result.try(() => JSON.parse(marked)))
  const members = Object.entries(Object(value))
  const isOwn = ([name, member]: readonly [string, unknown]) =>
    typeof member === "number" && names[member - firstMark] === name
  return new Set(members.filter(isOwn).map(([name]) => name))
}
