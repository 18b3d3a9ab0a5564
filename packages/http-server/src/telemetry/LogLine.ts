/** The line of one request: ids, times and why it failed. No body, no query, no secret. */
import type { CompletedRequest } from "./CompletedRequest.ts"

/** `now` is in ms since 1970. What is not known, or says nothing, is left out. */
export const of = (request: CompletedRequest, now: number): string => {
  const { id, method, path, status, millis, model, user, failure, traceId } = request
  const call = request.call === undefined || request.call.attempts === 0 ? undefined : request.call
  const steps = request.call?.route.steps
  return JSON.stringify({
    time: new Date(now).toISOString(),
    id,
    method,
    path,
    status,
    ms: rounded(millis),
    model,
    upstream_ms: call && rounded(call.upstreamMillis),
    attempts: call && call.attempts > 1 ? call.attempts : undefined,
    pieces: call?.first === undefined ? undefined : call.pieces,
    tokens: call && call.input + call.output > 0 ? [call.input, call.output] : undefined,
    tokens_estimated: call?.estimated === true ? true : undefined,
    targets: steps?.length === 0 ? undefined : steps,
    error: failure?.reason,
    remote_status: failure?.remoteStatus,
    retry_after: failure?.retryAfter,
    user,
    trace: traceId,
  })
}

const rounded = (millis: number) => Math.round(millis * 10) / 10
