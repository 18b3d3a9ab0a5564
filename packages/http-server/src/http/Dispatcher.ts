/**
 * Answers HTTP requests by the contracts: guard, route, query, body, handler, answer, in this order and nothing else.
 *
 * It stands on `node:http` and runs one fiber a request: docs/decisions/0003-http-server.md says why.
 */
import { performance } from "node:perf_hooks"
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http"
import { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import { Cause, type Context, Effect, Exit, identity, Result } from "effect"
import type { Audit } from "../access/Audit.ts"
import * as Authentication from "../access/Authentication.ts"
import * as BasicCredentials from "../access/BasicCredentials.ts"
import * as RequestAdmission from "../admission/RequestAdmission.ts"
import type { LoadShedding } from "../admission/LoadShedding.ts"
import { CallMeasurements } from "../telemetry/CallMeasurements.ts"
import type { Telemetry } from "../telemetry/Telemetry.ts"
import * as Tracing from "../telemetry/Tracing.ts"
import { type ApiFace, type DescribedFailure, erased, type Refusal, type ServerFailure } from "./ApiFace.ts"
import * as BodyText from "./BodyText.ts"
import type { Endpoint } from "./Endpoint.ts"
import * as EventStream from "./EventStream.ts"
import * as FileBody from "./FileBody.ts"
import type { OriginCheck } from "./OriginCheck.ts"
import * as Query from "./Query.ts"
import * as RequestContext from "./RequestContext.ts"
import {
  BadParameter,
  LimitExceeded,
  MethodNotAllowed,
  NotReady,
  OriginForbidden,
  RequestError,
  RequestTimedOut,
  RouteNotFound,
  ShuttingDown,
} from "./RequestError.ts"
import type * as RequestId from "./RequestId.ts"
import * as Reply from "./Reply.ts"
import * as ResponseBody from "./ResponseBody.ts"
import * as Router from "./Router.ts"
import * as SafeErrorText from "./SafeErrorText.ts"
import * as TurnBatch from "./TurnBatch.ts"

/** An endpoint at its path, or at an old one that says so. */
export interface RouteTarget {
  readonly endpoint: Endpoint
  /** The `Warning` header of an old path. */
  readonly warning?: string
}

export interface Options {
  readonly router: Router.Router<RouteTarget>
  /** Speaks for requests that reach no route. */
  readonly face: ApiFace<ServerFailure>
  /** In its place, for paths that begin so. */
  readonly faces?: Readonly<Record<string, ApiFace<ServerFailure>>> | undefined
  readonly originCheck: OriginCheck
  readonly requestId: RequestId.RequestId
  readonly limitsOf: (endpoint: Endpoint) => RequestLimits
  readonly telemetry: Pick<Telemetry, "began" | "ended">
  readonly authentication: Authentication.Authentication
  readonly audit: Audit | undefined
  readonly loadShedding: LoadShedding
  /** Whether a change waits for a line in the audit log, and is refused where none can be written. */
  readonly auditRequired?: boolean | undefined
  readonly tracing: Tracing.Tracing | undefined
}

/** What a request to an endpoint may take. */
export interface RequestLimits {
  /** The largest body that is read, in bytes. */
  readonly bodyBytes: number
  /** In ms; absent where the request waits for an upstream, by that upstream's own timeouts. */
  readonly millis?: number
}

export interface Dispatcher {
  readonly listener: RequestListener
  /** Ends a response for which the server's stop leaves no more time, a stream with its one event of failure. */
  readonly abandon: (response: ServerResponse) => void
}

export const make = (options: Options, services: Context.Context<never>): Dispatcher => {
  const { router, originCheck, requestId, limitsOf, telemetry, authentication, tracing } = options
  const { audit, auditRequired = false } = options
  const defaultFace = erased(options.face)
  const faces = Object.entries(options.faces ?? {})
  const faceOf = ({ url = "" }: IncomingMessage) => {
    const found = faces.find(([beginning]) => url.startsWith(beginning))
    return found === undefined ? defaultFace : erased(found[1])
  }
  const run = Effect.runForkWith(services)
  const admission = RequestAdmission.make(options.loadShedding)

  /** The reply that is still to be sent; nothing where it went out as it came. */
  const answer = (context: RequestContext.RequestContext): Effect.Effect<Reply.Reply | undefined, unknown> => {
    const found = find(context)
    if (Result.isFailure(found)) return Effect.fail(found.failure)
    if ("status" in found.success) return Effect.succeed(found.success)
    const { endpoint, warning } = found.success
    return Effect.flatMap(authentication(context.request.headers, endpoint.needs), (caller) => {
      context.caller = caller
      const permitted = Authentication.permitted(caller.principal, endpoint.needs)
      if (Result.isFailure(permitted)) return Effect.fail(permitted.failure)
      const { bodyBytes, millis } = limitsOf(endpoint)
      const refused = admission.admit(context, endpoint, bodyBytes)
      if (refused !== undefined) return Effect.fail(refused)
      const handled = (sent: string) => (isLogged(context) ? handle(context, endpoint, sent) : notLogged)
      return BodyText.read(context.request, bodyBytes, context.weigh).pipe(
        Effect.flatMap((sent) => RequestAdmission.inTurn(context.share, () => handled(sent))),
        Effect.flatMap(({ value, query }) =>
          value instanceof FileBody.FileBody
            ? Effect.scoped(sendFile(value, context))
            : Reply.of(context, warning, value, query),
        ),
        millis === undefined ? identity : within(millis),
        Effect.provideService(CurrentPrincipal, caller.principal),
      )
    })
  }

  /** The endpoint of a request, or the reply that needs none. */
  const find = (context: RequestContext.RequestContext): Result.Result<RouteTarget | Reply.Reply, RequestError> => {
    const { request } = context
    const { method, uri, path, authority } = context.target
    const match = router.find(method, path)
    const isOpen = match._tag === "Found" && match.value.endpoint.anyOrigin
    const refusal = isOpen ? undefined : originCheck.refusal(request.headers, authority)
    if (refusal !== undefined) return Result.fail(RequestError.from(new OriginForbidden({ message: refusal })))
    if (match._tag === "NoRoute") return Result.fail(RequestError.from(new RouteNotFound({ uri, method })))
    if (match._tag === "MethodNotAllowed")
      return method === "OPTIONS"
        ? Result.succeed({
            status: 200,
            headers: { Allow: match.allowed.join(", "), "Content-Type": "text/plain; charset=UTF-8" },
            body: "",
            value: undefined,
          })
        : Result.fail(RequestError.from(new MethodNotAllowed({ uri, method, allowed: match.allowed })))
    const { endpoint } = match.value
    context.route = endpoint.path
    context.needs = endpoint.needs
    context.face = endpoint.face
    context.params = match.params
    if (endpoint.admission.callsUpstream) {
      context.measurements = new CallMeasurements(context.trace !== undefined)
      context.model = match.params["model_id"]
    }
    return Result.succeed(match.value)
  }

  const ended = (context: RequestContext.RequestContext) => {
    const { id, target, route, model, caller, measurements, trace, failure, response, begun } = context
    const status = response.writableFinished ? response.statusCode : 499
    const endedAt = performance.now()
    const { method, path } = target
    const completed = {
      id,
      method,
      path,
      route,
      model: measurements?.model ?? model,
      user: caller.name,
      status,
      failure,
      millis: endedAt - begun,
      endedAt,
      call: measurements,
      traceId: trace?.traceId,
    }
    telemetry.ended(completed)
    const targets = measurements?.route.steps ?? []
    if (targets.length > 0 && status < 400) audit?.({ ...answered(context, { status, value: undefined }), targets })
    admission.release(context)
    if (trace !== undefined) tracing?.ended(trace, completed)
  }

  /** Whether the audit log has, or need not have, a line before the handler runs. */
  const isLogged = ({ id, target, route, needs, caller, params }: RequestContext.RequestContext) =>
    !auditRequired ||
    audit === undefined ||
    audit.begun({ id, method: target.method, route, needs, principal: caller.principal, params })

  const sendAudited = (context: RequestContext.RequestContext, reply: Reply.Reply) => {
    audit?.(answered(context, reply))
    Reply.send(context, reply)
  }

  const holdAndSend = (context: RequestContext.RequestContext, reply: Reply.Reply) => {
    const refusal = admission.hold(context, Buffer.byteLength(reply.body))
    if (refusal !== undefined) return refuse(context, Cause.fail(refusal))
    sendAudited(context, reply)
  }

  const sendFile = Effect.fnUntraced(function* (body: FileBody.FileBody, context: RequestContext.RequestContext) {
    const { response } = context
    const file = yield* body.file
    if (response.destroyed) return undefined
    audit?.(answered(context, { status: 200, value: undefined }))
    context.leave?.()
    response.writeHead(200, { ...RequestContext.headersOf(context), ...FileBody.headersOf(body, file) })
    if (context.target.method === "HEAD") response.end()
    else yield* FileBody.send(file, response)
    return undefined
  })

  const refuse = (context: RequestContext.RequestContext, cause: Cause.Cause<unknown>) => {
    const { id, target, route } = context
    const { refusal, summary, fault } = endingOf(context, cause)
    context.failure = summary
    if (fault !== undefined) run(Effect.logError(`${target.method} ${route} failed, request id ${id}: ${fault}`))
    const query = { pretty: Query.wantsPretty(target.search), filterPath: undefined }
    const body = Result.getOrElse(ResponseBody.write(refusal.body, query), () => ResponseBody.textOf(refusal.body))
    sendAudited(context, { ...refusal, body, value: undefined })
  }

  /** A reply that cannot be written, such as one with a header that HTTP has no place for, fails alone and not the process. */
  const unsendable = (context: RequestContext.RequestContext, defect: unknown) => {
    try {
      refuse(context, Cause.die(defect))
    } catch {
      context.response.destroy()
    }
  }

  const finish = ({ context, exit }: Finished) => {
    try {
      if (Exit.isFailure(exit)) refuse(context, exit.cause)
      else if (exit.value !== undefined) holdAndSend(context, exit.value)
    } catch (defect) {
      unsendable(context, defect)
    }
  }
  const finished = TurnBatch.make(finish, setImmediate)

  const listener: RequestListener = (request, response) => {
    const id = requestId(request.headers["x-request-id"])
    const context = RequestContext.begin(request, response, id, tracing?.begin(request.headers), faceOf(request))
    telemetry.began()
    const fiber = run(answer(context))
    response.on("close", () => {
      fiber.interruptUnsafe()
      ended(context)
    })
    fiber.addObserver((exit) => {
      if (Exit.isSuccess(exit) && exit.value !== undefined && exit.value.body.length > sentTogether)
        return finish({ context, exit })
      context.memory?.letGo()
      finished.add({ context, exit })
    })
  }

  const abandon = (response: ServerResponse): void => {
    const face = RequestContext.of(response)?.face ?? defaultFace
    const { status, headers, body } = shuttingDown(face)
    if (response.headersSent) return EventStream.end(response, face.streamFailure(new ShuttingDown().message, status))
    response
      .writeHead(status, { ...headers, "Content-Type": Reply.json, Connection: "close" })
      .end(JSON.stringify(body))
  }

  return { listener, abandon }
}

/** In characters: a longer answer is counted and sent at once. */
const sentTogether = 16_384

/** A request whose handler has ended. */
interface Finished {
  readonly context: RequestContext.RequestContext
  readonly exit: Exit.Exit<Reply.Reply | undefined, unknown>
}

const shuttingDown = (face: ApiFace<unknown>): Refusal => face.describe(RequestError.from(new ShuttingDown())).refusal

const within =
  (millis: number) =>
  <A, E, R>(request: Effect.Effect<A, E, R>): Effect.Effect<A, E | RequestError, R> =>
    Effect.timeoutOrElse(request, {
      duration: millis,
      orElse: () => Effect.fail(RequestError.from(new RequestTimedOut({ millis }))),
    })

const notLogged = Effect.fail(
  RequestError.from(
    new NotReady({
      message:
        "The audit log cannot be written, and this server makes no change without it (--audit-required). An operator has to make room on its disk or repair its file; then send the request again.",
    }),
  ),
)

/** What the audit records; a name without proof counts for nothing once the principal is known. */
const answered = (
  { id, target, route, needs, caller: { principal }, params, failure, request }: RequestContext.RequestContext,
  { status, value }: Pick<Reply.Reply, "status" | "value">,
) => ({
  id,
  method: target.method,
  route,
  needs,
  principal,
  claimed: principal === undefined ? BasicCredentials.of(request.headers) : undefined,
  params,
  status,
  reason: failure?.reason,
  value,
})

/** Calls the handler, once path and query are read. */
const handle = (context: RequestContext.RequestContext, endpoint: Endpoint, sent: string) => {
  const { path, search } = context.target
  const params = decodeAll(context.params)
  if (Result.isFailure(params)) return Effect.fail(params.failure)
  const query = endpoint.face.readQuery(search, endpoint.queryNames, path)
  if (Result.isFailure(query)) return Effect.fail(bodyFault(endpoint, sent, search) ?? query.failure)
  const text = sent === "" ? BodyText.inQuery(query.success) : Result.succeed(sent)
  if (Result.isFailure(text)) return Effect.fail(text.failure)
  const { own } = query.success
  return Effect.map(
    endpoint.answer({ params: params.success, query: own, text: text.success, call: RequestContext.callOf(context) }),
    (value) => ({ value, query: query.success }),
  )
}

/** A fault of the body comes before one of the query, but where the query brings the body. */
const bodyFault = (endpoint: Endpoint, sent: string, search: string | undefined) =>
  search?.includes("source=") === true ? undefined : endpoint.bodyFault(sent)

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
      RequestError.from(
        new BadParameter({ message: "The path has a % that begins no UTF-8 character. Write %25 for % itself." }),
      ),
    )
  }
}

/** How a failed request ends. */
const endingOf = (
  { face, id }: RequestContext.RequestContext,
  cause: Cause.Cause<unknown>,
): Omit<DescribedFailure, "summary"> & Partial<Pick<DescribedFailure, "summary">> => {
  const failure = cause.reasons.find(Cause.isFailReason)
  if (failure !== undefined) return face.describe(failure.error)
  // What failed lacks a bound of its own, which the operator can report.
  if (cause.reasons.some((reason) => Cause.isDieReason(reason) && reason.defect instanceof RangeError))
    return { ...face.describe(RequestError.from(new LimitExceeded())), fault: SafeErrorText.describe(cause) }
  return Cause.hasInterruptsOnly(cause)
    ? { refusal: shuttingDown(face), fault: undefined }
    : { refusal: face.unforeseen(id), fault: SafeErrorText.describe(cause) }
}
