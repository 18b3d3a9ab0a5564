/**
 * Answers HTTP requests by the contracts: guard, route, query, body, handler, answer, in this order and nothing else.
 *
 * It stands on `node:http` and runs one fiber a request: docs/decisions/0003-http-server.md says why.
 */
import { performance } from "node:perf_hooks"
import type { RequestListener, ServerResponse } from "node:http"
import { ConnectorError } from "@drawbar/connector-runtime/ConnectorError"
import * as Journey from "@drawbar/connector-runtime/Journey"
import { Asker } from "@drawbar/registry/Asker"
import { Cause, type Context, Effect, Exit, Result } from "effect"
import * as Answer from "./Answer.ts"
import type { Audit } from "./Audit.ts"
import * as Authentication from "./Authentication.ts"
import * as BodyText from "./BodyText.ts"
import type { Endpoint } from "./Endpoint.ts"
import * as EventStream from "./EventStream.ts"
import * as Exchange from "./Exchange.ts"
import * as Fault from "./Fault.ts"
import type { Guard } from "./Guard.ts"
import * as OpenSearchError from "./OpenSearchError.ts"
import type { Overload } from "./Overload.ts"
import * as Query from "./Query.ts"
import {
  BadParameter,
  because,
  Forbidden,
  NoHandler,
  type RequestError,
  Stopping,
  WrongMethod,
} from "./RequestError.ts"
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
  readonly telemetry: Pick<Telemetry, "began" | "ended">
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
}

export const make = (
  { router, guard, requestId, bodyLimit, telemetry, authentication, audit, overload, tracing }: Options,
  services: Context.Context<never>,
): RequestListener => {
  const run = Effect.runForkWith(services)

  /** Answers what is still to be sent; nothing where it went out as it came. */
  const answer = (exchange: Exchange.Exchange): Effect.Effect<Reply | undefined, OpenSearchError.ApiError> => {
    const found = find(exchange)
    if (Result.isFailure(found)) return Effect.fail(found.failure)
    if ("status" in found.success) return Effect.succeed(found.success)
    const { endpoint, warning } = found.success
    return Effect.flatMap(authentication(exchange.request.headers, endpoint.needs), ({ name, asker }) => {
      exchange.user = name
      exchange.asker = asker
      const permitted = Authentication.permitted(asker, endpoint.needs)
      if (Result.isFailure(permitted)) return Effect.fail(permitted.failure)
      return BodyText.read(exchange.request, bodyLimit, exchange.weigh).pipe(
        Effect.flatMap((sent) => handle(exchange, endpoint, sent)),
        Effect.flatMap(({ value, query }) => reply(exchange, warning, value, query)),
        Effect.provideService(Asker, asker),
        Effect.provideService(Journey.Journey, exchange.journey),
      )
    })
  }

  /** The endpoint that is asked, or what is answered without one. */
  const find = (exchange: Exchange.Exchange): Result.Result<Served | Reply, RequestError> => {
    const { request } = exchange
    const { method, uri, path } = exchange.target
    // Who keeps the server running calls it by any name, and learns nothing.
    const refusal = path.startsWith("/_health/") ? undefined : guard.refusal(request.headers)
    if (refusal !== undefined) return Result.fail(because(new Forbidden({ message: refusal })))
    const match = router.find(method, path)
    if (match._tag === "NoRoute") return Result.fail(because(new NoHandler({ uri, method })))
    if (match._tag === "WrongMethod")
      return method === "OPTIONS"
        ? Result.succeed({ status: 200, headers: { Allow: match.allowed.join(", ") }, body: "", value: undefined })
        : Result.fail(because(new WrongMethod({ uri, method, allowed: match.allowed })))
    exchange.route = match.value.endpoint.path
    exchange.params = match.params
    const refused = match.value.endpoint.needs === "predict" ? admit(exchange) : undefined
    return refused === undefined ? Result.succeed(match.value) : Result.fail(refused)
  }

  /** Takes a predict on; why not, where it is more than this process can bear. */
  const admit = (exchange: Exchange.Exchange): RequestError | undefined => {
    const { request, trace, params } = exchange
    const journey = Journey.make(trace === undefined ? undefined : Tracing.contextOf(trace), overload.load)
    exchange.journey = journey
    exchange.model = params["model_id"]
    // Beyond its limit a body is refused for itself.
    const bytes = Math.min(Number(request.headers["content-length"] ?? 0), bodyLimit)
    const tooMuch = overload.refusal(bytes)
    if (tooMuch !== undefined) return tooMuch
    Journey.hold(journey, bytes)
    exchange.leave = overload.enter()
    exchange.weigh = (more) => overload.grown(journey, more)
    return undefined
  }

  const ended = (exchange: Exchange.Exchange) => {
    const { id, target, route, model, user, journey, trace, failure, response, begun } = exchange
    const status = response.writableFinished ? response.statusCode : 499
    const endedAt = performance.now()
    const { method, path } = target
    const millis = endedAt - begun
    const traceId = trace?.traceId
    const end = { id, method, path, route, model, user, status, failure, millis, endedAt, journey, traceId }
    telemetry.ended(end)
    exchange.leave?.()
    if (journey !== undefined) Journey.release(journey)
    if (trace !== undefined) tracing?.ended(trace, end)
  }

  const sendAudited = (exchange: Exchange.Exchange, reply: Reply) => {
    audit?.(answered(exchange, reply))
    send(exchange, reply)
  }

  const refuse = (exchange: Exchange.Exchange, cause: Cause.Cause<OpenSearchError.ApiError>) => {
    const { id, target, route } = exchange
    const { refusal, failure, fault } = endingOf(cause, id)
    exchange.failure = failure
    if (fault !== undefined) run(Effect.logError(`${target.method} ${route} failed, request id ${id}: ${fault}`))
    const body = Answer.write(refusal.body, { pretty: Query.wantsPretty(target.search), filterPath: undefined })
    sendAudited(exchange, { ...refusal, body, value: undefined })
  }

  return (request, response) => {
    const id = requestId(request.headers["x-request-id"])
    const exchange = Exchange.begin(request, response, id, tracing?.begin(request.headers))
    telemetry.began()
    const fiber = run(answer(exchange))
    response.on("close", () => {
      fiber.interruptUnsafe()
      ended(exchange)
    })
    fiber.addObserver((exit) => {
      if (Exit.isFailure(exit)) refuse(exchange, exit.cause)
      else if (exit.value !== undefined) sendAudited(exchange, exit.value)
    })
  }
}

