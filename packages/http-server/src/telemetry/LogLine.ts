/** The line of one request: ids, times and why it failed. No body, no query, no secret. */
import type { FailureSummary } from "../http/ApiFace.ts"
import type { CallMeasurements } from "./CallMeasurements.ts"
import type { CompletedRequest } from "./CompletedRequest.ts"

/** `now` is in ms since 1970. What is not known, or says nothing, is left out. */
export const of = (request: CompletedRequest, now: number): string => {
  const { id, method, path, status, millis, model, user, failure, call, traceId } = request
  return JSON.stringify({
    time: new Date(now).toISOString(),
    id,
    method,
    path,
    status,
    ms: rounded(millis),
    model,
    ...(call === undefined || call.attempts === 0 ? {} : upstreamOf(call)),
    targets: call === undefined || call.route.steps.length === 0 ? undefined : call.route.steps,
    ...(failure === undefined ? {} : whyOf(failure)),
    user,
    trace: traceId,
  })
}

const upstreamOf = (call: CallMeasurements) => ({
  upstream_ms: rounded(call.upstreamMillis),
  attempts: call.attempts > 1 ? call.attempts : undefined,
  pieces: call.first === undefined ? undefined : call.pieces,
  tokens: call.input + call.output > 0 ? [call.input, call.output] : undefined,
  tokens_estimated: call.estimated ? true : undefined,
})

const whyOf = ({ reason, remoteStatus, retryAfter }: FailureSummary) => ({
  error: reason,
  remote_status: remoteStatus,
  retry_after: retryAfter,
})

const rounded = (millis: number) => Math.round(millis * 10) / 10
