/** Why a request was rejected, as an OpenSearch error: one row per reason, and the compiler checks that none is missing. */
import type { StorageFailed } from "@drawbar/document-store/StoreError"
import type { BlueprintError } from "@drawbar/blueprint-schema/BlueprintError"
import type { ConnectorError, Remote } from "@drawbar/connector-runtime/ConnectorError"
import type { DeploymentError } from "@drawbar/deployments/DeploymentError"
import type { RegistryFailure } from "@drawbar/registry/RegistryError"
import type { ErrorEnvelope, Rendering } from "./ErrorEnvelope.ts"
import { type ApiFace, type FailureSummary, type Refusal, shownMessage } from "@drawbar/http-server/http/ApiFace"
import * as Query from "@drawbar/http-server/http/Query"
import type { RequestError } from "@drawbar/http-server/http/RequestError"
import type { DecodeError } from "@drawbar/json-text/DecodeError"

/** Everything that a handler may fail with. */
export type ApiError = DecodeError | BlueprintError | RegistryFailure | ConnectorError | DeploymentError | RequestError

type Reason = ApiError["reason"]

/** The status and the wire's name of the family; the text is the reason's own message. */
type Row = readonly [status: number | "remote", type: string]

const rows: Record<Reason["_tag"], Row> = {
  // what was sent
  InvalidField: [400, "illegal_argument_exception"],
  UnsafeText: [400, "action_request_validation_exception"],
  InvalidJson: [400, "json_parse_exception"],
  BodyMissing: [400, "parse_exception"],
  RequestAborted: [400, "parse_exception"],
  BadParameter: [400, "illegal_argument_exception"],
  RouteNotFound: [400, "illegal_argument_exception"],
  OriginForbidden: [403, "security_exception"],
  MethodNotAllowed: [405, "status_exception"],
  NotAcceptable: [406, "status_exception"],
  LimitExceeded: [400, "illegal_argument_exception"],
  BodyTooLarge: [413, "content_too_long_exception"],
  EndpointNotSupported: [400, "unsupported_operation_exception"],
  NotImplemented: [501, "unsupported_operation_exception"],
  // records
  InvalidSearchQuery: [400, "parsing_exception"],
  NothingToUpdate: [400, "action_request_validation_exception"],
  InvalidState: [400, "status_exception"],
  RecordAccessDenied: [403, "status_exception"],
  LoginThrottled: [429, "security_exception"],
  NotFound: [404, "status_exception"],
  UnknownBlueprint: [404, "status_exception"],
  Overloaded: [503, "status_exception"],
  ShuttingDown: [503, "status_exception"],
  NotReady: [503, "status_exception"],
  TimedOut: [504, "status_exception"],
  RequestTimedOut: [504, "status_exception"],
  Unauthenticated: [401, "security_exception"],
  RoleForbidden: [403, "security_exception"],
  AlreadyExists: [409, "status_exception"],
  InUse: [409, "status_exception"],
  Busy: [409, "status_exception"],
  StaleWrite: [409, "version_conflict_engine_exception"],
  VersionConflict: [409, "version_conflict_engine_exception"],
  DecryptionFailed: [500, "m_l_exception"],
  KeyRingUnusable: [500, "m_l_exception"],
  StorageFailed: [500, "i_o_exception"],
  // what is live
  ModelDisabled: [403, "status_exception"],
  NotDeployed: [400, "illegal_argument_exception"],
  RemoteInferenceDisabled: [400, "status_exception"],
  StreamingDisabled: [400, "status_exception"],
  RateLimited: [429, "status_exception"],
  ModelAccessDenied: [403, "status_exception"],
  QuotaExceeded: [429, "status_exception"],
  BudgetExceeded: [429, "insufficient_quota"],
  PriceUnknown: [400, "illegal_argument_exception"],
  InputSchemaViolation: [400, "status_exception"],
  OutputSchemaViolation: [502, "status_exception"],
  // the connector, or the call, cannot be run
  InvalidConnector: [400, "illegal_argument_exception"],
  InvalidInput: [400, "illegal_argument_exception"],
  MissingParameters: [400, "illegal_argument_exception"],
  NotRendered: [400, "illegal_argument_exception"],
  RequestSigningFailed: [400, "illegal_argument_exception"],
  InvalidOutboundRequest: [400, "illegal_argument_exception"],
  UnsupportedScheme: [400, "illegal_argument_exception"],
  BlockedPort: [400, "illegal_argument_exception"],
  UserInfoInUrl: [400, "illegal_argument_exception"],
  NotTrusted: [400, "illegal_argument_exception"],
  PrivateAddress: [400, "illegal_argument_exception"],
  RestrictedAddress: [400, "illegal_argument_exception"],
  OriginMismatch: [400, "illegal_argument_exception"],
  VerificationRequired: [400, "illegal_argument_exception"],
  DnsLookupFailed: [400, "illegal_argument_exception"],
  // the platform
  UpstreamError: ["remote", "status_exception"],
  InvalidUpstreamResponse: [502, "status_exception"],
  GuardrailTriggered: [400, "illegal_argument_exception"],
  PoolExhausted: [429, "status_exception"],
  NoRoom: [503, "status_exception"],
  CircuitOpen: [503, "status_exception"],
  PoolClosed: [503, "status_exception"],
  ConnectFailed: [502, "status_exception"],
  ProxyRefused: [502, "status_exception"],
  TlsFailed: [502, "status_exception"],
  ConnectionReset: [502, "status_exception"],
  BodyIncomplete: [502, "status_exception"],
  ResponseTooLarge: [502, "status_exception"],
  UnsupportedContentEncoding: [502, "status_exception"],
  ProtocolError: [502, "status_exception"],
  ConnectTimeout: [504, "status_exception"],
  HeadersTimeout: [504, "status_exception"],
  IdleTimeout: [504, "status_exception"],
  DeadlineExceeded: [504, "status_exception"],
}