/** What the audit is told; a name that somebody gives himself counts for nothing once he is known. */
const answered = (
  { id, target, route, asker, params, failure, request }: Exchange.Exchange,
  { status, value }: Reply,
) => ({
  id,
  method: target.method,
  route,
  asker,
  claimed: asker === undefined ? User.of(request.headers) : undefined,
  params,
  status,
  reason: failure?.reason,
  value,
})

/** Asks the handler, once path and query are read. */
const handle = (exchange: Exchange.Exchange, endpoint: Endpoint, sent: string) => {
  const { path, search } = exchange.target
  const params = decodeAll(exchange.params)
  if (Result.isFailure(params)) return Effect.fail(params.failure)
  const query = Query.read(search, endpoint.queryNames, path)
  if (Result.isFailure(query)) return Effect.fail(query.failure)
  const text = sent === "" ? BodyText.inQuery(query.success) : Result.succeed(sent)
  if (Result.isFailure(text)) return Effect.fail(text.failure)
  const { own } = query.success
  return Effect.map(
    endpoint.answer({ params: params.success, query: own, text: text.success, user: exchange.user }),
    (value) => ({ value, query: query.success }),
  )
}

/** What goes out for what a handler gave; nothing where it went out as it came. */
const reply = (
  exchange: Exchange.Exchange,
  warning: string | undefined,
  value: unknown,
  query: Query.Query,
): Effect.Effect<Reply | undefined, OpenSearchError.ApiError> => {
  if (value instanceof EventStream.EventStream) return Effect.scoped(streamed(value, exchange))
  if (value instanceof Answer.PlainText)
    return Effect.succeed({
      status: 200,
      headers: { "Content-Type": value.contentType },
      body: value.text,
      value: undefined,
    })
  const headers = warning === undefined ? {} : { Warning: warning }
  return Effect.succeed({ status: 200, headers, body: Answer.write(value, query), value })
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

interface Ending {
  readonly refusal: OpenSearchError.Refusal
  readonly failure: OpenSearchError.Failure | undefined
  /** What the operator has to know: a failure of Drawbar's own. What a platform or a caller said is not for the log. */
  readonly fault: string | undefined
}

/** How a request ends that has failed. */
const endingOf = (cause: Cause.Cause<OpenSearchError.ApiError>, id: string): Ending => {
  const error = cause.reasons.find(Cause.isFailReason)?.error
  if (error !== undefined) {
    const refusal = OpenSearchError.of(error)
    const isOwn = refusal.status === 500 && !("remote" in error.reason)
    const fault = isOwn ? error.reason.message : undefined
    return { refusal, failure: OpenSearchError.failureOf(error), fault }
  }
  return Cause.hasInterruptsOnly(cause)
    ? { refusal: OpenSearchError.stopping, failure: undefined, fault: undefined }
    : { refusal: OpenSearchError.unforeseen(id), failure: undefined, fault: Fault.describe(cause) }
}

const streamed = Effect.fnUntraced(function* (stream: EventStream.EventStream, exchange: Exchange.Exchange) {
  const { response } = exchange
  const begun = yield* stream.events
  if (response.destroyed) return undefined
  // From here on it waits for its platform more than it works.
  exchange.leave?.()
  response.writeHead(200, { ...Exchange.headersOf(exchange), ...EventStream.headers })
  const cause = yield* EventStream.send(begun, stream, response)
  if (cause instanceof ConnectorError) exchange.failure = OpenSearchError.failureOf(cause)
  return undefined
})

/** Ends what the server's stop leaves no more time for, a stream with its one event of failure. */
export const abandon = (response: ServerResponse): void => {
  const { status, headers, body } = OpenSearchError.stopping
  if (response.headersSent) return EventStream.end(response, EventStream.failed(new Stopping().message, status))
  response.writeHead(status, { ...headers, "Content-Type": json, Connection: "close" }).end(JSON.stringify(body))
}

const json = "application/json; charset=UTF-8"

// Head and body go out in one write.
const send = (exchange: Exchange.Exchange, { status, headers, body }: Reply): void => {
  const { response } = exchange
  if (response.destroyed) return
  if (response.headersSent) return void response.destroy()
  const all = Exchange.headersOf(exchange)
  if (body !== "") all["Content-Type"] = json
  all["Content-Length"] = Buffer.byteLength(body)
  // What is left of a body that is too large is not waited for.
  if (status === 413) all["Connection"] = "close"
  response.writeHead(status, Object.assign(all, headers))
  response.end(body)
}
