/** The HTTP layer alone: a small API served over loopback whose handlers return what they received. */
import * as EndpointPolicy from "@drawbar/http-server/access/EndpointPolicy"
import * as Authentication from "@drawbar/http-server/access/Authentication"
import { HeldMemory } from "@drawbar/http-server/admission/HeldMemory"
import * as Dispatcher from "@drawbar/http-server/http/Dispatcher"
import { setTimeout } from "node:timers/promises"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { failures } from "../src/errors/ErrorEnvelope.ts"
import { Flag } from "@drawbar/http-server/http/Flag"
import { maybe, Source } from "../src/records/Field.ts"
import * as OpenSearchError from "../src/errors/OpenSearchError.ts"
import * as OriginCheck from "@drawbar/http-server/http/OriginCheck"
import * as HttpServer from "@drawbar/http-server/http/HttpServer"
import * as DeprecatedRoutes from "../src/routes/DeprecatedRoutes.ts"
import * as RequestLimits from "../src/routes/RequestLimits.ts"
import * as RequestBody from "@drawbar/http-server/http/RequestBody"
import * as RequestId from "@drawbar/http-server/http/RequestId"
import * as Router from "@drawbar/http-server/http/Router"
import { JsonText, WithHeaders } from "@drawbar/http-server/http/ResponseBody"
import { EventStream } from "@drawbar/http-server/http/EventStream"
import { Effect, Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"

const shared = { disableCodecs: true, error: failures, success: Source } as const

class EchoApi extends HttpApiGroup.make("echo")
  .add(
    HttpApiEndpoint.post("make", "/things/_make", {
      ...shared,
      payload: Schema.Struct({ name: Schema.String, size: maybe(Schema.Number) }),
    })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.Required, "things need a body"),
  )
  .add(
    HttpApiEndpoint.get("get", "/things/:id", {
      ...shared,
      params: { id: Schema.String },
      query: { verbose: Flag },
    }).annotateMerge(EndpointPolicy.read),
  )
  .add(
    HttpApiEndpoint.put("put", "/things/:id", {
      ...shared,
      params: { id: Schema.String },
      payload: Source,
    }).annotateMerge(EndpointPolicy.write),
  )
  .add(
    HttpApiEndpoint.post("text", "/things/:id/_text", {
      ...shared,
      params: { id: Schema.String },
      payload: Source,
    })
      .annotateMerge(EndpointPolicy.write)
      .annotate(RequestBody.AsText, true),
  )
  .add(
    HttpApiEndpoint.post("render", "/things/_render", {
      ...shared,
      payload: Schema.Struct({ name: Schema.String }),
    }).annotateMerge(EndpointPolicy.dryRun),
  )
  .add(
    HttpApiEndpoint.post("register", "/_plugins/_ml/models/_register", { ...shared }).annotateMerge(
      EndpointPolicy.write,
    ),
  )
  .add(HttpApiEndpoint.get("broken", "/broken", { ...shared }).annotateMerge(EndpointPolicy.read))
  .add(
    HttpApiEndpoint.get("probe", "/probe", { ...shared })
      .annotateMerge(EndpointPolicy.open)
      .annotate(OriginCheck.AnyOrigin, true),
  )
  .add(HttpApiEndpoint.get("events", "/events", { ...shared }).annotateMerge(EndpointPolicy.read))
  .add(HttpApiEndpoint.get("unsendable", "/unsendable", { ...shared }).annotateMerge(EndpointPolicy.read))
  .add(HttpApiEndpoint.get("slow", "/slow", { ...shared }).annotateMerge(EndpointPolicy.read)) {}

async function* endless() {
  for (let n = 0; ; n++) {
    yield [String(n)]
    await setTimeout(5)
  }
}

export const secret = "sk-inside"

/** Serves until the scope closes. Returns the base URL, and what became of the slow request. */
export const listen = (
  options: {
    readonly bodyLimit?: number
    readonly requestMillis?: number
    readonly recordBodyLimit?: number
    readonly graceMillis?: number
    readonly slowMillis?: number
  } = {},
) =>
  Effect.gen(function* () {
    const seen = { slow: "not asked" }
    const endpoints = Endpoint.serve(OpenSearchError.face, EchoApi, {
      make: ({ payload }) => Effect.succeed({ made: payload }),
      render: () => Effect.succeed({ rendered: true }),
      get: ({ params, query }) => Effect.succeed({ params, query }),
      put: ({ json }) => Effect.succeed(json),
      text: ({ text }) =>
        text.includes("overflow")
          ? Effect.die(new RangeError(secret))
          : Effect.succeed(new JsonText(`{"number":1.10,"text":${JSON.stringify(text)}}`)),
      probe: () => Effect.succeed({ ok: true }),
      register: () => Effect.succeed({ registered: true }),
      events: () =>
        Effect.succeed(
          new EventStream(
            Effect.succeed(endless()),
            () => ({ data: "failed", summary: undefined }),
            (call) => call,
          ),
        ),
      unsendable: () => Effect.succeed(new WithHeaders({}, { "x-said": "a\r\nb" })),
      broken: () => Effect.die(new Error(secret)),
      slow: () =>
        Effect.sync(() => (seen.slow = "asked")).pipe(
          Effect.andThen(Effect.sleep(options.slowMillis ?? 60_000)),
          Effect.tap(() => Effect.sync(() => (seen.slow = "answered"))),
          Effect.as({ slow: true }),
          Effect.onInterrupt(() => Effect.sync(() => (seen.slow = "interrupted"))),
        ),
    })
    const routes = endpoints.map((endpoint) => ({ method: endpoint.method, path: endpoint.path, value: { endpoint } }))
    const router = Router.make([...routes, ...DeprecatedRoutes.routes(routes, "0.0.0")])
    const services = yield* Effect.context()
    const { port } = yield* HttpServer.listen({
      host: "127.0.0.1",
      port: 0,
      graceMillis: options.graceMillis ?? 1_000,
      dispatcher: (address) =>
        Dispatcher.make(
          {
            router,
            face: OpenSearchError.face,
            originCheck: OriginCheck.make(address.port, ["drawbar.example:443"]),
            requestId: RequestId.make("test"),
            telemetry: { began: () => {}, ended: () => {} },
            authentication: Authentication.off,
            audit: undefined,
            tracing: undefined,
            loadShedding: {
              load: { bytes: 0 },
              refusals: { bytes: 0, work: 0 },
              enter: () => () => {},
              memory: () => new HeldMemory({ bytes: 0 }),
              refusal: () => undefined,
              grown: () => undefined,
              kept: () => undefined,
            },
            limitsOf: RequestLimits.make({
              predictBody: options.bodyLimit ?? 1_000_000,
              recordBody: () => options.recordBodyLimit ?? 1_000_000,
              ...(options.requestMillis === undefined ? {} : { requestMillis: options.requestMillis }),
            }),
          },
          services,
        ),
    })
    return { port, seen }
  })
