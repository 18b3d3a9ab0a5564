/** A connector of which everything is computed that one call does not change: templates, functions, filters, origins. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { Connector } from "@drawbar/blueprint-schema/Connector"
import type { ActionType, ConnectorAction } from "@drawbar/blueprint-schema/ConnectorAction"
import { types } from "@drawbar/blueprint-schema/ConnectorAction"
import * as BodyTemplate from "@drawbar/template-renderer/BodyTemplate"
import * as HeadersTemplate from "@drawbar/template-renderer/HeadersTemplate"
import type { Author } from "@drawbar/template-renderer/Parameter"
import type { TemplateError } from "@drawbar/template-renderer/TemplateError"
import * as UrlTemplate from "@drawbar/template-renderer/UrlTemplate"
import { Result } from "effect"
import { type ConnectorError, invalidConnector, invalidInput } from "../ConnectorError.ts"
import * as CompiledDialect from "../dialect/CompiledDialect.ts"
import * as CallTarget from "./CallTarget.ts"
import * as InputProcessors from "../chain/InputProcessors.ts"
import type { ProcessorChain } from "../chain/ProcessorChain.ts"
import * as Nova from "../processors/Nova.ts"
import * as PostProcess from "../processors/PostProcess.ts"
import * as PreProcess from "../processors/PreProcess.ts"
import * as RequestCharset from "./RequestCharset.ts"
import * as SigningSettings from "../auth/SigningSettings.ts"

export interface CompiledAction {
  readonly action: ConnectorAction
  /** The connector's parameters, which outlast every call. */
  readonly author: Author
  readonly url: UrlTemplate.UrlTemplate
  readonly headers: HeadersTemplate.HeadersTemplate
  /** Absent where the method sends none and the action gives none. */
  readonly body: BodyTemplate.BodyTemplate | undefined
  readonly preProcess: PreProcess.PreProcess
  /** What the model's provider needs of a rendered body beyond its template. */
  readonly bodyRewrite: ((body: string) => string) | undefined
  /** The connector's own `input_processors`. */
  readonly inputProcessors: ProcessorChain | undefined
  readonly postProcess: PostProcess.PostProcess
  /** How it takes calls in OpenAI's API. */
  readonly dialect: CompiledDialect.CompiledDialect
  /** For metrics and traces. */
  readonly target: CallTarget.CallTarget
}

export interface CompiledConnector {
  readonly connector: Connector
  readonly actions: ReadonlyArray<CompiledAction>
}

/** Compiles every action, or says which part of the document cannot be run. */
export const compile = (
  connector: Connector,
  credentialNames: ReadonlyArray<string>,
): Result.Result<CompiledConnector, ConnectorError> =>
  Result.gen(function* () {
    const actions = yield* Result.all(
      connector.actions.map((action, i) => compileAction(connector, action, credentialNames, i)),
    )
    yield* SigningSettings.check(connector)
    return { connector, actions }
  })

/** How messages call an action: by its type or name, and its place in the document. */
export const nameOf = ({ action_type, name }: ConnectorAction, index: number): string =>
  `${name ?? action_type} at [/actions/${index}]`

/** The action that a caller asks for by type or name. */
export const find = (
  { actions }: CompiledConnector,
  requested: string,
): Result.Result<CompiledAction, ConnectorError> => {
  const type = types.find((known: ActionType) => known === requested.toUpperCase())
  const found = actions.find(({ action }) =>
    type === undefined ? action.name === requested : action.action_type === type,
  )
  return found === undefined ? Result.fail(invalidInput(`no ${type ?? requested} action found`)) : Result.succeed(found)
}

const compileAction = (
  connector: Connector,
  action: ConnectorAction,
  credentialNames: ReadonlyArray<string>,
  index: number,
): Result.Result<CompiledAction, ConnectorError> =>
  Result.gen(function* () {
    const at = `/actions/${index}`
    const author = connector.parameters
    if (author[Reserved.charset] !== undefined)
      yield* Result.mapError(RequestCharset.check(author[Reserved.charset]), (sentence) =>
        invalidConnector(`/parameters/${Reserved.charset}`, sentence),
      )
    const template = templateOf(action, index)
    const url = yield* template(`${at}/url`, UrlTemplate.compile(action.url, author, Reserved.templates.url))
    const body = yield* template(`${at}/request_body`, compileBody(action, author))
    return {
      action,
      author,
      url,
      dialect: yield* CompiledDialect.compile(connector.openai, action, author, body),
      target: CallTarget.of(action, author, url.origin),
      headers: yield* template(
        `${at}/headers`,
        HeadersTemplate.compile(action.headers ?? {}, author, credentialNames, Reserved.templates.headers),
      ),
      body,
      bodyRewrite: Nova.bodyRewrite(author),
      inputProcessors: yield* InputProcessors.compile(author),
      preProcess: yield* PreProcess.compile(connector, action, at),
      postProcess: yield* PostProcess.compile(connector, action, at),
    }
  })

const templateOf =
  (action: ConnectorAction, index: number) =>
  <A>(pointer: string, compiled: Result.Result<A, TemplateError>): Result.Result<A, ConnectorError> =>
    Result.mapError(compiled, ({ reason: { _tag }, message }) =>
      invalidConnector(pointer, ofAction.has(_tag) ? `Action ${nameOf(action, index)}, ${message}` : message),
    )

/** The faults whose sentences say nothing of the action that has them. */
const ofAction: ReadonlySet<TemplateError["reason"]["_tag"]> = new Set([
  "InvalidOrigin",
  "InvalidPathSegment",
  "InvalidHeaderValue",
  "NestedDefault",
  "UnfilledOrigin",
])

const compileBody = (
  { request_body, headers = {}, method }: ConnectorAction,
  author: Author,
): Result.Result<BodyTemplate.BodyTemplate | undefined, TemplateError> => {
  const contentType = Object.entries(headers).find(([name]) => name.toLowerCase() === "content-type")?.[1]
  const options = { ...Reserved.templates.body, contentType }
  if (request_body !== undefined) return BodyTemplate.compile(request_body, author, options)
  return method === "GET" || method === "DELETE"
    ? Result.succeed(undefined)
    : BodyTemplate.compile(Reserved.templates.withoutBody, author, options)
}
