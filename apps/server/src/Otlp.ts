/**
 * Sends spans to an OpenTelemetry collector, together and in JSON. What the collector does not take is dropped: no predict waits
 * for it.
 * Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
import * as Journey from "@drawbar/connector-runtime/Journey"
import * as Tracing from "@drawbar/http-api/Tracing"
import { Clock, Effect, Result } from "effect"
import * as Door from "./Door.ts"

export interface OtlpSettings {
  /** The collector, such as http://127.0.0.1:4318. */
  readonly endpoint: string
  /** The part of the requests, from 0 to 1, that is traced where their callers do not say. */
  readonly ratio: number
}

/** By OpenTelemetry's own variables; nothing where no endpoint is set. */
export const read = (
  environment: Readonly<Record<string, string | undefined>>,
): Result.Result<OtlpSettings | undefined, string> => {
  const endpoint = environment["OTEL_EXPORTER_OTLP_ENDPOINT"]
  if (!endpoint) return Result.succeed(undefined)
  const ratio = Number(environment["OTEL_TRACES_SAMPLER_ARG"] ?? "1")
  if (!/^https?:\/\//.test(endpoint) || !URL.canParse(endpoint))
    return Result.fail(`OTEL_EXPORTER_OTLP_ENDPOINT ${endpoint} is no URL such as http://127.0.0.1:4318.`)
  return ratio >= 0 && ratio <= 1
    ? Result.succeed({ endpoint: endpoint.replace(/\/$/, ""), ratio })
    : Result.fail("OTEL_TRACES_SAMPLER_ARG is no number from 0 to 1.")
}

/** How many spans wait at the most, how many go together, and how long the first waits, in ms. */
const most = 4_096
const together = 512
const pause = 2_000

const limits = { headersTimeoutMs: 5_000, idleTimeoutMs: 5_000, timeoutMs: 10_000, maxResponseBytes: 1_000_000 }

/** Sends until the scope closes, and what still waits then. */
export const make = Effect.fnUntraced(function* (
  { endpoint, ratio }: OtlpSettings,
  version: string,
  authorities: ReadonlyArray<string>,
) {
  const clock = yield* Clock.Clock
  const pool = yield* Door.to(new URL(endpoint).origin, authorities)
  let waiting: Array<Tracing.Span> = []

  const flush = Effect.gen(function* () {
    while (waiting.length > 0) {
      const spans = waiting.slice(0, together)
      waiting = waiting.slice(together)
      const body = JSON.stringify(documentOf(spans, version))
      const request = {
        method: "POST",
        url: `${endpoint}/v1/traces`,
        headers: { "content-type": "application/json" },
        body,
      }
      yield* Effect.catch(pool.send(request, limits), ({ message }) => {
        waiting = []
        return Effect.logWarning(`Spans cannot be sent: ${message}`)
      })
    }
  })
  yield* Effect.addFinalizer(() => flush)
  yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(pause), flush)))
  return Tracing.make(
    ratio,
    () => clock.currentTimeMillisUnsafe(),
    (span) => {
      if (waiting.length < most) waiting.push(span)
    },
  )
})

type Value = string | number
const attributesOf = (values: Readonly<Record<string, Value | undefined>>) =>
  Object.entries(values).flatMap(([key, value]) =>
    value === undefined
      ? []
      : [{ key, value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value } }],
  )

const documentOf = (spans: ReadonlyArray<Tracing.Span>, version: string) => ({
  resourceSpans: [
    {
      resource: { attributes: attributesOf({ "service.name": "drawbar", "service.version": version }) },
      scopeSpans: [{ scope: { name: "drawbar", version }, spans: spans.flatMap(spansOf) }],
    },
  ],
})

/** Kinds and codes of the protocol. */
const server = 2
const client = 3
const failed = 2

/** The request's own span, and that of its calls to platforms. */
const spansOf = ({ traceId, spanId, parentSpanId, callSpanId, request, endedAt }: Tracing.Span) => {
  const { method, route = "none", status, millis, model, id, journey } = request
  const began = endedAt - millis
  const own = {
    traceId,
    spanId,
    ...(parentSpanId === undefined ? {} : { parentSpanId }),
    name: `${method} ${route}`,
    kind: server,
    startTimeUnixNano: nanos(began),
    endTimeUnixNano: nanos(endedAt),
    attributes: attributesOf({
      "http.request.method": method,
      "http.route": route,
      "http.response.status_code": status,
      "drawbar.request_id": id,
      "drawbar.model_id": model,
    }),
    status: status >= 500 ? { code: failed } : {},
  }
  if (journey?.began === undefined) return [own]
  const upstream = Journey.upstreamMillis(journey)
  const callBegan = endedAt - (request.endedAt - journey.began)
  const call = {
    traceId,
    spanId: callSpanId,
    parentSpanId: spanId,
    name: "predict",
    kind: client,
    startTimeUnixNano: nanos(callBegan),
    endTimeUnixNano: nanos(callBegan + upstream),
    attributes: attributesOf({
      "gen_ai.operation.name": "predict",
      "gen_ai.usage.input_tokens": journey.input || undefined,
      "gen_ai.usage.output_tokens": journey.output || undefined,
      "server.address": journey.origin === undefined ? undefined : new URL(journey.origin).hostname,
      "http.request.resend_count": journey.attempts > 1 ? journey.attempts - 1 : undefined,
      "drawbar.model_id": model,
    }),
    status: status >= 500 ? { code: failed } : {},
  }
  return [own, call]
}

const nanos = (millis: number): string => String(BigInt(Math.round(millis * 1_000)) * 1_000n)
