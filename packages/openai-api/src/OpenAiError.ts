/**
 * Why a request was refused, in the words of OpenAI's API: one row a reason, and the compiler counts the rows.
 * Source: https://platform.openai.com/docs/guides/error-codes
 */
import type { BlueprintError } from "@drawbar/blueprint-schema/BlueprintError"
import type { ConnectorError, Remote } from "@drawbar/connector-runtime/ConnectorError"
import type { DeploymentError } from "@drawbar/deployments/DeploymentError"
import { type ApiFace, type FailureSummary, type Refusal, shownMessage } from "@drawbar/http-server/http/ApiFace"
import * as FallbackClass from "@drawbar/deployments/routing/FallbackClass"
import type { RequestError } from "@drawbar/http-server/http/RequestError"
import type { DecodeError } from "@drawbar/json-text/DecodeError"
import type { RegistryFailure } from "@drawbar/registry/RegistryError"
import { Data, Result } from "effect"

/** No model of that name can be called, or several have it. */
export class ModelNotFound extends Data.TaggedError("ModelNotFound")<{
  readonly name: string
  /** Ids of the models that have the name, or names that are near it. */
  readonly candidates: ReadonlyArray<string>
  readonly isAmbiguous: boolean
}> {
  override get message() {
    const others = this.candidates.join(", ")
    if (this.isAmbiguous) return `Several models are called '${this.name}'. Name one by its id: ${others}`
    return `The model '${this.name}' does not exist, or you have no access to it${others === "" ? "" : `. Candidates: ${others}`}`
  }
}

/** A field of the request has a value that cannot be. */
class InvalidRequestField extends Data.TaggedError("InvalidRequestField")<{
  readonly param: string | undefined
  readonly message: string
}> {}

type OwnReason = ModelNotFound | InvalidRequestField

export class OpenAiError extends Data.TaggedError("OpenAiError")<{ readonly reason: OwnReason }> {
  static readonly from = (reason: OwnReason): OpenAiError => new OpenAiError({ reason })

  override get message() {
    return this.reason.message
  }
}

export const invalidField = (param: string, message: string): OpenAiError =>
  OpenAiError.from(new InvalidRequestField({ param, message }))

/** What is wrong with no field more than with another. */
export const invalidBody = (message: string): OpenAiError =>
  OpenAiError.from(new InvalidRequestField({ param: undefined, message }))

/** Everything that a handler may fail with. */
export type ApiError =
  | OpenAiError
  | DecodeError
  | BlueprintError
  | RegistryFailure
  | ConnectorError
  | DeploymentError
  | RequestError

type Reason = ApiError["reason"]

/** `retry`: whether the same request may succeed later; absent: not where Drawbar has retried it already. */
type Row = readonly [status: number | "remote", type: string, code: string | null, retry?: boolean]

const invalid = "invalid_request_error"
const ofServer = "server_error"

const badRequest: Row = [400, invalid, null, false]
const wrongRequest = (code: string): Row => [400, invalid, code, false]
const serverFault: Row = [500, ofServer, null, true]
const upstreamFault: Row = [502, ofServer, "upstream_error"]
const upstreamTimeout: Row = [504, ofServer, "upstream_timeout"]

