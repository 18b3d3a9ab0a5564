/** The wire alone: a small contract served over loopback, which answers what its handlers were given. */
import * as Authentication from "../src/Authentication.ts"
import * as Dispatcher from "../src/Dispatcher.ts"
import { setTimeout } from "node:timers/promises"
import * as Endpoint from "../src/Endpoint.ts"
import { failures } from "../src/ErrorEnvelope.ts"
import { Flag, maybe, Source } from "../src/Field.ts"
import * as Guard from "../src/Guard.ts"
import * as HttpServer from "../src/HttpServer.ts"
import * as OldPaths from "../src/OldPaths.ts"
import * as RequestBody from "../src/RequestBody.ts"
import * as RequestId from "../src/RequestId.ts"
import * as Router from "../src/Router.ts"
import { JsonText } from "../src/Answer.ts"
import { EventStream } from "../src/EventStream.ts"
import { Effect, Schema } from "effect"
import * as HttpApiEndpoint from "effect/http-api/HttpApiEndpoint"
import * as HttpApiGroup from "effect/http-api/HttpApiGroup"

const shared = { disableCodecs: true, error: failures, success: Source } as const

class EchoApi extends HttpApiGroup.make("echo")
  .add(
    HttpApiEndpoint.post("make", "/things/_make", {
      ...shared,
      payload: Schema.Struct({ name: Schema.String, size: maybe(Schema.Number) }),
    }).annotate(RequestBody.Required, "things need a body"),
  )
  .add(
    HttpApiEndpoint.get("get", "/things/:id", { ...shared, params: { id: Schema.String }, query: { verbose: Flag } }),
  )
  .add(HttpApiEndpoint.put("put", "/things/:id", { ...shared, params: { id: Schema.String }, payload: Source }))
  .add(
    HttpApiEndpoint.post("text", "/things/:id/_text", {
      ...shared,
      params: { id: Schema.String },
      payload: Source,
    }).annotate(RequestBody.AsText, true),
  )
  .add(HttpApiEndpoint.post("register", "/_plugins/_ml/models/_register", { ...shared }))
  .add(HttpApiEndpoint.get("broken", "/broken", { ...shared }))
  .add(HttpApiEndpoint.get("events", "/events", { ...shared }))
  .add(HttpApiEndpoint.get("slow", "/slow", { ...shared })) {}

async function* endless() {
  for (let n = 0; ; n++) {
    yield [String(n)]
    await setTimeout(5)
  }
}

export const secret = "sk-inside"

/** Serves until the scope closes; answers the base URL, and what became of the slow request. */
export const listen = (
  options: { readonly bodyLimit?: number; readonly graceMillis?: number; readonly slowMillis?: number } = {},
) =>
  Effect.gen(function* () {
    const seen = { slow: "not asked" }
    const endpoints = Endpoint.serve(EchoApi, {
      make: ({ payload }) => Effect.succeed({ made: payload }),
      get: ({ params, query }) => Effect.succeed({ params, query }),
      put: ({ json }) => Effect.succeed(json),
      text: ({ text }) => Effect.succeed(new JsonText(`{"number":1.10,"text":${JSON.stringify(text)}}`)),
      register: () => Effect.succeed({ registered: true }),
      events: () =>
        Effect.succeed(
          new EventStream(
            Effect.succeed(endless()),
            () => "failed",
            (call) => call,
          ),
        ),
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
    const router = Router.make([...routes, ...OldPaths.routes(routes, "0.0.0")])
    const services = yield* Effect.context()
    const { port } = yield* HttpServer.listen({
      host: "127.0.0.1",
      port: 0,
      graceMillis: options.graceMillis ?? 1_000,
      abandon: Dispatcher.abandon,
      listener: (address) =>
        Dispatcher.make(
          {
            router,
            guard: Guard.make(address.port, ["drawbar.example:443"]),
            requestId: RequestId.make("test"),
            telemetry: { began: () => {}, ended: () => {} },
            authentication: Authentication.off,
            audit: undefined,
            tracing: undefined,
            overload: {
              load: { bytes: 0 },
              refusals: { bytes: 0, work: 0 },
              enter: () => () => {},
              refusal: () => undefined,
              grown: () => undefined,
            },
            bodyLimit: options.bodyLimit ?? 1_000_000,
          },
          services,
        ),
    })
    return { port, seen }
  })
