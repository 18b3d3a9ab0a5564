import { Effect } from "effect"
import { PlainText } from "./Answer.ts"
import * as Endpoint from "./Endpoint.ts"
import { HealthApi } from "./HealthApi.ts"
import type { DocumentStore } from "@drawbar/registry/DocumentStore"
import { because, NotReady, Stopping } from "./RequestError.ts"
import type { Telemetry } from "./Telemetry.ts"

/** `isStopping`: whether the server was told to stop. */
export const make = (telemetry: Telemetry, store: DocumentStore["Service"], isStopping: () => boolean) =>
  Endpoint.serve(HealthApi, {
    live: () => Effect.succeed({ status: "ok" as const }),
    ready: () =>
      Effect.suspend(() =>
        isStopping()
          ? Effect.fail(because(new Stopping()))
          : Effect.mapBoth(store.writable, {
              onFailure: ({ message }) => because(new NotReady({ message })),
              onSuccess: () => ({ status: "ok" as const }),
            }),
      ),
    metrics: () => Effect.map(telemetry.metrics, (text) => new PlainText(text, "text/plain; version=0.0.4")),
  })
