/**
 * Answers HTTP requests by the contracts: guard, route, query, body, handler, answer, in this order and nothing else.
 *
 * It stands on `node:http` and runs one fiber a request: docs/decisions/0003-http-server.md says why.
 */
import { performance } from "node:perf_hooks"
import type { IncomingMessage, OutgoingHttpHeaders, RequestListener, ServerResponse } from "node:http"
import * as Journey from "@drawbar/connector-runtime/Journey"
import { Asker } from "@drawbar/registry/Asker"
import { Cause, type Context, Effect, Exit, Result } from "effect"
import * as Answer from "./Answer.ts"
import type { Audit } from "./Audit.ts"
import * as Authentication from "./Authentication.ts"
import * as BodyText from "./BodyText.ts"
import type { Endpoint } from "./Endpoint.ts"
import * as EventStream from "./EventStream.ts"
import * as Fault from "./Fault.ts"
import type { Guard } from "./Guard.ts"
import * as OpenSearchError from "./OpenSearchError.ts"
import type { Overload } from "./Overload.ts"
import * as Query from "./Query.ts"
import { BadParameter, because, Forbidden, NoHandler, type RequestError, WrongMethod } from "./RequestError.ts"
import type * as RequestId from "./RequestId.ts"
import * as Router from "./Router.ts"
import type { Telemetry } from "./Telemetry.ts"
import * as Tracing from "./Tracing.ts"
import * as User from "./User.ts"

/** An endpoint at its path, or at an old one that says so. */
export interface Served {
  readonly endpoint: Endpoint
  /** The `Warning` header of an old path. */
  readonly warning?: string
}

export interface Options {
  readonly router: Router.Router<Served>
  readonly guard: Guard
  readonly requestId: RequestId.RequestId
  /** The largest body that is read, in bytes. */
  readonly bodyLimit: number
  readonly telemetry: Pick<Telemetry, "ended">
  readonly authentication: Authentication.Authentication
  readonly audit: Audit | undefined
  readonly overload: Overload
  readonly tracing: Tracing.Tracing | undefined
}

interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** What the body says. */
  readonly value: unknown
  /** Why it was refused. */
  readonly reason?: string | undefined
}

export const make = (
  { router, guard, requestId, bodyLimit, telemetry, authentication, audit, overload, tracing }: Options,
  services: Context.Context<never>,
): RequestListener => {
  const run = Effect.runForkWith(services)

  /** Answers what is still to be sent; nothing where it went out as it came. */
  const answer = Effect.fnUntraced(function* (
    request: IncomingMessage,
    response: ServerResponse,
    target: Target,
    id: string,
    seen: Seen,
  ): Effect.fn.Return<Reply | undefined, OpenSearchError.ApiError> {
    const { method, uri, path, search } = target
    // Who keeps the server running calls it by any name, and learns nothing.
    const refusal = path.startsWith("/_health/") ? undefined : guard.refusal(request.headers)
    if (refusal !== undefined) return yield* because(new Forbidden({ message: refusal }))
    const match = router.find(method, path)
    if (match._tag === "NoRoute") return yield* because(new NoHandler({ uri, method }))
    if (match._tag === "WrongMethod") {
      if (method === "OPTIONS")
        return { status: 200, headers: { Allow: match.allowed.join(", ") }, body: "", value: undefined }
      return yield* because(new WrongMethod({ uri, method, allowed: match.allowed }))
    }
    const { endpoint, warning } = match.value
    seen.route = endpoint.path
    seen.params = match.params
    if (endpoint.path.includes("_predict")) {
      seen.journey = Journey.make(seen.trace === undefined ? undefined : Tracing.traceparentOf(seen.trace))
      seen.model = match.params["model_id"]
      const bytes = Number(request.headers["content-length"] ?? 0)
      const tooMuch = overload.refusal(bytes)
      if (tooMuch !== undefined) return yield* tooMuch
      response.once("close", overload.enter(bytes))
    }
    const { name, asker } = yield* authentication(request.headers, endpoint)
    seen.user = name
    seen.asker = asker
    yield* Effect.fromResult(Authentication.permitted(asker, endpoint))
    const params = yield* Effect.fromResult(decodeAll(match.params))
    const query = yield* Effect.fromResult(Query.read(search, endpoint.queryNames, path))
    const sent = yield* BodyText.read(request, bodyLimit)
    const text = sent === "" ? yield* Effect.fromResult(BodyText.inQuery(query)) : sent
    const answered = endpoint.answer({ params, query: query.own, text, user: name })
    const watched =
      seen.journey === undefined ? answered : Effect.provideService(answered, Journey.Journey, seen.journey)
    const value = yield* asker === undefined ? watched : Effect.provideService(watched, Asker, asker)
    if (value instanceof EventStream.EventStream)
      return yield* Effect.scoped(
        streamed(value, response, { ...headersOf(request, id), ...EventStream.headers }),
      ).pipe(Effect.provideService(Asker, asker), Effect.provideService(Journey.Journey, seen.journey))
    if (value instanceof Answer.PlainText)
      return { status: 200, headers: { "Content-Type": value.contentType }, body: value.text, value: undefined }
    const headers = warning === undefined ? {} : { Warning: warning }
    return { status: 200, headers, body: Answer.write(value, query), value }
  })

  return (request, response) => {
    const id = requestId(request.headers["x-request-id"])
    const target = targetOf(request)
    const seen: Seen = {
      route: undefined,
      model: undefined,
      user: undefined,
      asker: undefined,
      params: {},
      journey: undefined,
      trace: tracing?.begin(headerOf(request, "traceparent")),
    }
    const begun = performance.now()
    const reply = (given: Reply) => {
      const { route, asker, params } = seen
      const { status, reason, value } = given
      const claimed = audit === undefined || asker !== undefined ? undefined : User.of(request.headers)
      audit?.({ id, method: target.method, route, asker, claimed, params, status, reason, value })
      send(
        request,
        response,
        id,
        seen.journey === undefined ? given : timed(given, seen.journey, performance.now() - begun),
      )
    }
    const fiber = run(answer(request, response, target, id, seen))
    response.on("close", () => {
      fiber.interruptUnsafe()
      const { method, path } = target
      const status = response.writableFinished ? response.statusCode : 499
      const endedAt = performance.now()
      const millis = endedAt - begun
      const { route, model, user, journey, trace } = seen
      const ended = { id, method, path, route, model, user, status, millis, endedAt, journey }
      telemetry.ended(ended)
      if (trace !== undefined) tracing?.ended(trace, ended)
    })
    fiber.addObserver((exit) => {
      if (Exit.isSuccess(exit)) return exit.value === undefined ? undefined : reply(exit.value)
      const refusal = refusalOf(exit.cause, id)
      const fault = faultOf(exit.cause)
      if (fault !== undefined) run(Effect.logError(`${target.method} ${seen.route} failed, request id ${id}: ${fault}`))
      const pretty = Query.wantsPretty(target.search)
      const body = Answer.write(refusal.body, { pretty, filterPath: undefined })
      reply({ ...refusal, body, value: undefined, reason: reasonOf(exit.cause) })
    })
  }
}

