/** An HTTP client for one collector, with all connections through the egress guard. */
import { Effect } from "effect"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import { OperatorHttpClient } from "../secrets/OperatorHttpClient.ts"
import type { Exporting } from "./OtlpSettings.ts"

/** Maximum pending messages; a collector that hangs must not fill the memory. */
const maxPending = 8

export const make = Effect.fnUntraced(function* ({ url, timeoutMillis }: Exporting) {
  const pool = yield* (yield* OperatorHttpClient).open(new URL(url).origin)
  const limits = {
    headersTimeoutMs: timeoutMillis,
    idleTimeoutMs: timeoutMillis,
    timeoutMs: timeoutMillis,
    maxResponseBytes: 1_000_000,
  }
  let underWay = 0
  const client = HttpClient.make((request, { href }) => {
    const { method, headers, body } = request
    underWay += 1
    return pool
      .send({ method, url: href, headers, ...(body._tag === "Uint8Array" && { body: body.body }) }, limits)
      .pipe(
        Effect.ensuring(Effect.sync(() => (underWay -= 1))),
        Effect.mapError(
          (cause) =>
            new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request, cause }) }),
        ),
        Effect.tap(({ status }) => (status < 400 ? Effect.void : refused(href, `status ${status}`))),
        Effect.tapError(({ reason }) => refused(href, String(reason.cause))),
        Effect.map(({ status }) => HttpClientResponse.fromWeb(request, new Response(null, { status }))),
      )
  })
  return { client, isBusy: () => underWay >= maxPending }
})

const refused = (url: string, why: string) => Effect.logWarning(`Cannot send telemetry to ${url}: ${why}`)
