/** The exact request that a call makes of its platform; the dry run stops here. */
import type { Method } from "@drawbar/blueprint-schema/ConnectorAction"
import * as BodyTemplate from "@drawbar/template-renderer/BodyTemplate"
import * as HeadersTemplate from "@drawbar/template-renderer/HeadersTemplate"
import type { Supplied } from "@drawbar/template-renderer/Parameter"
import type { TemplateError } from "@drawbar/template-renderer/TemplateError"
import * as UrlTemplate from "@drawbar/template-renderer/UrlTemplate"
import { Result } from "effect"
import type { CompiledAction } from "./CompiledConnector.ts"
import { because, type ConnectorError, invalidInput, MissingParameters, NotRendered } from "./ConnectorError.ts"
import * as InputProcessors from "./InputProcessors.ts"
import * as Nova from "./processors/Nova.ts"
import * as StructuredOutput from "./StructuredOutput.ts"

export interface RemoteRequest {
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
  supplied: Supplied,
  secret: (name: string) => string,
): Result.Result<RemoteRequest, ConnectorError> =>
  Result.gen(function* () {
    yield* nothingMissing(action, supplied)
    const url = yield* at("url", UrlTemplate.render(action.url, supplied))
    const headers = yield* at("headers", HeadersTemplate.render(action.headers, supplied, secret))
    const { method } = action.action
    const body = yield* bodyOf(action, supplied)
    return body === undefined ? { method, url, headers } : { method, url, headers: withContentType(headers), body }
  })

// Everything that is absent is named at once, before any other complaint.
const nothingMissing = (
  { url, headers, body }: CompiledAction,
  supplied: Supplied,
): Result.Result<void, ConnectorError> => {
  const names = new Set([
    ...UrlTemplate.missing(url, supplied),
    ...HeadersTemplate.missing(headers, supplied),
    ...(body === undefined ? [] : BodyTemplate.missing(body, supplied)),
  ])
  return names.size === 0 ? Result.void : Result.fail(because(new MissingParameters({ names: [...names] })))
}

const at = <A>(
  stage: NotRendered["stage"],
  rendered: Result.Result<A, TemplateError>,
): Result.Result<A, ConnectorError> =>
  Result.mapError(rendered, (problem) => because(new NotRendered({ stage, problem })))

const bodyOf = (compiled: CompiledAction, supplied: Supplied): Result.Result<string | undefined, ConnectorError> =>
  Result.gen(function* () {
    const { action, body } = compiled
    if (body === undefined) return undefined
    const text = yield* at("body", BodyTemplate.render(body, supplied))
    if (text === "") {
      if (action.method !== "POST" || action.action_type === "CANCEL_BATCH_PREDICT") return undefined
      return yield* Result.fail(
        invalidInput(
          "Content length is 0. Aborting request to remote model: give request_body, or the parameter http_body",
        ),
      )
    }
    const structured = action.supports_structured_output
      ? StructuredOutput.inject(text, supplied, compiled.author)
      : text
    const clean = Nova.isNova(compiled.author) ? Nova.withoutEmptyMedia(structured) : structured
    return compiled.inputProcessors === undefined
      ? clean
      : yield* InputProcessors.onBody(compiled.inputProcessors, clean)
  })

const withContentType = (headers: RemoteRequest["headers"]): RemoteRequest["headers"] =>
  Object.keys(headers).some((name) => name.toLowerCase() === "content-type")
    ? headers
    : { ...headers, "Content-Type": "application/json" }