/** A database that cannot be reached may be back when the client tries again. */
const storageStatus = ({ isFull, retryAfterMillis }: StorageFailed) =>
  isFull === true ? 507 : retryAfterMillis === undefined ? 500 : 503

/** What the operator sees of a refusal. */
const summaryOf = ({ reason }: ApiError): FailureSummary => {
  const remote = "remote" in reason ? reason.remote : undefined
  const seconds = retryAfter(remote ?? reason)["Retry-After"]
  return {
    reason: reason._tag,
    class: reason._tag === "UpstreamError" ? String(reason.remote.status) : reason._tag,
    remoteStatus: remote?.status,
    retryAfter: seconds === undefined ? undefined : Number(seconds),
  }
}

const envelope = (
  status: number,
  type: string,
  reason: string,
  extra: object = {},
  position: object = {},
  /** In place of a reason that repeats the platform's words, which `remote.body` has as well. */
  summary: string = reason,
): ErrorEnvelope => ({
  error: { root_cause: [{ type, reason: summary, ...position }], type, reason, ...position, ...extra },
  status,
})

/** Where a body begins that is JSON, but no object. */
const positionOf = (reason: Reason) =>
  reason._tag === "InvalidJson" && reason.type !== undefined ? { line: 1, col: 1 } : {}

/** The wire's name of an error's family. */
export const typeOf = ({ reason }: ApiError): string =>
  ("type" in reason ? reason.type : undefined) ?? rows[reason._tag][1]

export const refusalOf = ({ reason }: ApiError): OpenSearchRefusal => {
  const [row, family] = rows[reason._tag]
  const remote = "remote" in reason ? reason.remote : undefined
  const status = reason._tag === "StorageFailed" ? storageStatus(reason) : row === "remote" ? passedOn(remote) : row
  const type = ("type" in reason ? reason.type : undefined) ?? family
  switch (reason._tag) {
    // The router of OpenSearch answers these four with a sentence in place of an object.
    case "RouteNotFound":
      return { status, headers: {}, body: { error: reason.message } }
    case "MethodNotAllowed":
      return { status, headers: { Allow: reason.allowed.join(", ") }, body: { error: reason.message, status } }
    case "NotAcceptable":
      return { status, headers: {}, body: { error: reason.message, status } }
    default:
      return {
        status,
        headers: headersOf(reason),
        body: envelope(
          status,
          type,
          // What a provider has said is passed on as a whole.
          remote === undefined ? shownMessage(reason.message) : reason.message,
          {
            ...(remote === undefined ? {} : { remote: remoteBlock(remote) }),
            ...renderingOf(reason),
          },
          positionOf(reason),
          "summary" in reason ? reason.summary : undefined,
        ),
      }
  }
}

interface OpenSearchRefusal extends Refusal {
  readonly body: ErrorEnvelope
}

/** ML Commons' API, as OpenSearch's clients know it. */
export const face: ApiFace<ApiError> = {
  describe: (error) => {
    const refusal = refusalOf(error)
    const isOwn =
      (refusal.status === 500 || refusal.status === 507 || error.reason._tag === "StorageFailed") &&
      !("remote" in error.reason)
    return { refusal, summary: summaryOf(error), fault: isOwn ? error.reason.message : undefined }
  },
  unforeseen: (requestId) => ({
    status: 500,
    headers: {},
    body: envelope(
      500,
      "exception",
      `Drawbar failed. The server's log has the cause under the request id ${requestId}.`,
    ),
  }),
  streamFailure: (message, status, type) =>
    JSON.stringify({ error: message, status, ...(type === undefined ? {} : { type }) }),
  readQuery: Query.read,
}

const headersOf = (reason: Reason): Readonly<Record<string, string>> => {
  if (reason._tag === "Unauthenticated") return challenge
  const after = retryAfter("remote" in reason ? reason.remote : reason)
  // The SDKs of OpenAI and Anthropic would ask twice more.
  return reason._tag === "BudgetExceeded" ? { ...after, "X-Should-Retry": "false" } : after
}

/** https://www.rfc-editor.org/rfc/rfc9110#name-www-authenticate */
const challenge = { "WWW-Authenticate": 'Basic realm="drawbar", charset="UTF-8"' }

const renderingOf = (reason: Reason): { readonly rendering?: typeof Rendering.Type } => {
  if (reason._tag === "MissingParameters") return { rendering: { stage: "parameters", parameters: reason.names } }
  if (reason._tag !== "NotRendered") return {}
  const { stage, problem } = reason
  const parameter = "parameter" in problem.reason ? problem.reason.parameter : undefined
  return { rendering: { stage, parameters: parameter === undefined ? [] : [parameter] } }
}

// A platform's redirect, informational status or wish of a proxy (407) would be read as Drawbar's own.
const passedOn = (remote: Remote | undefined): number =>
  remote !== undefined && remote.status >= 400 && remote.status <= 599 && remote.status !== 407 ? remote.status : 502

const retryAfter = (said: object): Record<string, string> =>
  "retryAfterMillis" in said && typeof said.retryAfterMillis === "number"
    ? { "Retry-After": String(Math.ceil(said.retryAfterMillis / 1000)) }
    : {}

const remoteBlock = ({ status, type, requestId, body }: Remote) => ({
  status,
  ...(type === undefined ? {} : { type }),
  ...(requestId === undefined ? {} : { request_id: requestId }),
  body,
})
