/**
 * The spans of a request: its own, and that of its upstream calls. They contain no prompts and no responses. Source:
 * https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans/ and
 * https://opentelemetry.io/docs/specs/semconv/http/
 */
import type { Trace, Span as Traced } from "@drawbar/http-server/telemetry/Tracing"
import { OtlpResource, type OtlpTracer } from "effect/observability"

type Scopes = OtlpTracer.TraceData["resourceSpans"][number]["scopeSpans"]
export type Span = Scopes[number]["spans"][number] & { readonly traceState?: string }

export const document = (
  resource: OtlpResource.Resource,
  version: string,
  spans: Array<Span>,
): OtlpTracer.TraceData => ({
  resourceSpans: [{ resource, scopeSpans: [{ scope: { name: "drawbar", version }, spans }] }],
})

/** Span kinds and status codes of the protocol. */
const server = 2
const client = 3
const unset = 0
const failed = 2

export const of = (traced: Traced): ReadonlyArray<Span> => {
  const { request, endedAt } = traced
  const { method, route = "none", status, millis, model, id, call: measured, failure } = request
  const isFailed = status >= 500 || (status === 200 && failure !== undefined)
  const error = isFailed ? { "error.type": failure?.class ?? String(status) } : {}
  const own = span(traced, {
    spanId: traced.spanId,
    parentSpanId: traced.parentSpanId,
    name: `${method} ${route}`,
    kind: server,
    began: endedAt - millis,
    ended: endedAt,
    isFailed,
    attributes: {
      "http.request.method": method,
      "http.route": route,
      "http.response.status_code": status,
      "drawbar.request_id": id,
      "drawbar.model_id": model,
      ...error,
    },
  })
  if (measured?.began === undefined) return [own]
  const { target, attempts, first, input, output, estimated } = measured
  const began = endedAt - (request.endedAt - measured.began)
  const call = span(traced, {
    spanId: traced.callSpanId,
    parentSpanId: traced.spanId,
    name: [target?.operation ?? "predict", target?.model].filter((part) => part !== undefined).join(" "),
    kind: client,
    began,
    ended: endedAt - (request.endedAt - (measured.ended ?? request.endedAt)),
    isFailed: failure !== undefined,
    attributes: {
      "gen_ai.operation.name": target?.operation,
      "gen_ai.provider.name": target?.provider,
      "gen_ai.request.model": target?.model,
      "gen_ai.response.model": measured.responseModel,
      "gen_ai.response.time_to_first_chunk": first === undefined ? undefined : (first - measured.began) / 1_000,
      "gen_ai.usage.input_tokens": estimated ? undefined : input || undefined,
      "gen_ai.usage.output_tokens": estimated ? undefined : output || undefined,
      "server.address": target?.address,
      "server.port": target?.port,
      "http.response.status_code": measured.status,
      "http.request.resend_count": attempts > measured.calls ? attempts - measured.calls : undefined,
      "drawbar.model_id": model,
      "error.type": failure?.class,
    },
  })
  return [own, call]
}

interface Described {
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly kind: number
  /** In ms since 1970. */
  readonly began: number
  readonly ended: number
  readonly isFailed: boolean
  readonly attributes: Readonly<Record<string, string | number | undefined>>
}

const span = ({ traceId, state }: Trace, { began, ended, isFailed, attributes, ...described }: Described): Span => ({
  ...described,
  traceId,
  ...(state === undefined ? {} : { traceState: state }),
  startTimeUnixNano: nanos(began),
  endTimeUnixNano: nanos(ended),
  attributes: OtlpResource.entriesToAttributes(Object.entries(attributes).filter(([, value]) => value !== undefined)),
  droppedAttributesCount: 0,
  events: [],
  droppedEventsCount: 0,
  links: [],
  droppedLinksCount: 0,
  status: { code: isFailed ? failed : unset },
})

const nanos = (millis: number): string => String(BigInt(Math.round(millis * 1_000)) * 1_000n)
