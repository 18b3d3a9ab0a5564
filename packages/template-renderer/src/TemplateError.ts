/**
 * The errors of a template and of the values that fill it. No message contains a parameter's value, a payload or a
 * secret.
 */
import { Data, Result } from "effect"
import type { Position } from "./Placeholder.ts"

/** Whether the document is wrong (detected at compile time, or when its own text is used), or the call. */
export type Fault = "document" | "call"

/** A point in a template: line and column are 1-based. `excerpt` is template text only, never a parameter's. */
export interface Place {
  readonly in: string
  readonly offset: number
  readonly line: number
  readonly column: number
  readonly excerpt: string
}

const at = (place: Place): string => `${place.in}, line ${place.line}, column ${place.column}`
const near = (place: Place): string => (place.excerpt === "" ? "" : ` Near: ${place.excerpt}`)

/** The text around the placeholders is not JSON, or a placeholder is in an invalid position. */
export class Malformed extends Data.TaggedClass("Malformed")<{ readonly place: Place; readonly problem: string }> {
  readonly fault = "document"
  get message(): string {
    return `${at(this.place)}: ${this.problem}.${near(this.place)}`
  }
}

/** `${` without its `}`. */
export class UnclosedPlaceholder extends Data.TaggedClass("UnclosedPlaceholder")<{ readonly place: Place }> {
  readonly fault = "document"
  get message(): string {
    return `${at(this.place)}: this \${ has no closing }: } is missing. Add it after the name, or write $\${ for the literal characters.${near(this.place)}`
  }
}

/** `${x}` with a prefix other than `parameters.` or `credential.`. */
export class UnknownPrefix extends Data.TaggedClass("UnknownPrefix")<{
  readonly place: Place
  readonly placeholder: string
}> {
  readonly fault = "document"
  get message(): string {
    return `${at(this.place)}: ${this.placeholder} is not a placeholder. Placeholders are \${parameters.name} and \${credential.name}; write $${this.placeholder} for the literal characters.`
  }
}

/** A name that is empty or contains a space, a quote, a backslash or a brace. */
export class InvalidName extends Data.TaggedClass("InvalidName")<{
  readonly place: Place
  readonly placeholder: string
}> {
  readonly fault = "document"
  get message(): string {
    return `${at(this.place)}: the name in ${this.placeholder} is empty or contains a space, quote, backslash or brace. Correct the name, or add the } that is missing after it.`
  }
}

/** A default that contains `${`: defaults are literal text. */
export class NestedDefault extends Data.TaggedClass("NestedDefault")<{
  readonly place: Place
  readonly placeholder: string
  /** `parameters.` or `credential.` */
  readonly prefix: string
  readonly name: string
}> {
  readonly fault = "document"
  get message(): string {
    const bare = `\${${this.prefix}${this.name}}`
    const fix =
      this.prefix === "parameters."
        ? `Write ${bare}, and add "${this.name}" with the default as its value to the connector's parameters, which may contain placeholders`
        : `Write ${bare}: a credential cannot have a default`
    return `${at(this.place)}: the default of ${this.placeholder} contains a placeholder, but defaults are literal text. ${fix}.`
  }
}

/** `\` or an unfinished `\u00` directly before a placeholder would absorb the first characters of its value. */
export class BackslashTouchesPlaceholder extends Data.TaggedClass("BackslashTouchesPlaceholder")<{
  readonly place: Place
}> {
  readonly fault = "document"
  get message(): string {
    return `${at(this.place)}: an unfinished escape directly precedes a placeholder. Finish it: \\\\ for a backslash, \\u and four digits for a character.${near(this.place)}`
  }
}

/** A secret is allowed only in a header. */
export class CredentialOutsideHeader extends Data.TaggedClass("CredentialOutsideHeader")<{
  readonly place: Place
  readonly name: string
}> {
  readonly fault = "document"
  get message(): string {
    return `${at(this.place)}: \${credential.${this.name}} is allowed only in a header. Move it to a header of the action.`
  }
}

/** The document has no credential with this name. */
export class UnknownCredential extends Data.TaggedClass("UnknownCredential")<{
  readonly header: string
  readonly name: string
}> {
  readonly fault = "document"
  get message(): string {
    return `Header '${this.header}' uses \${credential.${this.name}}, but credential has no '${this.name}'. Add it to credential, or correct the name.`
  }
}

/** A parameter in a header that identifies the caller. */
export class ProtectedHeader extends Data.TaggedClass("ProtectedHeader")<{ readonly header: string }> {
  readonly fault = "document"
  get message(): string {
    return `Header '${this.header}' cannot use \${parameters.*} placeholders for security reasons. Use \${credential.*} instead.`
  }
}

