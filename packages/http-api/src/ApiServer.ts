/** The whole API on one port. */
import type { AddressInfo } from "node:net"
import { performance } from "node:perf_hooks"
import * as Turn from "@drawbar/connector-runtime/Turn"
import { Deployments } from "@drawbar/deployments/Deployments"
import { DocumentStore } from "@drawbar/registry/DocumentStore"
import type { Principals } from "@drawbar/registry/Principals"
import { RecordChanges } from "@drawbar/registry/RecordChanges"
import { SecureRandom } from "@drawbar/registry/SecureRandom"
import { Clock, Effect, Option, type Scope } from "effect"
import * as Audit from "./Audit.ts"
import * as Dispatcher from "./Dispatcher.ts"
import * as Authentication from "./Authentication.ts"
import * as DrawbarHandlers from "./DrawbarHandlers.ts"
import * as Elsewhere from "./Elsewhere.ts"
import * as Guard from "./Guard.ts"
import * as HttpServer from "./HttpServer.ts"
import { MetricRegistry } from "./MetricRegistry.ts"
import * as OldPaths from "./OldPaths.ts"
import * as Overload from "./Overload.ts"
import * as Readings from "./Readings.ts"
import * as RequestId from "./RequestId.ts"
import * as Router from "./Router.ts"
import type { Tracing } from "./Tracing.ts"
import * as Telemetry from "./Telemetry.ts"

export interface Options {
  readonly host: string
  /** 0 for any that is free. */
  readonly port: number
  /** Further names, with their ports, by which the server may be called. */
  readonly allowedHosts: ReadonlyArray<string>
  /** Drawbar's own version. */
  readonly version: string
  /** The largest body that is read, in bytes. */
  readonly bodyLimit: number
  /** How long requests under way may take to end when the server stops, in milliseconds. */
  readonly graceMillis: number
  /** Takes a line of JSON for each request that has ended. */
  readonly accessLog?: ((line: string) => void) | undefined
  /** Takes a line of JSON for each change, and for each request that was turned away, before it is answered. */
  readonly auditLog?: ((line: string) => void) | undefined
  /** Takes the spans of requests. */
  readonly tracing?: Tracing | undefined
  /** Where series are kept for an exporter; it has those of OpenTelemetry's conventions, too. */
  readonly registry?: MetricRegistry | undefined
  /** Whether everybody has to say who he is. */
  readonly auth?: boolean | undefined
  /** PEM texts; absent: the server speaks plain HTTP. `watch` is told of the function that takes newer ones. */
  readonly tls?: HttpServer.Tls | undefined
}

export const defaults = { allowedHosts: [], bodyLimit: 100_000_000, graceMillis: 30_000 } as const

/** Serves until the scope closes; answers where. */
export const listen = Effect.fnUntraced(function* (
  options: Options,
): Effect.fn.Return<
  AddressInfo,
  HttpServer.ListenError,
  Scope.Scope | DrawbarHandlers.Services | Principals | RecordChanges
> {
  const clock = yield* Clock.Clock
  const overload = yield* Overload.make({ now: () => performance.now(), used: processorMillis, behind: Turn.behind })
  const deployments = yield* Deployments
  const telemetry = Telemetry.make({
    registry: options.registry ?? new MetricRegistry(),
    conventions: options.registry !== undefined,
    log: options.accessLog,
    now: () => clock.currentTimeMillisUnsafe(),
    knows: deployments.knows,
    measure: () => Readings.of(overload, deployments.pools()),
  })
  yield* forgetting(telemetry)
  const state = { isStopping: false }
  const handlers = yield* DrawbarHandlers.make({
    version: options.version,
    telemetry,
    isStopping: () => state.isStopping,
  })
  const endpoints = [...handlers, ...Elsewhere.endpoints]
  const routes = endpoints.map((endpoint) => ({ method: endpoint.method, path: endpoint.path, value: { endpoint } }))
  const router = Router.make([...routes, ...OldPaths.routes(routes, options.version)])
  const random = yield* SecureRandom
  const requestId = RequestId.make(Buffer.from(random(6)).toString("base64url"))
  const services = yield* Effect.context()
  const { bodyLimit, auth = false, auditLog } = options
  const audit = auditLog === undefined ? undefined : Audit.make(auditLog, () => clock.currentTimeMillisUnsafe())
  const authentication = auth ? yield* Authentication.on : Authentication.off
  const address = yield* HttpServer.listen({
    ...options,
    abandon: Dispatcher.abandon,
    listener: ({ port }) =>
      Dispatcher.make(
        {
          router,
          guard: Guard.make(port, options.allowedHosts, auth),
          requestId,
          bodyLimit,
          telemetry,
          authentication,
          audit,
          overload,
          tracing: options.tracing,
        },
        services,
      ),
  })
  // The last that is added is the first that is run: who asks while requests end is told so.
  yield* Effect.addFinalizer(() => Effect.sync(() => (state.isStopping = true)))
  return address
})

/** A model that was deleted takes its series with it. */
const forgetting = Effect.fnUntraced(function* (telemetry: Telemetry.Telemetry) {
  const store = yield* DocumentStore
  const changes = yield* RecordChanges
  const lookAt = (id: string) =>
    Effect.tap(store.get("model", id), (found) => Effect.sync(() => Option.isNone(found) && telemetry.forget(id)))
  yield* changes.subscribe((written) => {
    for (const { collection, id } of written) if (collection === "model") Effect.runFork(Effect.ignore(lookAt(id)))
  })
})

const processorMillis = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}
