import { Data } from "effect"

/** The URL cannot be sent byte for byte as it was signed. */
export class UnsendableUrl extends Data.TaggedError("UnsendableUrl")<{ readonly problem: string }> {
  override get message() {
    return `The URL ${this.problem}; percent-encode it before it is signed.`
  }
}

/** The method is not a token of RFC 9110 section 5.6.2. */
export class UnsendableMethod extends Data.TaggedError("UnsendableMethod") {
  override get message() {
    return "The HTTP method is not a token such as GET or POST."
  }
}

/** A header name is not a token, or its value contains a character other than printable ASCII, space or tab. */
export class UnsendableHeader extends Data.TaggedError("UnsendableHeader")<{ readonly header: string }> {
  override get message() {
    return `Header ${JSON.stringify(this.header)} has a line break or another character that cannot be signed; use printable ASCII in header values.`
  }
}

/** The body is neither text nor bytes, so its hash cannot be computed before it is sent. */
export class UnsignableBody extends Data.TaggedError("UnsignableBody") {
  override get message() {
    return "The body is neither a string nor a Uint8Array; serialise it before it is signed."
  }
}

/**
 * A part of the credentials or of the scope is empty or not printable ASCII. The message names the field and does not
 * show its value.
 */
export class UnusableIdentity extends Data.TaggedError("UnusableIdentity")<{
  readonly field: "accessKeyId" | "secretAccessKey" | "sessionToken" | "region" | "service"
}> {
  override get message() {
    return `The AWS ${this.field} is empty, or contains a space or a character that is not printable ASCII; check that it was copied correctly.`
  }
}

/** The URL already has a signature parameter: AWS rejects a request that is signed twice. */
export class AlreadySigned extends Data.TaggedError("AlreadySigned")<{ readonly parameter: string }> {
  override get message() {
    return `The URL's query already contains ${this.parameter}; remove it, or send the URL without signing it.`
  }
}

/** The signing time is not between 1970 and 9999. */
export class TimeOutOfRange extends Data.TaggedError("TimeOutOfRange")<{ readonly time: number }> {
  override get message() {
    return `The signing time ${this.time} is not in milliseconds since 1970.`
  }
}

/** A presigned URL is valid for one second to seven days. */
export class ExpiryOutOfRange extends Data.TaggedError("ExpiryOutOfRange")<{ readonly expiresIn: number }> {
  override get message() {
    return `A presigned URL can be valid for 1 to 604800 whole seconds, not ${this.expiresIn}.`
  }
}

export type Reason =
  | UnsendableUrl
  | UnsendableMethod
  | UnsendableHeader
  | UnsignableBody
  | UnusableIdentity
  | AlreadySigned
  | TimeOutOfRange
  | ExpiryOutOfRange

/** Why a request was not signed. A retry with the same input always fails again. */
export class SigV4Error extends Data.TaggedError("SigV4Error")<{ readonly reason: Reason }> {
  override get message() {
    return this.reason.message
  }
}