/** A header name is not a token of RFC 9110; placeholders in it are not interpreted. */
export class InvalidHeaderName extends Data.TaggedClass("InvalidHeaderName")<{ readonly header: string }> {
  readonly fault = "document"
  get message(): string {
    return `Header name '${this.header}' is not a valid header name. Use letters, digits and - only.`
  }
}

/** The connection headers of a request cannot be set by the author. */
export class HopHeader extends Data.TaggedClass("HopHeader")<{ readonly header: string }> {
  readonly fault = "document"
  get message(): string {
    return `Header '${this.header}' controls the connection, which Drawbar manages itself. Remove it.`
  }
}

/** Only the author may set the parameter, but has not. */
export class UnfilledOrigin extends Data.TaggedClass("UnfilledOrigin")<{
  readonly place: Place
  readonly parameter: string
}> {
  readonly fault = "document"
  get message(): string {
    return `${at(this.place)}: \${parameters.${this.parameter}} determines where requests are sent or how they are signed, so only the connector may set it. Add '${this.parameter}' to the connector's parameters.`
  }
}

/** The text of a URL after inserting the connector's parameters, and the parameter that contains the problem. */
export interface Resolved {
  /** Shortened, without user info, with control characters escaped. */
  readonly text: string
  readonly parameter: string | undefined
}

const resolvedTo = (resolved: Resolved | undefined): string => {
  if (resolved === undefined) return ""
  const by = resolved.parameter === undefined ? "" : ` The problem is in parameter '${resolved.parameter}'.`
  return `${by} The URL resolved to: ${resolved.text}`
}

/** The URL cannot be sent: `problem` describes the fault, `fix` says what to write. */
export class InvalidOrigin extends Data.TaggedClass("InvalidOrigin")<{
  readonly problem: string
  readonly fix?: string
  readonly resolved?: Resolved
}> {
  readonly fault = "document"
  get message(): string {
    const { problem, fix = "Write https://host or https://host:port, then the path", resolved } = this
    return `url: ${problem}. ${fix}.${resolvedTo(resolved)}`
  }
}

/** Author's parameters that contain each other. */
export class Cycle extends Data.TaggedClass("Cycle")<{ readonly names: ReadonlyArray<string> }> {
  readonly fault = "document"
  get message(): string {
    return `Parameters contain each other in a cycle: ${this.names.join(" → ")}. Remove one of the placeholders.`
  }
}

/** Author's parameters that contain each other so often that the template would grow without limit. */
export class TooManyPlaceholders extends Data.TaggedClass("TooManyPlaceholders")<{
  readonly placeholders: number
  readonly nesting: number
}> {
  readonly fault = "document"
  get message(): string {
    return `With the connector's parameters inserted, the template has more than ${this.placeholders} placeholders, or more than ${this.nesting} levels of parameters. Use fewer.`
  }
}

/** All parameters that are missing from the call. */
export class MissingParameters extends Data.TaggedClass("MissingParameters")<{
  readonly names: ReadonlyArray<string>
}> {
  readonly fault = "call"
  get message(): string {
    return `Some parameter placeholder not filled in payload: ${this.names.join(", ")}`
  }
}

/** A text that is not exactly one JSON value, in a placeholder for one. */
export class NotAJsonValue extends Data.TaggedClass("NotAJsonValue")<{
  readonly parameter: string
  readonly position: Position
  readonly fault: Fault
}> {
  get message(): string {
    const placeholder = `\${parameters.${this.parameter}}`
    const otherwise =
      this.position === "whole"
        ? `Send the body as JSON, or set a content-type that is not JSON`
        : `Send it as JSON, or quote the placeholder in request_body, "${placeholder}", to send it as a string`
    return `Parameter '${this.parameter}' fills ${placeholder}, which requires a JSON value, but its text is not one. ${otherwise}.`
  }
}

/** A text that is not a sequence of list items or object members, in a placeholder for them. */
export class NotAJsonFragment extends Data.TaggedClass("NotAJsonFragment")<{
  readonly parameter: string
  readonly inside: "list" | "object"
}> {
  readonly fault = "call"
  get message(): string {
    const wanted = this.inside === "list" ? "JSON values" : `JSON members ("name": value)`
    return `Parameter '${this.parameter}' is inserted into ${this.inside === "list" ? "a list" : "an object"}, but its text is not ${wanted} separated by commas. Send it in that form.`
  }
}

/** A member added by the call has the same name as one of the object. */
export class RepeatedKey extends Data.TaggedClass("RepeatedKey")<{ readonly parameter: string }> {
  readonly fault = "call"
  get message(): string {
    return `Parameter '${this.parameter}' repeats a key of the object into which it is inserted. Remove that key.`
  }
}

