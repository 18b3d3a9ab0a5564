/** Sends a request until it is answered, its attempts are used up, or its time is over. */
import type { ClientConfig } from "@drawbar/blueprint-schema/ClientConfig"
import { Effect, Random, Result } from "effect"
import type { EgressRequest, Limits, RemoteResponse } from "./EgressPool.ts"
import { because, DeadlineExceeded, type EgressError } from "./EgressError.ts"
import type { RetryBudget } from "./RetryBudget.ts"
import * as RetryAfter from "./RetryAfter.ts"

/** Sends one request once. */
export type Attempt<A, R> = (request: EgressRequest, limits: Limits) => Effect.Effect<A, EgressError, R>

export interface Sending<A, E, R, R2> {
  readonly origin: string
  readonly attempt: Attempt<A, R2>
  readonly config: ClientConfig
  /** Makes the request of one attempt, counted from 0: a signature has an age. */
  readonly prepare: (attempt: number) => Effect.Effect<EgressRequest, E, R>
  /** Is shown a refusal; answers whether the request, prepared anew, may fare better. Asked once a call. */
  readonly mend?: ((refusal: Head, now: number) => boolean) | undefined
  /** Of all calls of the connector; absent: each call has what `config` gives it. */
  readonly budget?: RetryBudget
  readonly maxResponseBytes: number
  /** How long the whole call may take, in ms; no bound if absent. */
  readonly timeoutMs?: number
  /** When nobody waits for it any more, in ms since 1970: what would be sent again later than that is told at once. */
  readonly awaitedUntil?: number | undefined
}

/**
 * The last answer, whatever its status. What was sent is sent again only if the platform answered that it is busy or broken, or had
 * most likely closed the connection before: where else an answer failed to come, it may have done the work.
 */
export const send = <A extends Head, E, R, R2>({
  origin,
  attempt: sendOnce,
  config,
  prepare,
  mend,
  budget,
  maxResponseBytes,
  timeoutMs = Infinity,
  awaitedUntil = Infinity,
}: Sending<A, E, R, R2>): Effect.Effect<A, E | EgressError, R | R2> =>
  Effect.clockWith((clock) => {
    const headersTimeoutMs = config.read_timeout * 1000
    const begun = clock.currentTimeMillisUnsafe()
    const deadline = begun + timeoutMs
    const lastRetry = Math.min(begun + config.retry_timeout_seconds * 1000, deadline, awaitedUntil)

    let isMended = false
    budget?.earn()

    const attempt = (count: number): Effect.Effect<A, E | EgressError, R | R2> =>
      Effect.flatMap(prepare(count), (request) => {
        const left = deadline - clock.currentTimeMillisUnsafe()
        if (left <= 0) return Effect.fail(because(new DeadlineExceeded({ origin })))
        const limits = { headersTimeoutMs, idleTimeoutMs: headersTimeoutMs, maxResponseBytes, timeoutMs: left }
        return Effect.flatMap(Effect.result(sendOnce(request, limits)), (outcome) => conclude(outcome, count))
      })

    const conclude = (outcome: Result.Result<A, EgressError>, count: number) => {
      if (!isMended && Result.isSuccess(outcome) && mend?.(outcome.success, clock.currentTimeMillisUnsafe()) === true) {
        isMended = true
        return attempt(count)
      }
      if (count === config.max_retry_times || !mayRetry(outcome)) return Effect.fromResult(outcome)
      const now = clock.currentTimeMillisUnsafe()
      const wait = asked(outcome, now)
      return Effect.flatMap(wait === undefined ? backoff(config, count) : Effect.succeed(wait), (asked) => {
        const delay = Math.max(shortest, asked)
        if (now + delay >= lastRetry || budget?.spend(now) === false) return Effect.fromResult(outcome)
        return Effect.andThen(Effect.sleep(delay), attempt(count + 1))
      })
    }

    return attempt(0)
  })

/** In ms; `Retry-After: 0` and a backoff of 0 are no leave to hammer. */
const shortest = 10

/** What tells whether a request may be sent again. */
export type Head = Pick<RemoteResponse, "status" | "headers">
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
const backoff = (config: ClientConfig, attempt: number): Effect.Effect<number> => {
  const base = config.retry_backoff_millis
  const grown = Math.min(base * 2 ** attempt, config.retry_timeout_seconds * 1000)
  switch (config.retry_backoff_policy) {
    case "constant":
      return Effect.succeed(base)
    case "exponential_equal_jitter":
      return Effect.map(Random.next, (chance) => grown / 2 + (chance * grown) / 2)
    case "exponential_full_jitter":
      return Effect.map(Random.next, (chance) => chance * grown)
  }
}
