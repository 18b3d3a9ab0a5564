/**
 * Sends batches of spans and metrics to an OpenTelemetry collector. What the collector does not accept is dropped,
 * because no predict request may wait for it. Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp
 */
import { MetricRegistry } from "@drawbar/http-server/telemetry/MetricRegistry"
import * as Tracing from "@drawbar/http-server/telemetry/Tracing"
import { Clock, ConfigProvider, Context, Effect, Layer, Metric } from "effect"
import { HttpClient } from "effect/http"
import { OtlpExporter, OtlpMetrics, OtlpResource, OtlpSerialization } from "effect/observability"
import * as OtlpClient from "./OtlpClient.ts"
import type { Exporting, OtlpSettings } from "./OtlpSettings.ts"
import * as OtlpSpans from "./OtlpSpans.ts"

/** Maximum spans per batch. */
const together = 512

/** In ms: how long the last batch may take when the server stops. */
const shutdownTimeout = 3_000

/** Sends until the scope closes, and then flushes the rest. */
export const make = Effect.fnUntraced(
  function* ({ traces, metrics, sampling }: OtlpSettings, version: string) {
    const tracing = traces && (yield* tracingTo(traces, sampling, version))
    const registry = metrics && new MetricRegistry()
    if (metrics !== undefined && registry !== undefined) {
      const { services } = yield* collector(metrics)
      yield* OtlpMetrics.make({ ...exportedTo(metrics), resource: { serviceVersion: version } }).pipe(
        Effect.provideService(Metric.MetricRegistry, registry),
        Effect.provideContext(services),
      )
    }
    return { ...(tracing && { tracing }), ...(registry && { registry }) }
  },
  (sending, { resource }) =>
    Effect.provideService(
      sending,
      ConfigProvider.ConfigProvider,
      ConfigProvider.fromEnv({ env: { OTEL_SERVICE_NAME: "drawbar", ...resource } }),
    ),
)

const tracingTo = Effect.fnUntraced(function* (traces: Exporting, sampling: Tracing.Sampling, version: string) {
  const clock = yield* Clock.Clock
  const { services, isBusy } = yield* collector(traces)
  const resource = yield* OtlpResource.fromConfig({ serviceVersion: version })
  const serialization = Context.get(services, OtlpSerialization.OtlpSerialization)
  const exporter = yield* OtlpExporter.make({
    ...exportedTo(traces),
    label: "OtlpTracer",
    maxBatchSize: together,
    body: (spans) => [serialization.traces(OtlpSpans.document(resource, version, spans)), Effect.void],
  }).pipe(Effect.provideContext(services))
  return Tracing.make(
    sampling,
    () => clock.currentTimeMillisUnsafe(),
    (span) => {
      if (!isBusy()) for (const one of OtlpSpans.of(span)) exporter.push(one)
    },
  )
})

/** The dependencies of its exporters. */
const collector = Effect.fnUntraced(function* (exporting: Exporting) {
  const { client, isBusy } = yield* OtlpClient.make(exporting)
  const services = yield* Layer.build(
    Layer.mergeAll(
      OtlpExporter.layerFlusher,
      exporting.protocol === "http/json" ? OtlpSerialization.layerJson : OtlpSerialization.layerProtobuf,
      Layer.succeed(HttpClient.HttpClient, client),
    ),
  )
  return { services, isBusy }
})

const exportedTo = ({ url, headers, compression, intervalMillis }: Exporting) => ({
  url,
  headers,
  compression,
  exportInterval: intervalMillis,
  shutdownTimeout,
})
