/** The whole API on one port. */
import type { AddressInfo } from "node:net"
import { performance } from "node:perf_hooks"
import * as TimeSlice from "@drawbar/egress/TimeSlice"
import { Deployments } from "@drawbar/deployments/deployment/Deployments"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import type { Principals } from "@drawbar/registry/access/Principals"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { SecureRandom } from "@drawbar/registry/secrets/SecureRandom"
import { Usage } from "@drawbar/registry/spend/Usage"
import { Settings } from "@drawbar/registry/settings/Settings"
import { Clock, Effect, FiberSet, Option, type Scope } from "effect"
import * as Audit from "@drawbar/http-server/access/Audit"
import * as OpenSearchError from "./errors/OpenSearchError.ts"
import * as Dispatcher from "@drawbar/http-server/http/Dispatcher"
import * as Authentication from "@drawbar/http-server/access/Authentication"
import * as OpenApiDocument from "./reference/OpenApiDocument.ts"
import * as DrawbarHandlers from "./routes/DrawbarHandlers.ts"
import * as RequestLimits from "./routes/RequestLimits.ts"
import * as UnsupportedRoutes from "./routes/UnsupportedRoutes.ts"
import * as OriginCheck from "@drawbar/http-server/http/OriginCheck"
import type { Endpoint } from "@drawbar/http-server/http/Endpoint"
import * as HttpServer from "@drawbar/http-server/http/HttpServer"
import { MetricRegistry } from "@drawbar/http-server/telemetry/MetricRegistry"
import * as DeprecatedRoutes from "./routes/DeprecatedRoutes.ts"
import * as LoadShedding from "@drawbar/http-server/admission/LoadShedding"
import * as Gauges from "./operations/Gauges.ts"
import * as RequestId from "@drawbar/http-server/http/RequestId"
import * as Router from "@drawbar/http-server/http/Router"
import type { Tracing } from "@drawbar/http-server/telemetry/Tracing"
import * as Telemetry from "@drawbar/http-server/telemetry/Telemetry"

export interface Options {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** Whether no other worker of this machine may serve that port. */
  readonly exclusive?: boolean | undefined
  /** Further names, with their ports, by which the server may be called. */
  readonly allowedHosts: ReadonlyArray<string>
  /** Drawbar's own version. */
  readonly version: string
  /** The largest body that is read, in bytes. */
  readonly bodyLimit: number
  /** How long requests under way may take to end when the server stops, in milliseconds. */
  readonly graceMillis: number
  /** Whether the server is not ready for its share of the traffic yet, though it answers. */
  readonly isWarmingUp?: (() => boolean) | undefined
  /** Takes a line of JSON for each request that has ended. */
  readonly accessLog?: ((line: string) => void) | undefined
  /** Takes a line of JSON for each change, and for each request that was turned away, before it is answered. */
  readonly auditLog?: Audit.Write | undefined
  /** Whether a change is refused where the audit log cannot be written. */
  readonly auditRequired?: boolean | undefined
  /** Makes the metrics of all processes that serve the port from those of this one. */
  readonly gatherMetrics?: ((own: Effect.Effect<string>) => Effect.Effect<string>) | undefined
  /** Takes the spans of requests. */
  readonly tracing?: Tracing | undefined
  /** Where series are kept for an exporter; it has those of OpenTelemetry's conventions, too. */
  readonly registry?: MetricRegistry | undefined
  /** Whether callers must authenticate. */
  readonly auth?: boolean | undefined
  /** PEM texts; absent: the server speaks plain HTTP. `watch` receives the function that installs newer ones. */
  readonly tls?: HttpServer.Tls | undefined
  /** The endpoints of further APIs. */
  readonly endpoints?: ReadonlyArray<Endpoint> | undefined
  /** What the reference says of them. */
  readonly furtherApis?: ReadonlyArray<OpenApiDocument.FurtherApi> | undefined
  /** What speaks for requests that reach no route, by the beginning of their path. */
  readonly faces?: Dispatcher.Options["faces"]
}

export const defaults = { allowedHosts: [], bodyLimit: RequestLimits.predictBody, graceMillis: 30_000 } as const