/** What is known of a request once it has found its endpoint. */
interface Seen {
  route: string | undefined
  model: string | undefined
  user: string | undefined
  asker: Asker | undefined
  params: Readonly<Record<string, string>>
  journey: Journey.Journey | undefined
  readonly trace: Tracing.Trace | undefined
}

interface Target {
  readonly method: string
  readonly uri: string
  readonly path: string
  readonly search: string | undefined
}

const targetOf = ({ method = "", url: uri = "" }: IncomingMessage): Target => {
  const question = uri.indexOf("?")
  return question === -1
    ? { method, uri, path: uri, search: undefined }
    : { method, uri, path: uri.slice(0, question), search: uri.slice(question + 1) }
}

const decodeAll = (
  params: Readonly<Record<string, string>>,
): Result.Result<Readonly<Record<string, string>>, RequestError> => {
  if (!Object.values(params).some((value) => value.includes("%"))) return Result.succeed(params)
  try {
    return Result.succeed(
      Object.fromEntries(Object.entries(params).map(([name, value]) => [name, decodeURIComponent(value)])),
    )
  } catch {
    return Result.fail(
      because(
        new BadParameter({ message: "The path has a % that begins no UTF-8 character. Write %25 for % itself." }),
      ),
    )
  }
}

const refusalOf = (cause: Cause.Cause<OpenSearchError.ApiError>, id: string): OpenSearchError.Refusal => {
  const failure = cause.reasons.find(Cause.isFailReason)
  if (failure !== undefined) return OpenSearchError.of(failure.error)
  return Cause.hasInterruptsOnly(cause) ? OpenSearchError.stopping : OpenSearchError.unforeseen(id)
}

const reasonOf = (cause: Cause.Cause<OpenSearchError.ApiError>): string | undefined =>
  cause.reasons.find(Cause.isFailReason)?.error.reason._tag

/** What the operator has to know: a failure of Drawbar's own. What a platform or a caller said is not for the log. */
const faultOf = (cause: Cause.Cause<OpenSearchError.ApiError>): string | undefined => {
  const failure = cause.reasons.find(Cause.isFailReason)
  if (failure === undefined) return Cause.hasInterruptsOnly(cause) ? undefined : Fault.describe(cause)
  const { reason } = failure.error
  return "remote" in reason || OpenSearchError.of(failure.error).status !== 500 ? undefined : reason.message
}

/** What every answer has. */
const headersOf = ({ headers }: IncomingMessage, id: string): OutgoingHttpHeaders => {
  const opaqueId = headers["x-opaque-id"]
  return {
    "X-Content-Type-Options": "nosniff",
    "X-Request-Id": id,
    ...(opaqueId === undefined ? {} : { "X-Opaque-Id": opaqueId }),
  }
}

const streamed = Effect.fnUntraced(function* (
  { events, failure }: EventStream.EventStream,
  response: ServerResponse,
  headers: OutgoingHttpHeaders,
) {
  const begun = yield* events
  if (response.destroyed) return undefined
  response.writeHead(200, headers)
  yield* EventStream.send(begun, failure, response)
  return undefined
})

/** https://www.w3.org/TR/server-timing/ */
const timed = (reply: Reply, journey: Journey.Journey, millis: number): Reply => {
  const upstream = Journey.upstreamMillis(journey)
  const timing = `upstream;dur=${upstream.toFixed(1)}, drawbar;dur=${Math.max(0, millis - upstream).toFixed(1)}`
  return { ...reply, headers: { "Server-Timing": timing, ...reply.headers } }
}

const headerOf = ({ headers }: IncomingMessage, name: string): string | undefined => {
  const value = headers[name]
  return typeof value === "string" ? value : undefined
}

// Head and body go out in one write.
const send = (
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
  { status, headers, body }: Reply,
): void => {
  if (response.destroyed) return
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, {
    ...headersOf(request, id),
    ...(body === "" ? {} : { "Content-Type": "application/json; charset=UTF-8" }),
    "Content-Length": Buffer.byteLength(body),
    // What is left of a body that is too large is not waited for.
    ...(status === 413 ? { Connection: "close" } : {}),
    ...headers,
  })
  response.end(body)
}
