/** A request under way, and what is known of it once it has found its endpoint. */
import { performance } from "node:perf_hooks"
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http"
import type { Share } from "@drawbar/egress/Share"
import { anonymous, type Caller } from "@drawbar/registry/access/Caller"
import type * as Permission from "../access/Permission.ts"
import type { HeldMemory } from "../admission/HeldMemory.ts"
import type { CallMeasurements } from "../telemetry/CallMeasurements.ts"
import type { ApiFace, FailureSummary } from "./ApiFace.ts"
import type { Weigh } from "./BodyText.ts"
import * as Tracing from "../telemetry/Tracing.ts"

/** What a handler hands on to the calls that it makes. */
export interface RequestCall {
  readonly caller: Caller
  /** Headers of the trace: https://www.w3.org/TR/trace-context/ */
  readonly trace?: Readonly<Record<string, string>> | undefined
  readonly observer?: CallMeasurements | undefined
  readonly memory?: HeldMemory | undefined
  readonly share?: Share | undefined
  /** The request's own, as its response repeats it. */
  readonly requestId: string
  /** The value of a header, by its name in lower case. */
  readonly header: (name: string) => string | undefined
  /** Says which model a request calls, where its path does not: for metrics, logs and traces. */
  readonly called: (modelId: string) => void
}

export interface RequestContext {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly id: string
  readonly target: Target
  /** By `performance.now()`. */
  readonly begun: number
  readonly trace: Tracing.Trace | undefined
  /** That of the route, once it is found. */
  face: ApiFace<unknown>
  route: string | undefined
  /** The permission that the route requires. */
  needs: Permission.Kind | undefined
  model: string | undefined
  caller: Caller
  params: Readonly<Record<string, string>>
  measurements: CallMeasurements | undefined
  /** What it holds of the memory; absent until it has found its endpoint and is permitted. */
  memory: HeldMemory | undefined
  weigh: Weigh | undefined
  /** Its principal's share of the processor, and the key of the share; absent where no permission is needed. */
  share: Share | undefined
  shareKey: string | undefined
  /** Is called when most of its work is done, and again when it has ended. */
  leave: (() => void) | undefined
  failure: FailureSummary | undefined
}

interface Target {
  readonly method: string
  readonly uri: string
  readonly path: string
  readonly search: string | undefined
  /** Host and port, where the request line names them as a client of a proxy writes it. */
  readonly authority: string | undefined
}

const targetOf = ({ method = "", url = "" }: IncomingMessage): Target => {
  const { uri, authority } = url.startsWith("/") ? { uri: url, authority: undefined } : fromAbsolute(url)
  const question = uri.indexOf("?")
  return question === -1
    ? { method, uri, path: uri, search: undefined, authority }
    : { method, uri, path: uri.slice(0, question), search: uri.slice(question + 1), authority }
}

/** A server has to take the absolute form, too. Source: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.2 */
const fromAbsolute = (url: string): Pick<Target, "uri" | "authority"> => {
  const [, authority, rest = ""] = /^https?:\/\/([^/?#]*)(.*)$/i.exec(url) ?? []
  return authority === undefined
    ? { uri: url, authority: undefined }
    : { uri: rest.startsWith("/") ? rest : `/${rest}`, authority }
}

/**
 * A response holds its context itself: V8's minor collections keep the values of a `WeakMap`, and what stood in a `Map`, so that every
 * request would live until the next major one.
 */
const own = Symbol("RequestContext")

/** That of a response under way. */
export const of = (response: ServerResponse & { readonly [own]?: RequestContext }): RequestContext | undefined =>
  response[own]

export const begin = (
  request: IncomingMessage,
  response: ServerResponse & { [own]?: RequestContext },
  id: string,
  trace: Tracing.Trace | undefined,
  face: ApiFace<unknown>,
): RequestContext =>
  (response[own] = {
    request,
    response,
    id,
    target: targetOf(request),
    begun: performance.now(),
    trace,
    face,
    route: undefined,
    needs: undefined,
    model: undefined,
    caller: anonymous,
    params: {},
    measurements: undefined,
    memory: undefined,
    weigh: undefined,
    share: undefined,
    shareKey: undefined,
    leave: undefined,
    failure: undefined,
  })

/** What a handler is given of a request. */
export const callOf = (context: RequestContext): RequestCall => {
  const { caller, trace, measurements, memory, share, id, request } = context
  return {
    caller,
    trace: trace === undefined ? undefined : Tracing.contextOf(trace),
    observer: measurements,
    memory,
    share,
    requestId: id,
    header: (name) => {
      const value = request.headers[name]
      return typeof value === "string" ? value : undefined
    },
    called: (modelId) => {
      context.model = modelId
    },
  }
}

/** What every answer has. */
export const headersOf = ({ request, id, measurements, begun }: RequestContext): OutgoingHttpHeaders => {
  const headers: OutgoingHttpHeaders = { "X-Content-Type-Options": "nosniff", "X-Request-Id": id }
  const opaqueId = request.headers["x-opaque-id"]
  if (opaqueId !== undefined) headers["X-Opaque-Id"] = opaqueId
  if (measurements === undefined) return headers
  headers["Server-Timing"] = timingOf(measurements, begun)
  const { model, attempts, route } = measurements
  if (model !== undefined) {
    headers["X-Drawbar-Model"] = model
    headers["X-Drawbar-Attempts"] = Math.max(attempts, route.asked.length)
  }
  return headers
}

/** Up to now, which is the first piece of a stream and the end of any other answer. Source: https://www.w3.org/TR/server-timing/ */
const timingOf = ({ upstreamMillis: upstream, route }: CallMeasurements, begun: number): string => {
  const own = Math.max(0, performance.now() - begun - upstream)
  return `upstream;dur=${upstream.toFixed(1)}, drawbar;dur=${own.toFixed(1)}${route.timing}`
}
