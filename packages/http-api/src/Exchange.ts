/** A request under way, and what is known of it once it has found its endpoint. */
import { performance } from "node:perf_hooks"
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from "node:http"
import * as Journey from "@drawbar/connector-runtime/Journey"
import type { Asker } from "@drawbar/registry/Asker"
import type { Weigh } from "./BodyText.ts"
import type { Failure } from "./OpenSearchError.ts"
import type { Trace } from "./Tracing.ts"

export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly id: string
  readonly target: Target
  /** By `performance.now()`. */
  readonly begun: number
  readonly trace: Trace | undefined
  route: string | undefined
  model: string | undefined
  user: string | undefined
  asker: Asker | undefined
  params: Readonly<Record<string, string>>
  journey: Journey.Journey | undefined
  weigh: Weigh | undefined
  /** Is called when most of its work is done, and again when it has ended. */
  leave: (() => void) | undefined
  failure: Failure | undefined
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

export const begin = (
  request: IncomingMessage,
  response: ServerResponse,
  id: string,
  trace: Trace | undefined,
): Exchange => ({
  request,
  response,
  id,
  target: targetOf(request),
  begun: performance.now(),
  trace,
  route: undefined,
  model: undefined,
  user: undefined,
  asker: undefined,
  params: {},
  journey: undefined,
  weigh: undefined,
  leave: undefined,
  failure: undefined,
})

/** What every answer has. */
export const headersOf = ({ request, id, journey, begun }: Exchange): OutgoingHttpHeaders => {
  const headers: OutgoingHttpHeaders = { "X-Content-Type-Options": "nosniff", "X-Request-Id": id }
  const opaqueId = request.headers["x-opaque-id"]
  if (opaqueId !== undefined) headers["X-Opaque-Id"] = opaqueId
  if (journey !== undefined) headers["Server-Timing"] = timingOf(journey, begun)
  return headers
}

/** Up to now, which is the first piece of a stream and the end of any other answer. Source: https://www.w3.org/TR/server-timing/ */
const timingOf = (journey: Journey.Journey, begun: number): string => {
  const upstream = Journey.upstreamMillis(journey)
  const own = Math.max(0, performance.now() - begun - upstream)
  return `upstream;dur=${upstream.toFixed(1)}, drawbar;dur=${own.toFixed(1)}`
}
