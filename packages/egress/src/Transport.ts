/** Sends a request until it is answered, its attempts are used up, or its time is over. */
import { Effect, Random, Result } from "effect"
import type { EgressRequest, Limits, EgressResponse } from "./EgressPool.ts"
import { DeadlineExceeded, EgressError } from "./EgressError.ts"
import type { RetryBudget } from "./RetryBudget.ts"
import * as RetryAfter from "./RetryAfter.ts"

/** When a request is sent again, and how long each attempt may take. */
export interface RetryOptions {
  /** Until the response's head, and between two pieces of its body, in ms. */
  readonly responseTimeoutMs: number
  /** Retries beside the first attempt; -1: until `retryTimeoutMs`. */
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
  /** Makes the request of one attempt, counted from 0: a signature has an age. */
  readonly prepare: (attempt: number) => Effect.Effect<EgressRequest, E, R>
  /** Whether the request, prepared again, may succeed where this response refused it. Called once a call. */
  readonly recover?: ((refusal: Head, now: number) => boolean) | undefined
  /** Shared by all calls to an upstream; absent: each call has what `retry` gives it. */
  readonly budget?: RetryBudget
  readonly maxResponseBytes: number
  /** How long the whole call may take, in ms; no bound if absent. */
  readonly timeoutMs?: number
  /** When the caller stops waiting, in ms since 1970: no retry begins later. */
  readonly awaitedUntil?: number | undefined
}

/**
 * The last answer, whatever its status. What was sent is sent again only if the platform answered that it is busy or broken, or had
 * most likely closed the connection before: where else an answer failed to come, it may have done the work.
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
      const wait = asked(outcome, now)
      return Effect.flatMap(wait === undefined ? backoff(retry, count) : Effect.succeed(wait), (asked) => {
        const delay = Math.max(minRetryDelayMs, asked)
        if (now + delay >= lastRetry || budget?.spend(now) === false) return Effect.fromResult(outcome)
        return Effect.andThen(Effect.sleep(delay), attempt(count + 1))
      })
    }

    return attempt(0)
  })

/** In ms; `Retry-After: 0` and a backoff of 0 are no leave to hammer. */
const minRetryDelayMs = 10

/** What tells whether a request may be sent again. */
export type Head = Pick<EgressResponse, "status" | "headers">
type Outcome = Result.Result<Head, EgressError>

const mayRetry = (outcome: Outcome): boolean =>
  Result.isFailure(outcome) ? outcome.failure.retryable : isRetryable(outcome.success)

/** Whether the platform is busy or broken for now. AWS also throttles with status 400 and says so in a header. */
export const isRetryable = ({ status, headers }: Head): boolean =>
  status === 429 ||
  status >= 500 ||
  (status >= 400 && String(headers["x-amzn-errortype"]).startsWith("ThrottlingException"))

const asked = (outcome: Outcome, now: number): number | undefined =>
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
