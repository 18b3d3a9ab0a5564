/** The exact request that a call makes of its platform; the dry run stops here. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { ConnectorAction, Method } from "@drawbar/blueprint-schema/ConnectorAction"
import * as BodyTemplate from "@drawbar/template-renderer/BodyTemplate"
import * as HeadersTemplate from "@drawbar/template-renderer/HeadersTemplate"
import { type Supplied, textOf } from "@drawbar/template-renderer/Parameter"
import type { TemplateError } from "@drawbar/template-renderer/TemplateError"
import * as UrlTemplate from "@drawbar/template-renderer/UrlTemplate"
import { Result } from "effect"
import type { CompiledAction } from "./CompiledConnector.ts"
import { ConnectorError, invalidInput, MissingParameters, NotRendered } from "../ConnectorError.ts"
import * as InputProcessors from "../chain/InputProcessors.ts"
import * as PostProcess from "../processors/PostProcess.ts"
import type * as PreProcess from "../processors/PreProcess.ts"
import * as RequestCharset from "./RequestCharset.ts"
import * as StructuredOutput from "./StructuredOutput.ts"

export interface UpstreamRequest {
  readonly method: Method
  /** Absolute, to the byte as it is sent. */
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

/** What stands in place of a secret wherever a request is shown. */
export const mask = "***"

/** Fills the templates of an action. `secret` gives a credential's value by name, or `mask` where the request is shown. */
export const render = (
  action: CompiledAction,
  supplied: PreProcess.Call,
  secret: (name: string) => string,
): Result.Result<UpstreamRequest, ConnectorError> => {
  const rendered = fill(action, supplied, secret)
  if (Result.isSuccess(rendered) && PostProcess.missing(action.postProcess, supplied).length === 0) return rendered
  // Everything that is absent is named at once, before any other complaint.
  const names = missing(action, supplied)
  return names.size === 0
    ? rendered
    : Result.fail(
        ConnectorError.from(
          new MissingParameters({
            names: [...names],
            action: action.action.name ?? action.action.action_type.toLowerCase(),
            required: [...missing(action, { ...supplied, caller: new Map([]) })],
          }),
        ),
      )
}

// No generators here, which would cost more than what they are for: each predict comes by.
const fill = (
  action: CompiledAction,
  supplied: PreProcess.Call,
  secret: (name: string) => string,
): Result.Result<UpstreamRequest, ConnectorError> => {
  const url = UrlTemplate.render(action.url, supplied)
  if (Result.isFailure(url)) return notRendered("url", url.failure, action.action)
  const headers = HeadersTemplate.render(action.headers, supplied, secret)
  if (Result.isFailure(headers)) return notRendered("headers", headers.failure)
  const body = bodyOf(action, supplied)
  if (Result.isFailure(body)) return Result.fail(body.failure)
  const { method } = action.action
  return Result.succeed(
    body.success === undefined
      ? { method, url: url.success, headers: headers.success }
      : { method, url: url.success, headers: withContentType(headers.success), body: body.success },
  )
}

const missing = ({ url, headers, body, postProcess }: CompiledAction, supplied: Supplied): ReadonlySet<string> =>
  new Set([
    ...UrlTemplate.missing(url, supplied),
    ...HeadersTemplate.missing(headers, supplied),
    ...(body === undefined ? [] : BodyTemplate.missing(body, supplied)),
    ...PostProcess.missing(postProcess, supplied),
  ])

const notRendered = (stage: NotRendered["stage"], problem: TemplateError, action?: ConnectorAction) =>
  Result.fail(
    ConnectorError.from(new NotRendered({ stage, problem, action: action?.name ?? action?.action_type.toLowerCase() })),
  )

const bodyOf = (
  compiled: CompiledAction,
  supplied: PreProcess.Call,
): Result.Result<string | undefined, ConnectorError> => {
  const { action, body } = compiled
  if (body === undefined) return Result.succeed(undefined)
  const rendered = BodyTemplate.render(body, supplied)
  if (Result.isFailure(rendered)) return notRendered("body", rendered.failure)
  const amended = supplied.amend?.(rendered.success) ?? Result.succeed(rendered.success)
  if (Result.isFailure(amended)) return Result.fail(amended.failure)
  const text = amended.success
  if (text === "")
    return action.method !== "POST" || action.action_type === "CANCEL_BATCH_PREDICT"
      ? Result.succeed(undefined)
      : Result.fail(withoutBody)
  const structured = action.supports_structured_output ? StructuredOutput.inject(text, supplied, compiled.author) : text
  const clean = compiled.bodyRewrite === undefined ? structured : compiled.bodyRewrite(structured)
  const whole =
    compiled.inputProcessors === undefined
      ? Result.succeed(clean)
      : InputProcessors.onBody(compiled.inputProcessors, clean)
  const given = supplied.caller.get(Reserved.charset)
  const charset = given === undefined ? compiled.author[Reserved.charset] : textOf(given)
  return charset === undefined ? whole : Result.flatMap(whole, (sent) => inCharset(charset, sent))
}

const inCharset = (charset: string, body: string): Result.Result<string, ConnectorError> =>
  RequestCharset.check(charset).pipe(
    Result.flatMap(() => RequestCharset.apply(charset, body)),
    Result.mapError(invalidInput),
  )

const withoutBody = invalidInput(
  "Content length is 0. Aborting request to remote model: give request_body, or the parameter http_body",
)

const withContentType = (headers: UpstreamRequest["headers"]): UpstreamRequest["headers"] =>
  Object.keys(headers).some((name) => name.toLowerCase() === "content-type")
    ? headers
    : { ...headers, "Content-Type": "application/json" }
