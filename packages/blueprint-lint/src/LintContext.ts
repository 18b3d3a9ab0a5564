/** A connector's document as the rules look at it: taken apart, and taken as it is, whatever else is wrong with it. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import * as Blueprint from "@drawbar/blueprint-schema/Blueprint"
import { BlueprintError } from "@drawbar/blueprint-schema/BlueprintError"
import { decode } from "@drawbar/json-text/Decode"
import * as Json from "@drawbar/json-text/Json"
import * as BodyTemplate from "@drawbar/template-renderer/BodyTemplate"
import * as HeadersTemplate from "@drawbar/template-renderer/HeadersTemplate"
import type { Hole } from "@drawbar/template-renderer/Hole"
import type { TemplateError } from "@drawbar/template-renderer/TemplateError"
import * as UrlTemplate from "@drawbar/template-renderer/UrlTemplate"
import { Result } from "effect"
import type { LintEnvironment } from "./LintEnvironment.ts"

export interface Template {
  readonly pointer: string
  readonly source: string
  readonly compiled: Result.Result<
    { readonly holes: ReadonlyArray<Hole>; readonly url?: UrlTemplate.UrlTemplate },
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
  /** The connector's own parameters as the templates see them. */
  readonly parameters: Readonly<Record<string, string>>
  readonly credentialNames: ReadonlyArray<string>
  readonly isAws: boolean
  readonly actions: ReadonlyArray<Action>
  /** Every template of every action. */
  readonly templates: ReadonlyArray<Template>
  readonly blueprint: Result.Result<Blueprint.Blueprint, BlueprintError>
  /** Whether it stands inside a model, where it needs no name. */
  readonly inline: boolean
  readonly host: LintEnvironment
}

const readDocument = decode(Blueprint.Document)

/** `inline`: the connector stands inside a model, and needs no name. */
export const make = (document: Json.JsonObject, host: LintEnvironment, inline: boolean): LintContext => {
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
    host,
  }
}

/** The blueprint in a document, or the first thing that is wrong with it. */
export const checked = (document: Json.JsonObject, inline: boolean) =>
  readDocument(document).pipe(
    Result.mapError(({ reason }) => new BlueprintError({ reason })),
    Result.flatMap((read) => Blueprint.check(read, { inline })),
  )

/** The members of an object; none of anything else. */
export const members = (value: Json.Json | undefined): Json.JsonObject => (Json.isObject(value) ? value : {})

export const holesOf = ({ compiled }: Template): ReadonlyArray<Hole> =>
  Result.match(compiled, { onSuccess: ({ holes }) => holes, onFailure: () => [] })

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
              holes: it.holes,
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
