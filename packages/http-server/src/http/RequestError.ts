/** Why a request is refused before any service is asked: the one error of this package. */
import { Data } from "effect"

/** No endpoint has this path. */
export class RouteNotFound extends Data.TaggedError("RouteNotFound")<{
  readonly uri: string
  readonly method: string
}> {
  override get message() {
    return `no handler found for uri [${this.uri}] and method [${this.method}]`
  }
}

/** The path exists, but not for this method. */
export class MethodNotAllowed extends Data.TaggedError("MethodNotAllowed")<{
  readonly uri: string
  readonly method: string
  readonly allowed: ReadonlyArray<string>
}> {
  override get message() {
    return `Incorrect HTTP method for uri [${this.uri}] and method [${this.method}], allowed: [${this.allowed.join(", ")}]`
  }
}

/** The body's, or the answer's, format is not served. */
export class NotAcceptable extends Data.TaggedError("NotAcceptable")<{ readonly message: string }> {}

/** A browser, or a name that is not this server's, is asking. */
export class OriginForbidden extends Data.TaggedError("OriginForbidden")<{ readonly message: string }> {}

/** The body is larger than `limit` bytes. */
export class BodyTooLarge extends Data.TaggedError("BodyTooLarge")<{ readonly limit: number }> {
  override get message() {
    return `The request body is larger than ${this.limit} bytes. Send a smaller one.`
  }
}

/** The engine cannot nest as deep, or hold as long a text, as the request or an answer to it asks for. */
export class LimitExceeded extends Data.TaggedError("LimitExceeded") {
  override get message() {
    return "The request, or an answer to it, nests deeper or becomes longer than this server can process. Send a smaller or flatter one."
  }
}

/** The caller went away before the body had come. */
export class RequestAborted extends Data.TaggedError("RequestAborted") {
  override get message() {
    return "The request body ended before its time"
  }
}

/** The endpoint needs a body and got none. */
export class BodyMissing extends Data.TaggedError("BodyMissing")<{ readonly message: string }> {}

/** The body is not valid JSON; `message` says where. */
export class InvalidJson extends Data.TaggedError("InvalidJson")<{
  readonly message: string
  /** The wire's word for it, where the body is JSON, but no object. */
  readonly type?: "parsing_exception"
}> {}

/** A path or query parameter has a value that cannot be. */
export class BadParameter extends Data.TaggedError("BadParameter")<{ readonly message: string }> {}

/** More is under way than can be borne. */
export class Overloaded extends Data.TaggedError("Overloaded")<{ readonly retryAfterMillis: number }> {
  override get message() {
    return "This server has more to do than it can bear. Send the request again a little later, or to another one"
  }
}

/** An endpoint of ML Commons that Drawbar does not support; `message` says what to use instead. */
export class EndpointNotSupported extends Data.TaggedError("EndpointNotSupported")<{ readonly message: string }> {}

/** Part of the API that is not there yet. */
export class NotImplemented extends Data.TaggedError("NotImplemented")<{ readonly message: string }> {}

/** No blueprint of the catalogue has this name. */
export class UnknownBlueprint extends Data.TaggedError("UnknownBlueprint")<{
  readonly name: string
  readonly nearest: ReadonlyArray<string>
}> {
  override get message() {
    return `There is no blueprint ${this.name}. Nearest: ${this.nearest.join(", ")}`
  }
}

/** The credentials are missing or unknown. */
export class Unauthenticated extends Data.TaggedError("Unauthenticated")<{ readonly message: string }> {}

/** The roles of the principal do not permit this. */
export class RoleForbidden extends Data.TaggedError("RoleForbidden")<{
  readonly name: string
  readonly roles: ReadonlyArray<string>
  readonly needed: string
}> {
  override get message() {
    return `${this.name}, with the roles [${this.roles.join(", ")}], may not ${this.needed} here. An admin can give another role`
  }
}

/** The caller's own `timeout` is over. */
export class TimedOut extends Data.TaggedError("TimedOut")<{ readonly timeout: string }> {
  override get message() {
    return `The predict was not answered within its timeout of ${this.timeout}`
  }
}

/** A request that calls no upstream was not done in the time that every request has. */
export class RequestTimedOut extends Data.TaggedError("RequestTimedOut")<{ readonly millis: number }> {
  override get message() {
    return `The request was not done within ${this.millis / 1_000} s. A change may have been made nevertheless: read it back before you send it again`
  }
}

/** The server was told to stop. */
export class ShuttingDown extends Data.TaggedError("ShuttingDown") {
  readonly retryAfterMillis = 5_000
  override get message() {
    return "The server is stopping. Send the request again when it is back."
  }
}

/** Nothing can be written: records are readable, and predicts go on, but no change would last. */
export class NotReady extends Data.TaggedError("NotReady")<{ readonly message: string }> {}

export type Reason =
  | RouteNotFound
  | MethodNotAllowed
  | NotAcceptable
  | OriginForbidden
  | BodyTooLarge
  | LimitExceeded
  | Overloaded
  | RequestAborted
  | BodyMissing
  | InvalidJson
  | BadParameter
  | EndpointNotSupported
  | NotImplemented
  | UnknownBlueprint
  | ShuttingDown
  | NotReady
  | TimedOut
  | RequestTimedOut
  | Unauthenticated
  | RoleForbidden

export class RequestError extends Data.TaggedError("RequestError")<{ readonly reason: Reason }> {
  static readonly from = (reason: Reason): RequestError => new RequestError({ reason })

  override get message() {
    return this.reason.message
  }
}