/** Serves until the scope closes; answers where. */
export const listen = Effect.fnUntraced(function* (
  options: Options,
): Effect.fn.Return<
  AddressInfo,
  HttpServer.ListenError,
  Scope.Scope | DrawbarHandlers.Services | Principals | ChangeFeed | Settings | Usage
> {
  const clock = yield* Clock.Clock
  const loadShedding = yield* LoadShedding.make({
    now: () => performance.now(),
    used: processorMillis,
    behind: TimeSlice.behind,
  })
  const deployments = yield* Deployments
  const settings = yield* Settings
  const usage = yield* Usage
  const telemetry = Telemetry.make({
    registry: options.registry ?? new MetricRegistry(),
    conventions: options.registry !== undefined,
    log: options.accessLog,
    now: () => clock.currentTimeMillisUnsafe(),
    knows: deployments.knows,
    measure: () => Gauges.of(loadShedding, deployments.pools(), deployments.routeTargets(), usage.sinceStart()),
  })
  yield* Effect.addFinalizer(() => Effect.sync(telemetry.flush))
  yield* forgetting((model) => {
    telemetry.forget(model)
    usage.forget(model)
  })
  const state: { isStopping: boolean; wasCalled: boolean; address: string | undefined } = {
    isStopping: false,
    wasCalled: false,
    address: undefined,
  }
  const handlers = yield* DrawbarHandlers.make({
    version: options.version,
    telemetry: {
      ...telemetry,
      metrics: options.gatherMetrics === undefined ? telemetry.metrics : options.gatherMetrics(telemetry.metrics),
    },
    isStopping: () => state.isStopping,
    // Who calls it already gains nothing from being told to wait.
    isWarmingUp: () => !state.wasCalled && options.isWarmingUp?.() === true,
    address: () => state.address,
    breakerTrips: () => loadShedding.refusals.bytes + loadShedding.refusals.work,
    document: OpenApiDocument.lazily(options.furtherApis),
  })
  const endpoints = [...handlers, ...UnsupportedRoutes.endpoints, ...(options.endpoints ?? [])]
  const routes = endpoints.map((endpoint) => ({ method: endpoint.method, path: endpoint.path, value: { endpoint } }))
  const router = Router.make([...routes, ...DeprecatedRoutes.routes(routes, options.version)])
  const random = yield* SecureRandom
  const requestId = RequestId.make(Buffer.from(random(6)).toString("base64url"))
  const services = yield* Effect.context()
  const { bodyLimit, auth = false, auditLog } = options
  const audit = auditLog === undefined ? undefined : Audit.make(auditLog, () => clock.currentTimeMillisUnsafe())
  if (audit !== undefined) yield* folding(audit)
  const authentication = auth ? yield* Authentication.on : Authentication.off
  const dispatcherOf = ({ port }: AddressInfo) =>
    Dispatcher.make(
      {
        router,
        face: OpenSearchError.face,
        faces: options.faces,
        originCheck: OriginCheck.make(port, options.allowedHosts, auth),
        requestId,
        limitsOf: RequestLimits.make({
          predictBody: bodyLimit,
          recordBody: () => RequestLimits.recordBodyLimit(settings.get("plugins.ml_commons.max_json_size")),
        }),
        telemetry: {
          began: telemetry.began,
          ended: (request) => {
            if (request.call !== undefined) state.wasCalled = true
            telemetry.ended(request)
          },
        },
        authentication,
        audit,
        auditRequired: options.auditRequired,
        loadShedding,
        tracing: options.tracing,
      },
      services,
    )
  const address = yield* HttpServer.listen({ ...options, dispatcher: dispatcherOf })
  // A client that looks for nodes can call one address, not all of a machine.
  if (!unspecified.has(address.address))
    state.address = `${address.family === "IPv6" ? `[${address.address}]` : address.address}:${address.port}`
  // Finalizers run in reverse order: this one runs first, so readiness reports the shutdown while requests drain.
  yield* Effect.addFinalizer(() => Effect.sync(() => (state.isStopping = true)))
  return address
})

/** Refusals that share a line have it soon after their minute, and when the server stops. */
const folding = Effect.fnUntraced(function* (audit: Audit.Audit) {
  const late = Effect.andThen(
    Effect.sleep("10 seconds"),
    Effect.sync(() => audit.flush(false)),
  )
  yield* Effect.forkScoped(Effect.forever(late))
  yield* Effect.addFinalizer(() => Effect.sync(() => audit.flush(true)))
})
const unspecified = new Set(["0.0.0.0", "::"])

/** A model that was deleted takes its series with it. */
const forgetting = Effect.fnUntraced(function* (forget: (model: string) => void) {
  const store = yield* DocumentStore
  const changes = yield* ChangeFeed
  const lookAt = (id: string) =>
    Effect.tap(store.get("model", id), (found) => Effect.sync(() => Option.isNone(found) && forget(id)))
  const run = yield* FiberSet.makeRuntime()
  yield* changes.subscribe((written) => {
    for (const { collection, id } of written) if (collection === "model") run(Effect.ignore(lookAt(id)))
  })
})

const processorMillis = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