const rows: Record<Reason["_tag"], Row> = {
  ModelNotFound: [404, invalid, "model_not_found", false],
  InvalidRequestField: badRequest,
  // what was sent
  InvalidField: badRequest,
  UnsafeText: badRequest,
  InvalidJson: badRequest,
  BodyMissing: badRequest,
  RequestAborted: badRequest,
  BadParameter: badRequest,
  RouteNotFound: [404, invalid, "unknown_url", false],
  OriginForbidden: [403, "permission_error", null, false],
  MethodNotAllowed: [405, invalid, "method_not_supported", false],
  NotAcceptable: [406, invalid, null, false],
  LimitExceeded: badRequest,
  BodyTooLarge: [413, invalid, "request_too_large", false],
  EndpointNotSupported: badRequest,
  NotImplemented: [501, invalid, null, false],
  // records
  InvalidSearchQuery: badRequest,
  NothingToUpdate: badRequest,
  InvalidState: badRequest,
  RecordAccessDenied: [403, "permission_error", null, false],
  LoginThrottled: [429, "rate_limit_error", "rate_limit_exceeded", true],
  NotFound: [404, invalid, "model_not_found", false],
  UnknownBlueprint: [404, invalid, null, false],
  Overloaded: [503, ofServer, "overloaded", true],
  ShuttingDown: [503, ofServer, "overloaded", true],
  NotReady: [503, ofServer, null, true],
  TimedOut: [504, ofServer, "timeout", false],
  RequestTimedOut: [504, ofServer, "timeout", true],
  Unauthenticated: [401, "authentication_error", "invalid_api_key", false],
  RoleForbidden: [403, "permission_error", "insufficient_permissions", false],
  AlreadyExists: [409, invalid, null, false],
  InUse: [409, invalid, null, false],
  Busy: [409, invalid, null, true],
  BudgetExceeded: [429, "insufficient_quota", "insufficient_quota", false],
  PriceUnknown: [400, invalid, null, false],
  StaleWrite: [409, invalid, null, true],
  VersionConflict: [409, invalid, null, true],
  DecryptionFailed: [500, ofServer, null, false],
  KeyRingUnusable: [500, ofServer, null, false],
  StorageFailed: serverFault,
  // what is live
  ModelDisabled: [403, "permission_error", "model_disabled", false],
  NotDeployed: wrongRequest("model_not_deployed"),
  RemoteInferenceDisabled: badRequest,
  StreamingDisabled: badRequest,
  RateLimited: [429, "rate_limit_error", "rate_limit_exceeded", true],
  ModelAccessDenied: [403, "permission_error", "model_access_denied", false],
  QuotaExceeded: [429, "insufficient_quota", "insufficient_quota", false],
  InputSchemaViolation: badRequest,
  OutputSchemaViolation: [502, ofServer, "invalid_upstream_response", false],
  // the connector, or the call, cannot be run
  InvalidConnector: badRequest,
  InvalidInput: badRequest,
  MissingParameters: badRequest,
  NotRendered: badRequest,
  RequestSigningFailed: badRequest,
  InvalidOutboundRequest: badRequest,
  UnsupportedScheme: badRequest,
  BlockedPort: badRequest,
  UserInfoInUrl: badRequest,
  NotTrusted: badRequest,
  PrivateAddress: badRequest,
  RestrictedAddress: badRequest,
  OriginMismatch: badRequest,
  VerificationRequired: badRequest,
  DnsLookupFailed: badRequest,
  // the upstream
  UpstreamError: ["remote", ofServer, "upstream_error"],
  InvalidUpstreamResponse: [502, ofServer, "invalid_upstream_response", false],
  GuardrailTriggered: wrongRequest("content_filter"),
  PoolExhausted: [429, "rate_limit_error", "rate_limit_exceeded", true],
  NoRoom: [503, ofServer, "overloaded", true],
  CircuitOpen: [503, ofServer, "upstream_unavailable", true],
  PoolClosed: [503, ofServer, "overloaded", true],
  ConnectFailed: upstreamFault,
  ProxyRefused: upstreamFault,
  TlsFailed: upstreamFault,
  ConnectionReset: upstreamFault,
  BodyIncomplete: upstreamFault,
  ResponseTooLarge: [502, ofServer, "invalid_upstream_response", false],
  UnsupportedContentEncoding: [502, ofServer, "invalid_upstream_response", false],
  ProtocolError: upstreamFault,
  ConnectTimeout: upstreamTimeout,
  HeadersTimeout: upstreamTimeout,
  IdleTimeout: upstreamTimeout,
  DeadlineExceeded: upstreamTimeout,
}

/** OpenAI's own names of an upstream's refusals. */
const remoteRows: Readonly<Record<number, readonly [type: string, code: string | null]>> = {
  400: [invalid, null],
  401: ["authentication_error", "upstream_authentication"],
  403: ["permission_error", "upstream_permission"],
  404: [invalid, "upstream_not_found"],
  413: [invalid, "request_too_large"],
  422: [invalid, null],
  429: ["rate_limit_error", "rate_limit_exceeded"],
}

export interface ErrorBody {
  readonly message: string
  readonly type: string
  readonly param: string | null
  readonly code: string | null
  /** Beyond OpenAI's own: what the caller may have meant. */
  readonly candidates?: ReadonlyArray<string>
}

