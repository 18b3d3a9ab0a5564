/** Sends a request until it succeeds, its attempts are used up, or its time is over. */
import { Effect, Random, Result } from "effect"
import type { EgressRequest, Limits, EgressResponse } from "./EgressPool.ts"
import { DeadlineExceeded, EgressError } from "./EgressError.ts"
import type { RetryBudget } from "./RetryBudget.ts"
import * as RetryAfter from "./RetryAfter.ts"

/** When a request is retried, and how long each attempt may take. */
export interface RetryOptions {
  /** Until the response headers, and between two chunks of the body, in ms. */
  readonly responseTimeoutMs: number
  /** Retries after the first attempt; -1: until `retryTimeoutMs`. */
  readonly maxRetries: number
  readonly backoffMs: number
  readonly backoffPolicy: "constant" | "exponential_equal_jitter" | "exponential_full_jitter"
  /** No retry begins later than this after the first attempt, in ms. */
  readonly retryTimeoutMs: number
}

/** Sends one request once. */
export type Attempt<A, R> = (request: EgressRequest, limits: Limits) => Effect.Effect<A, EgressError, R>

export interface Sending<A, E, R, R2> {
  readonly origin: string
  readonly attempt: Attempt<A, R2>
  readonly retry: RetryOptions
  /** Creates the request of one attempt, counted from 0, because a signature expires. */
  readonly prepare: (attempt: number) => Effect.Effect<EgressRequest, E, R>
  /** Whether the request, if prepared again, may succeed after this response rejected it. Called once per call. */
  readonly recover?: ((refusal: Head, now: number) => boolean) | undefined
  /** Shared by all calls to an upstream; if absent, each call is limited only by `retry`. */
  readonly budget?: RetryBudget
  readonly maxResponseBytes: number
  /** How long the whole call may take, in ms; no limit if absent. */
  readonly timeoutMs?: number
  /** When the caller stops waiting, in ms since 1970; no retry begins later. */
  readonly awaitedUntil?: number | undefined
}

/**
 * The last response, whatever its status. A request is sent again only if the upstream responded that it is busy or
 * broken, or had most likely closed the connection before the request arrived. After any other failure the upstream may
 * have processed the request.
 */
export const send = <A extends Head, E, R, R2>({
  origin,
  attempt: sendOnce,
  retry,
  prepare,
  recover,
  budget,
  maxResponseBytes,
  timeoutMs = Infinity,
  awaitedUntil = Infinity,
}: Sending<A, E, R, R2>): Effect.Effect<A, E | EgressError, R | R2> =>
  Effect.clockWith((clock) => {
    const headersTimeoutMs = retry.responseTimeoutMs
    const begun = clock.currentTimeMillisUnsafe()
    const deadline = begun + timeoutMs
    const lastRetry = Math.min(begun + retry.retryTimeoutMs, deadline, awaitedUntil)

    let hasRecovered = false
    budget?.earn()

    const attempt = (count: number): Effect.Effect<A, E | EgressError, R | R2> =>
      Effect.flatMap(prepare(count), (request) => {
        const left = deadline - clock.currentTimeMillisUnsafe()
        if (left <= 0) return Effect.fail(EgressError.from(new DeadlineExceeded({ origin })))
        const limits = { headersTimeoutMs, idleTimeoutMs: headersTimeoutMs, maxResponseBytes, timeoutMs: left }
        return Effect.flatMap(Effect.result(sendOnce(request, limits)), (outcome) => conclude(outcome, count))
      })

    const conclude = (outcome: Result.Result<A, EgressError>, count: number) => {
      if (
        !hasRecovered &&
        Result.isSuccess(outcome) &&
        recover?.(outcome.success, clock.currentTimeMillisUnsafe()) === true
      ) {
        hasRecovered = true
        return attempt(count)
      }
      if (count === retry.maxRetries || !mayRetry(outcome)) return Effect.fromResult(outcome)
      const now = clock.currentTimeMillisUnsafe()
      const wait = requestedWait(outcome, now)
      return Effect.flatMap(wait === undefined ? backoff(retry, count) : Effect.succeed(wait), (requestedWait) => {
        const delay = Math.max(minRetryDelayMs, requestedWait)
        if (now + delay >= lastRetry || budget?.spend(now) === false) return Effect.fromResult(outcome)
        return Effect.andThen(Effect.sleep(delay), attempt(count + 1))
      })
    }

    return attempt(0)
  })

/** In ms; applies even to `Retry-After: 0` and a backoff of 0. */
const minRetryDelayMs = 10

/** The part of a response that decides whether the request may be retried. */
export type Head = Pick<EgressResponse, "status" | "headers">
type Outcome = Result.Result<Head, EgressError>

const mayRetry = (outcome: Outcome): boolean =>
  Result.isFailure(outcome) ? outcome.failure.retryable : isRetryable(outcome.success)

/** Whether the upstream is temporarily busy or broken. AWS also throttles with status 400 and says so in a header. */
export const isRetryable = ({ status, headers }: Head): boolean =>
  status === 429 ||
  status >= 500 ||
  (status >= 400 && String(headers["x-amzn-errortype"]).startsWith("ThrottlingException"))

const requestedWait = (outcome: Outcome, now: number): number | undefined =>
  Result.isSuccess(outcome) ? RetryAfter.millis(outcome.success.headers, now) : undefined

/** https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/ */
const backoff = (retry: RetryOptions, attempt: number): Effect.Effect<number> => {
  const base = retry.backoffMs
  const grown = Math.min(base * 2 ** attempt, retry.retryTimeoutMs)
  switch (retry.backoffPolicy) {
    case "constant":
      return Effect.succeed(base)
    case "exponential_equal_jitter":
      return Effect.map(Random.next, (chance) => grown / 2 + (chance * grown) / 2)
    case "exponential_full_jitter":
      return Effect.map(Random.next, (chance) => chance * grown)
  }
}
