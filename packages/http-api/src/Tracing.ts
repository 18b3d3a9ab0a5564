/**
 * Spans of the requests, for an OpenTelemetry collector. A caller's trace goes on here, and on to the platforms.
 * Source: https://www.w3.org/TR/trace-context/ and https://opentelemetry.io/docs/specs/semconv/gen-ai/
 */
import { randomBytes } from "node:crypto"
import type { Ended } from "./Telemetry.ts"

/** A request that is traced. */
export interface Trace {
  readonly traceId: string
  /** Of the caller, where he began the trace. */
  readonly parentSpanId: string | undefined
  readonly spanId: string
  /** Of the calls to its platforms. */
  readonly callSpanId: string
}

export interface Span extends Trace {
  readonly request: Ended
  /** In ms since 1970. */
  readonly endedAt: number
}

export interface Tracing {
  /** Nothing where the request is not among those that are traced. */
  readonly begin: (traceparent: string | undefined) => Trace | undefined
  readonly ended: (trace: Trace, request: Ended) => void
}

/** `ratio` is the part, from 0 to 1, that is traced of the requests whose caller does not say. */
export const make = (ratio: number, now: () => number, take: (span: Span) => void): Tracing => ({
  begin: (traceparent = "") => {
    const [, traceId, parentSpanId, flags = "0"] = form.exec(traceparent) ?? []
    const isSampled = traceId === undefined ? Math.random() < ratio : (Number.parseInt(flags, 16) & 1) === 1
    if (!isSampled) return undefined
    return { traceId: traceId ?? hex(16), parentSpanId, spanId: hex(8), callSpanId: hex(8) }
  },
  ended: (trace, request) => take({ ...trace, request, endedAt: now() }),
})

export const traceparentOf = ({ traceId, callSpanId }: Trace): string => `00-${traceId}-${callSpanId}-01`

const form = /^00-(?!0{32})([\da-f]{32})-(?!0{16})([\da-f]{16})-([\da-f]{2})$/

const hex = (bytes: number) => randomBytes(bytes).toString("hex")