/** `attempts`: how often an upstream was called for it. */
const refusalOf = ({ reason }: ApiError, attempts = 0): Refusal & { readonly body: { error: ErrorBody } } => {
  const [row, family, ownCode, isWorthRetrying] = rows[reason._tag]
  const remote = "remote" in reason ? reason.remote : undefined
  const status =
    reason._tag === "StorageFailed" && reason.isFull === true ? 507 : row === "remote" ? passedOn(remote) : row
  const [type, namedCode] = (row === "remote" ? remoteRows[status] : undefined) ?? [family, ownCode]
  // Applications shorten their conversation by this code.
  const code = FallbackClass.isTooLong(reason) ? "context_length_exceeded" : namedCode
  const param = "param" in reason && reason.param !== undefined ? reason.param : null
  const given = remote ?? reason
  const millis =
    "retryAfterMillis" in given && typeof given.retryAfterMillis === "number" ? given.retryAfterMillis : undefined
  const shouldRetry = isWorthRetrying ?? (attempts <= 1 && canBeRetried(status))
  return {
    status,
    headers: {
      ...(millis === undefined
        ? {}
        : { "retry-after": String(Math.ceil(millis / 1_000)), "retry-after-ms": String(Math.ceil(millis)) }),
      ...(shouldRetry ? {} : { "x-should-retry": "false" }),
      ...(reason._tag === "MethodNotAllowed" ? { Allow: reason.allowed.join(", ") } : {}),
      ...(reason._tag === "Unauthenticated" ? { "WWW-Authenticate": 'Bearer realm="drawbar"' } : {}),
    },
    body: {
      error:
        reason._tag === "ModelNotFound"
          ? { message: reason.message, type, param: "model", code, candidates: reason.candidates }
          : { message: remote === undefined ? shownMessage(messageOf(reason)) : messageOf(reason), type, param, code },
    },
  }
}

/** What fills a template by other names than OpenAI's can be said in the model; a model that is closed to the caller is not named. */
const messageOf = (reason: Reason): string => {
  if (reason._tag === "ModelAccessDenied")
    return "You have no access to a model that this model calls: a target of its routing, or one that judges for its guardrails. Ask who owns it, or an admin"
  return reason._tag === "MissingParameters"
    ? `The template of this connector needs the parameters [${reason.names.join(", ")}], which this request does not give. Send them, or give them values in the connector's parameters. If one of them takes the messages, name it in the model: "openai": {"messages": "${reason.names[0] ?? ""}"}`
    : reason.message
}

const canBeRetried = (status: number) => status === 408 || status === 409 || status === 429 || status >= 500

// An upstream's redirect, or its wish of a proxy, would be read as Drawbar's own; so would its refusal of Drawbar's key.
const passedOn = (remote: Remote | undefined): number => {
  if (remote === undefined || remote.status < 400 || remote.status > 599 || remote.status === 407) return 502
  return remote.status
}

const summaryOf = ({ reason }: ApiError): FailureSummary => {
  const remote = "remote" in reason ? reason.remote : undefined
  const given = remote ?? reason
  const millis =
    "retryAfterMillis" in given && typeof given.retryAfterMillis === "number" ? given.retryAfterMillis : undefined
  return {
    reason: reason._tag,
    class: reason._tag === "UpstreamError" ? String(reason.remote.status) : reason._tag,
    remoteStatus: remote?.status,
    retryAfter: millis === undefined ? undefined : Math.ceil(millis / 1_000),
  }
}

/** A failure of a call for which upstreams were asked so often. */
export class Attempted extends Data.TaggedError("Attempted")<{
  readonly error: ApiError
  readonly attempts: number
}> {}

/** OpenAI's API, as its clients know it. */
export const face: ApiFace<ApiError | Attempted> = {
  describe: (failure) => {
    const { error, attempts } = failure._tag === "Attempted" ? failure : { error: failure, attempts: 0 }
    const refusal = refusalOf(error, attempts)
    const isOwn = (refusal.status === 500 || refusal.status === 507) && !("remote" in error.reason)
    return { refusal, summary: summaryOf(error), fault: isOwn ? error.reason.message : undefined }
  },
  unforeseen: (requestId) => ({
    status: 500,
    headers: {},
    body: errorBody(`Drawbar failed. Its log has the cause under the request id ${requestId}`, ofServer),
  }),
  streamFailure: (message, status, type) =>
    JSON.stringify(errorBody(message, type ?? (status === 429 ? "rate_limit_error" : ofServer))),
  // As OpenAI, which ignores what it does not know.
  readQuery: (search, known) => {
    const given = new URLSearchParams(search ?? "")
    const own = known.flatMap((name) => (given.has(name) ? [[name, given.get(name) ?? ""] as const] : []))
    return Result.succeed({
      pretty: false,
      filterPath: undefined,
      source: undefined,
      sourceContentType: undefined,
      own: Object.fromEntries(own),
    })
  },
}

const errorBody = (message: string, type: string): { error: ErrorBody } => ({
  error: { message, type, param: null, code: null },
})
