/**
 * Spans of the requests, for an OpenTelemetry collector. A caller's trace goes on here, and on to the platforms.
 * Source: https://www.w3.org/TR/trace-context/ and https://opentelemetry.io/docs/specs/semconv/gen-ai/
 */
import { randomBytes } from "node:crypto"
import type { IncomingHttpHeaders } from "node:http"
import type { CompletedRequest } from "./CompletedRequest.ts"

/** A request that is traced. */
export interface Trace {
  /** The caller's `tracestate`, for others to go on with. */
  readonly state: string | undefined
  readonly traceId: string
  /** The span of the caller, if the caller began the trace. */
  readonly parentSpanId: string | undefined
  readonly spanId: string
  /** Of the calls to its platforms. */
  readonly callSpanId: string
}

export interface Span extends Trace {
  readonly request: CompletedRequest
  /** In ms since 1970. */
  readonly endedAt: number
}

export interface Tracing {
  /** Nothing where the request is not among those that are traced. */
  readonly begin: (headers: IncomingHttpHeaders) => Trace | undefined
  readonly ended: (trace: Trace, request: CompletedRequest) => void
}

/** Which requests are traced. */
export interface Sampling {
  /** The part from 0 to 1 of those whose caller does not say, or of all. */
  readonly ratio: number
  /** Whether callers may say. */
  readonly byCaller: boolean
}

export const make = ({ ratio, byCaller }: Sampling, now: () => number, take: (span: Span) => void): Tracing => ({
  begin: (headers) => {
    const given = headers["traceparent"]
    const [, caller, parentSpanId, flags = "0"] = (typeof given === "string" && form.exec(given)) || []
    const isSampled =
      caller === undefined
        ? Math.random() < ratio
        : byCaller
          ? (Number.parseInt(flags, 16) & 1) === 1
          : partOf(caller) < ratio
    if (!isSampled) return undefined
    const state = caller === undefined ? undefined : headers["tracestate"]
    return {
      traceId: caller ?? hex(16),
      parentSpanId,
      spanId: hex(8),
      callSpanId: hex(8),
      state: typeof state === "string" && state.length <= longestState ? state : undefined,
    }
  },
  ended: (trace, request) => take({ ...trace, request, endedAt: now() }),
})

/** What goes with the calls of a predict. */
export const contextOf = ({ traceId, callSpanId, state }: Trace): Readonly<Record<string, string>> => ({
  traceparent: `00-${traceId}-${callSpanId}-01`,
  ...(state === undefined ? {} : { tracestate: state }),
})

const form = /^00-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})$/

const longestState = 512

/** Maps a trace id to a number between 0 and 1, so that all servers that sample by it select the same traces. */
const partOf = (traceId: string) => Number.parseInt(traceId.slice(-13), 16) / 2 ** 52

const hex = (bytes: number) => randomBytes(bytes).toString("hex")
