/** The line of one request: ids, times and why it failed. No body, no query, no secret. */
import * as Journey from "@drawbar/connector-runtime/Journey"
import type { Failure } from "./OpenSearchError.ts"
import type { EndedRequest } from "./EndedRequest.ts"

/** `now` is in ms since 1970. What is not known, or says nothing, is left out. */
export const of = (request: EndedRequest, now: number): string => {
  const { id, method, path, status, millis, model, user, failure, journey, traceId } = request
  return JSON.stringify({
    time: new Date(now).toISOString(),
    id,
    method,
    path,
    status,
    ms: rounded(millis),
    model,
    ...(journey === undefined || journey.attempts === 0 ? {} : away(journey)),
    ...(failure === undefined ? {} : whyOf(failure)),
    user,
    trace: traceId,
  })
}

const away = (journey: Journey.Journey) => ({
  upstream_ms: rounded(Journey.upstreamMillis(journey)),
  attempts: journey.attempts > 1 ? journey.attempts : undefined,
  pieces: journey.first === undefined ? undefined : journey.pieces,
  tokens: journey.input + journey.output > 0 ? [journey.input, journey.output] : undefined,
})

const whyOf = ({ reason, remote, retryAfter }: Failure) => ({
  error: reason,
  remote_status: remote?.status,
  retry_after: retryAfter,
})

const rounded = (millis: number) => Math.round(millis * 10) / 10
