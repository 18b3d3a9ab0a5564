/** From the value of a handler to the bytes that are sent. */
import { Effect, Result } from "effect"
import * as EventStream from "./EventStream.ts"
import type * as Query from "./Query.ts"
import * as RequestContext from "./RequestContext.ts"
import * as ResponseBody from "./ResponseBody.ts"

/** What goes out for one request. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What the body says. */
  readonly value: unknown
}

/** What goes out for a handler's value; nothing where it went out as it came. */
export const of = (
  context: RequestContext.RequestContext,
  warning: string | undefined,
  value: unknown,
  query: Query.Query,
): Effect.Effect<Reply | undefined, unknown> => {
  if (value instanceof EventStream.EventStream) return Effect.scoped(streamed(value, context))
  if (value instanceof ResponseBody.PlainText)
    return Effect.succeed({
      status: 200,
      headers: { "Content-Type": value.contentType },
      body: value.text,
      value: undefined,
    })
  const headers = warning === undefined ? {} : { Warning: warning }
  const content = value instanceof ResponseBody.WithHeaders ? value.value : value
  const body = ResponseBody.write(content, query)
  if (Result.isFailure(body)) return Effect.fail(body.failure)
  return Effect.succeed({
    status: 200,
    headers: value instanceof ResponseBody.WithHeaders ? { ...headers, ...value.headers } : headers,
    body: body.success,
    value: content,
  })
}

const streamed = Effect.fnUntraced(function* (stream: EventStream.EventStream, context: RequestContext.RequestContext) {
  const { response } = context
  const begun = yield* stream.events
  if (response.destroyed) return undefined
  // From here on it waits for its upstream more than it works.
  context.leave?.()
  response.writeHead(200, {
    ...RequestContext.headersOf(context),
    ...EventStream.headers,
    ...stream.headers?.(),
  })
  context.failure = yield* EventStream.send(begun, stream, response)
  return undefined
})

export const json = "application/json; charset=UTF-8"

/** Sends it; head and body go out in one write. */
export const send = (context: RequestContext.RequestContext, { status, headers, body }: Reply): void => {
  const { response } = context
  if (response.destroyed) return
  if (response.headersSent) return void response.destroy()
  const all = RequestContext.headersOf(context)
  if (body !== "") all["Content-Type"] = json
  all["Content-Length"] = Buffer.byteLength(body)
  // The rest of a body that is too large is not waited for.
  if (status === 413) all["Connection"] = "close"
  response.writeHead(status, Object.assign(all, headers))
  response.end(body)
}
