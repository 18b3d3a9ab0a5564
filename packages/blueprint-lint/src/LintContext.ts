/** A connector document in the form that rules use: its parts, and the original, whatever else is wrong with it. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { BlueprintError } from "@drawbar/blueprint-schema/BlueprintError"
import { decode } from "@drawbar/json-text/Decode"
import * as Json from "@drawbar/json-text/Json"
import * as BodyTemplate from "@drawbar/template-renderer/BodyTemplate"
import * as HeadersTemplate from "@drawbar/template-renderer/HeadersTemplate"
import type { Placeholder } from "@drawbar/template-renderer/Placeholder"
import type { TemplateError } from "@drawbar/template-renderer/TemplateError"
import * as UrlTemplate from "@drawbar/template-renderer/UrlTemplate"
import { Result } from "effect"
import type { LintEnvironment } from "./LintEnvironment.ts"

export interface Template {
  readonly pointer: string
  readonly source: string
  readonly compiled: Result.Result<
    { readonly placeholders: ReadonlyArray<Placeholder>; readonly url?: UrlTemplate.UrlTemplate },
    TemplateError
  >
}

export interface Action {
  readonly pointer: string
  readonly document: Json.JsonObject
  readonly url: Template | undefined
  readonly headers: Template
  readonly body: Template | undefined
}

export interface LintContext {
  readonly document: Json.JsonObject
  /** The connector's own parameters in the form that templates use. */
  readonly parameters: Readonly<Record<string, string>>
  readonly credentialNames: ReadonlyArray<string>
  readonly isAws: boolean
  readonly actions: ReadonlyArray<Action>
  /** Every template of every action. */
  readonly templates: ReadonlyArray<Template>
  readonly blueprint: Result.Result<Blueprint.Blueprint, BlueprintError>
  /** Whether the connector is embedded in a model, where it needs no name. */
  readonly inline: boolean
  readonly environment: LintEnvironment
}

const readDocument = decode(Blueprint.Document)

/** `inline`: the connector is embedded in a model, and needs no name. */
export const make = (document: Json.JsonObject, environment: LintEnvironment, inline: boolean): LintContext => {
  const parameters = Object.fromEntries(
    Object.entries(members(document["parameters"])).flatMap(([name, value]) =>
      value === null ? [] : [[name, Json.toText(value)]],
    ),
  )
  const credentialNames = Object.keys(members(document["credential"]))
  const list = Array.isArray(document["actions"]) ? document["actions"] : []
  const actions = list.flatMap((action, i) =>
    Json.isObject(action) ? [actionOf(action, `/actions/${i}`, parameters, credentialNames)] : [],
  )
  return {
    document,
    parameters,
    credentialNames,
    isAws: document["protocol"] === "aws_sigv4",
    actions,
    templates: actions.flatMap(({ url, headers, body }) => [url, headers, body].filter((it) => it !== undefined)),
    blueprint: checked(document, inline),
    inline,
    environment,
  }
}

/** The blueprint in a document, or the first problem in it. */
export const checked = (document: Json.JsonObject, inline: boolean) =>
  readDocument(document).pipe(
    Result.mapError(({ reason }) => new BlueprintError({ reason })),
    Result.flatMap((read) => Blueprint.check(read, { inline })),
  )

/** The members of an object; empty for any other value. */
export const members = (value: Json.Json | undefined): Json.JsonObject => (Json.isObject(value) ? value : {})

export const placeholdersOf = ({ compiled }: Template): ReadonlyArray<Placeholder> =>
  Result.match(compiled, { onSuccess: ({ placeholders }) => placeholders, onFailure: () => [] })

const actionOf = (
  document: Json.JsonObject,
  pointer: string,
  parameters: LintContext["parameters"],
  credentialNames: ReadonlyArray<string>,
): Action => {
  const { url, request_body } = document
  const headers = Object.fromEntries(
    Object.entries(members(document["headers"])).flatMap(([name, value]) =>
      value === null || Array.isArray(value) || Json.isObject(value) ? [] : [[name, Json.toText(value)]],
    ),
  )
  const contentType = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1]
  return {
    pointer,
    document,
    url:
      typeof url === "string"
        ? {
            pointer: `${pointer}/url`,
            source: url,
            compiled: Result.map(UrlTemplate.compile(url, parameters, Reserved.templates.url), (it) => ({
              placeholders: it.placeholders,
              url: it,
            })),
          }
        : undefined,
    headers: {
      pointer: `${pointer}/headers`,
      source: Object.values(headers).join("\n"),
      compiled: HeadersTemplate.compile(headers, parameters, credentialNames, Reserved.templates.headers),
    },
    body:
      typeof request_body === "string"
        ? {
            pointer: `${pointer}/request_body`,
            source: request_body,
            compiled: BodyTemplate.compile(request_body, parameters, { ...Reserved.templates.body, contentType }),
          }
        : undefined,
  }
}
