import { Effect } from "effect"
import { PlainText } from "@drawbar/http-server/http/ResponseBody"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import { HealthApi } from "./HealthApi.ts"
import type { DocumentStore } from "@drawbar/document-store/DocumentStore"
import type { Models } from "@drawbar/registry/models/Models"
import { NotReady, RequestError, ShuttingDown } from "@drawbar/http-server/http/RequestError"
import type { Telemetry } from "@drawbar/http-server/telemetry/Telemetry"
import * as OpenSearchError from "../errors/OpenSearchError.ts"

interface Phase {
  /** Whether the server was told to stop. */
  readonly isStopping: () => boolean
  readonly isWarmingUp: () => boolean
}

export const make = (
  telemetry: Telemetry,
  store: DocumentStore["Service"],
  models: Models["Service"],
  { isStopping, isWarmingUp }: Phase,
) =>
  Endpoint.serve(OpenSearchError.face, HealthApi, {
    live: () => Effect.succeed({ status: "ok" as const }),
    ready: () =>
      Effect.suspend(() => {
        if (isStopping()) return Effect.fail(RequestError.from(new ShuttingDown()))
        if (isWarmingUp()) return Effect.fail(RequestError.from(new NotReady({ message: warming })))
        return Effect.matchEffect(store.writable, {
          onFailure: ({ message, reason }) =>
            reason._tag === "StorageFailed" && reason.retryAfterMillis !== undefined
              ? Effect.succeed({ status: "degraded" as const, reason: message })
              : Effect.fail(RequestError.from(new NotReady({ message }))),
          onSuccess: () => Effect.succeed({ status: "ok" as const }),
        })
      }),
    metrics: () =>
      Effect.map(
        Effect.all([telemetry.metrics, models.hidden]),
        ([text, hidden]) => new PlainText(withoutModels(text, hidden), "text/plain; version=0.0.4"),
      ),
  })

const warming =
  "This server has just started and warms up. It answers requests already, and is ready within three seconds."

/** The series without those of models that are closed to the principal. */
const withoutModels = (text: string, hidden: ReadonlySet<string>): string =>
  hidden.size === 0
    ? text
    : text
        .split("\n")
        .filter((line) => {
          const [, model] = /[{,](?:drawbar_model_id|model)="([^"]*)"/.exec(line) ?? []
          return model === undefined || !hidden.has(model)
        })
        .join("\n")
