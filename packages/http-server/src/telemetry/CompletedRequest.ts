/** A request that has ended, for all who tell of it: the log, the series, the spans. */
import type { FailureSummary } from "../http/ApiFace.ts"
import type { CallMeasurements } from "./CallMeasurements.ts"

export interface CompletedRequest {
  readonly id: string
  readonly method: string
  /** Without its query. */
  readonly path: string
  /** The endpoint's path with its parameters' names; nothing where there is no such endpoint. */
  readonly route: string | undefined
  readonly model: string | undefined
  readonly user: string | undefined
  /** 499 where the caller went away before the answer. */
  readonly status: number
  /** Why it was refused, or its stream broke. */
  readonly failure: FailureSummary | undefined
  readonly millis: number
  /** By `performance.now()`. */
  readonly endedAt: number
  /** What a predict took at its upstreams. */
  readonly call: CallMeasurements | undefined
  /** Where it is traced. */
  readonly traceId: string | undefined
}
