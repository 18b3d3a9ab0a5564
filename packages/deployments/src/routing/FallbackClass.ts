/** Which failures of one target let another one answer: a table of reasons, and the sentences by which providers refuse a long input. */
import { ConnectorError, type Reason, type Remote } from "@drawbar/connector-runtime/ConnectorError"
import type { FallbackClass } from "@drawbar/registry/models/ModelRouting"
import { StoreError } from "@drawbar/document-store/StoreError"
import { Data } from "effect"
import { DeploymentError, type Reason as DeploymentReason } from "../DeploymentError.ts"

/** `unavailable`: the target cannot be called at all, so that every routing goes on to the next. */
export type FailureClass = FallbackClass | "unavailable"

/** A target that could not be opened: its connector does not compile, or its secrets cannot be read. */
export class TargetUnavailable<E> extends Data.TaggedError("TargetUnavailable")<{ readonly cause: E }> {}

const byReason: Partial<Record<Reason["_tag"] | DeploymentReason["_tag"], FailureClass>> = {
  DnsLookupFailed: "connect_failure",
  ConnectFailed: "connect_failure",
  ConnectTimeout: "connect_failure",
  ProxyRefused: "connect_failure",
  TlsFailed: "connect_failure",
  ConnectionReset: "connect_failure",
  BodyIncomplete: "connect_failure",
  ProtocolError: "connect_failure",
  PoolExhausted: "connect_failure",
  PoolClosed: "connect_failure",
  HeadersTimeout: "timeout",
  IdleTimeout: "timeout",
  DeadlineExceeded: "timeout",
  RateLimited: "rate_limited",
  CircuitOpen: "circuit_open",
  InvalidConnector: "unavailable",
  RequestSigningFailed: "unavailable",
  ModelDisabled: "unavailable",
  NotDeployed: "unavailable",
  PriceUnknown: "unavailable",
}

/** The class of a failure; nothing where it would be the same with every target, or is an answer. */
export const of = (error: unknown): FailureClass | undefined => {
  if (error instanceof TargetUnavailable) return "unavailable"
  if (error instanceof StoreError) return error.reason._tag === "NotFound" ? "unavailable" : undefined
  if (!(error instanceof ConnectorError || error instanceof DeploymentError)) return undefined
  const { reason } = error
  return reason._tag === "UpstreamError" ? ofRemote(reason.remote, reason.type !== undefined) : byReason[reason._tag]
}

/** Whether the target itself has said no. */
export const isAnswer = (error: unknown): boolean => error instanceof ConnectorError && "remote" in error.reason

/** How long the target asks to be left alone, in ms. */
export const retryAfter = (error: unknown): number | undefined => {
  if (!(error instanceof ConnectorError || error instanceof DeploymentError)) return undefined
  const { reason } = error
  if ("remote" in reason) return reason.remote.retryAfterMillis
  return "retryAfterMillis" in reason ? reason.retryAfterMillis : undefined
}

const ofRemote = ({ status, type, body }: Remote, isThrottled: boolean): FallbackClass | undefined => {
  if (status === 429 || isThrottled) return "rate_limited"
  if (status === 408) return "timeout"
  if (status >= 500) return "server_error"
  return refusals.has(status) && (saysTooLong(type ?? "") || saysTooLong(body)) ? "context_too_long" : undefined
}

const refusals: ReadonlySet<number> = new Set([400, 413, 422])

const saysTooLong = (text: string): boolean => tooLong.some((pattern) => pattern.test(text))

/** Whether a provider has refused an input because it is too long. */
export const isTooLong = (reason: { readonly _tag: string; readonly remote?: Remote }): boolean =>
  reason._tag === "UpstreamError" &&
  reason.remote !== undefined &&
  ofRemote(reason.remote, false) === "context_too_long"

/**
 * Sources: https://platform.openai.com/docs/guides/error-codes, https://docs.anthropic.com/en/api/errors,
 * https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html,
 * https://ai.google.dev/gemini-api/docs/troubleshooting, https://docs.cohere.com/reference/errors
 */
const tooLong = [
  /context_length_exceeded|string_above_max_length/i,
  /maximum context length|context (?:window|length|limit)|context size/i,
  /(?:prompt|input|request) is too long|input is too long for requested model/i,
  /too many (?:input )?tokens|input token count|exceeds? the (?:maximum|max) (?:number of )?tokens/i,
]
