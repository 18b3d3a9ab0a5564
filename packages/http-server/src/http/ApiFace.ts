/** How one API speaks: each group of routes brings the face of its API, and the server knows none of them. */
import type { RegistryFailure } from "@drawbar/registry/RegistryError"
import type { Result } from "effect"
import type { Query } from "./Query.ts"
import type { RequestError } from "./RequestError.ts"

export interface Refusal {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Sent as JSON. */
  readonly body: object
}

/** In characters: a message may quote what was sent, which may be megabytes. */
const maxMessage = 10_000

/** A message as a refusal has it: the beginning of one that is too long, and how much there is more. */
export const shownMessage = (message: string): string =>
  message.length <= maxMessage
    ? message
    : `${message.slice(0, maxMessage).toWellFormed()}… (${message.length - maxMessage} more characters)`

/** A failure for logs, metrics, spans and the audit. */
export interface FailureSummary {
  /** The name of the reason, such as `ConnectTimeout`. */
  readonly reason: string
  /** OpenTelemetry's `error.type`: the upstream's own status where it refused, else the reason. */
  readonly class: string
  /** The status of the upstream's response, where one came. */
  readonly remoteStatus: number | undefined
  /** In seconds. */
  readonly retryAfter: number | undefined
}

export interface DescribedFailure {
  readonly refusal: Refusal
  readonly summary: FailureSummary
  /** For the operator's log: a failure of Drawbar's own. What an upstream or a caller said is not for the log. */
  readonly fault: string | undefined
}

/** What the server itself fails with, before a handler is called. */
export type ServerFailure = RequestError | RegistryFailure

/** `E` is everything that the handlers of the API may fail with. */
export interface ApiFace<in E> {
  readonly describe: (error: E) => DescribedFailure
  /** A defect: the log has its cause under the request's id, the caller learns nothing else. */
  readonly unforeseen: (requestId: string) => Refusal
  /** The data of the one event that ends a stream which has failed; `type` is the upstream's own name for the failure. */
  readonly streamFailure: (message: string, status: number, type?: string) => string
  /** `known` are the names that the endpoint reads; `path` is for the message. */
  readonly readQuery: (
    search: string | undefined,
    known: ReadonlyArray<string>,
    path: string,
  ) => Result.Result<Query, RequestError>
}

/**
 * Forgets what a face describes. Only where a face is kept beside the one effect whose failures it describes:
 * the compiler has tied the two where they were made.
 */
export const erased = <E>(face: ApiFace<E>): ApiFace<unknown> => face as ApiFace<unknown>
