/** A client of one collector, all of whose bytes go by the door. */
import { Effect } from "effect"
import { HttpClient, HttpClientError, HttpClientResponse } from "effect/http"
import { OperatorHttpClient } from "../secrets/OperatorHttpClient.ts"
import type { Exporting } from "./OtlpSettings.ts"

/** How many messages may be on their way before no more is taken: a collector that hangs must not fill the memory. */
const most = 8

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
  return { client, isBusy: () => underWay >= most }
})

const refused = (url: string, why: string) => Effect.logWarning(`Telemetry cannot be sent to ${url}: ${why}`)