/** Only the author may set the parameter, but the call sent another value. */
export class FixedParameter extends Data.TaggedClass("FixedParameter")<{ readonly parameter: string }> {
  readonly fault = "call"
  get message(): string {
    return `Parameter '${this.parameter}' determines where requests are sent or how they are signed, so it is fixed by the connector, and this call sent a different value. Leave it out, or change the connector.`
  }
}

/** A path segment that is empty, `.` or `..`. */
export class InvalidPathSegment extends Data.TaggedClass("InvalidPathSegment")<{
  readonly parameter: string | undefined
  readonly fault: Fault
  readonly resolved?: Resolved
}> {
  get message(): string {
    if (this.resolved !== undefined)
      return `url: a segment of the path is '.' or '..', which a URL's path cannot contain. Write the intended path.${resolvedTo(this.resolved)}`
    const what = this.parameter === undefined ? "A segment of the URL's path" : `Parameter '${this.parameter}'`
    return `${what} is empty, '.' or '..', which a URL's path cannot contain. Use a name.`
  }
}

/** A header value that HTTP cannot carry. `found` describes the character, its position, and its origin. */
export class InvalidHeaderValue extends Data.TaggedClass("InvalidHeaderValue")<{
  readonly header: string
  readonly problem: "control" | "latin1"
  readonly fault: Fault
  readonly found?: string
}> {
  get message(): string {
    const found = this.found === undefined ? "" : ` ${this.found}.`
    return this.problem === "control"
      ? `Header value contains invalid control character: header '${this.header}'.${found} Remove line breaks and control characters.`
      : `Header '${this.header}' has a character outside ISO-8859-1, which HTTP cannot carry.${found} Encode it.`
  }
}

/** More than 8 KiB in one header, or 64 KiB in all of them (`header` is undefined). */
export class HeaderTooLarge extends Data.TaggedClass("HeaderTooLarge")<{
  readonly header: string | undefined
  readonly fault: Fault
}> {
  get message(): string {
    return this.header === undefined
      ? "Total headers size (key + value) exceeds 64KB limit"
      : `Header size (key + value) exceeds 8KB limit: header '${this.header}'`
  }
}

/** The rendered URL is longer than `limit` bytes; `bytes` is its size, or the least that it can have. */
export class UrlTooLong extends Data.TaggedClass("UrlTooLong")<{
  /** The parameter that is too long alone; absent where all of them are together. */
  readonly parameter: string | undefined
  readonly bytes: number
  readonly limit: number
  readonly fault: Fault
}> {
  get message(): string {
    const cause = this.parameter === undefined ? "" : ` with the parameter ${this.parameter}`
    return `The URL${cause} has ${this.bytes} bytes or more; at most ${this.limit} bytes are allowed. Send long values in request_body`
  }
}

/** The rendered body is longer than `limit` characters: a template that uses a parameter several times multiplies it. */
export class BodyTooLong extends Data.TaggedClass("BodyTooLong")<{
  readonly limit: number
  readonly fault: Fault
}> {
  get message(): string {
    return `The rendered request_body is longer than ${this.limit} characters. Send shorter parameters, or use each of them once`
  }
}

export type Reason =
  | Malformed
  | UnclosedPlaceholder
  | UnknownPrefix
  | InvalidName
  | NestedDefault
  | BackslashTouchesPlaceholder
  | CredentialOutsideHeader
  | UnknownCredential
  | ProtectedHeader
  | InvalidHeaderName
  | HopHeader
  | UnfilledOrigin
  | InvalidOrigin
  | Cycle
  | TooManyPlaceholders
  | MissingParameters
  | NotAJsonValue
  | NotAJsonFragment
  | RepeatedKey
  | FixedParameter
  | InvalidPathSegment
  | InvalidHeaderValue
  | HeaderTooLarge
  | UrlTooLong
  | BodyTooLong

/** The error of this package: `reason` has the facts, and whether the document or the call is at fault. */
export class TemplateError extends Data.TaggedError("TemplateError")<{ readonly reason: Reason }> {
  override get message(): string {
    return this.reason.message
  }
}

/** Throws out of the compiler or the renderer; `attempt` catches it. */
export const refuse = (reason: Reason): never => {
  throw new TemplateError({ reason })
}

/** Runs `run` and returns a thrown `TemplateError` as a value. */
export const attempt = <A>(run: () => A): Result.Result<A, TemplateError> => {
  try {
    return Result.succeed(run())
  } catch (error) {
    if (error instanceof TemplateError) return Result.fail(error)
    throw error
  }
}
