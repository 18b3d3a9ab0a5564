/** Everything that can be wrong with a template or with what fills it. No message holds a parameter's value, a payload or a secret. */
import { Data, Result } from "effect"
import type { Position } from "./Hole.ts"

/** The document is wrong (found at compile, or when its own text is reached), or the call is. */
export type Fault = "document" | "call"

/** A point of a template: line and column count from 1. `excerpt` is template text only, never a parameter's. */
export interface Place {
  readonly in: string
  readonly offset: number
  readonly line: number
  readonly column: number
  readonly excerpt: string
}

const at = (place: Place): string => `${place.in}, line ${place.line}, column ${place.column}`
const near = (place: Place): string => (place.excerpt === "" ? "" : ` Near: ${place.excerpt}`)

/** The text around the holes is no JSON, or a hole stands where none can. */
export class Malformed extends Data.TaggedClass("Malformed")<{ readonly place: Place; readonly problem: string }> {
  readonly fault = "document"
  get message(): string {
    return `${at(this.place)}: ${this.problem}.${near(this.place)}`
  }
}

/** `${` without its `}`. */
export class UnclosedHole extends Data.TaggedClass("UnclosedHole")<{ readonly place: Place }> {
  readonly fault = "document"
  get message(): string {
    return `${at(this.place)}: this \${ has no closing }. Close it, or write $\${ for the characters themselves.${near(this.place)}`
  }
}

/** `${x}` with another prefix than `parameters.` or `credential.`. */
export class UnknownPrefix extends Data.TaggedClass("UnknownPrefix")<{ readonly place: Place; readonly hole: string }> {
  readonly fault = "document"
  get message(): string {
    return `${at(this.place)}: ${this.hole} is no hole. Holes are \${parameters.name} and \${credential.name}; write $${this.hole} for the characters themselves.`
  }
}

/** A name that is empty or holds a space, a quote, a backslash or a brace. */
export class InvalidName extends Data.TaggedClass("InvalidName")<{ readonly place: Place; readonly hole: string }> {
  readonly fault = "document"
  get message(): string {
    return `${at(this.place)}: the name in ${this.hole} is empty or holds a space, quote, backslash or brace. Write it without.`
  }
}

/** A default that holds `${`: defaults are text, and never read again. */
export class NestedDefault extends Data.TaggedClass("NestedDefault")<{
  readonly place: Place
  readonly hole: string
  /** `parameters.` or `credential.` */
  readonly prefix: string
  readonly name: string
}> {
  readonly fault = "document"
  get message(): string {
    const bare = `\${${this.prefix}${this.name}}`
    const fix =
      this.prefix === "parameters."
        ? `Write ${bare}, and put "${this.name}" with the default as its value into the connector's parameters: those may hold placeholders`
        : `Write ${bare}: a credential has no default`
    return `${at(this.place)}: the default of ${this.hole} holds a placeholder, and a default is text that is not read again. ${fix}.`
  }
}

/** `\` or an unfinished `\u00` right before a hole would swallow the first characters of what fills it. */
export class BackslashTouchesHole extends Data.TaggedClass("BackslashTouchesHole")<{ readonly place: Place }> {
  readonly fault = "document"
  get message(): string {
    return `${at(this.place)}: an unfinished escape touches a hole. Finish it: \\\\ for a backslash, \\u and four digits for a character.${near(this.place)}`
  }
}

/** A secret may go into a header and nowhere else. */
export class CredentialOutsideHeader extends Data.TaggedClass("CredentialOutsideHeader")<{
  readonly place: Place
  readonly name: string
}> {
  readonly fault = "document"
  get message(): string {
    return `${at(this.place)}: \${credential.${this.name}} may stand in a header only. Move it to a header of the action.`
  }
}

/** The document has no credential of this name. */
export class UnknownCredential extends Data.TaggedClass("UnknownCredential")<{
  readonly header: string
  readonly name: string
}> {
  readonly fault = "document"
  get message(): string {
    return `Header '${this.header}' uses \${credential.${this.name}}, but credential has no '${this.name}'. Add it to credential, or mend the name.`
  }
}

/** A parameter in a header that says who calls. */
export class ProtectedHeader extends Data.TaggedClass("ProtectedHeader")<{ readonly header: string }> {
  readonly fault = "document"
  get message(): string {
    return `Header '${this.header}' cannot use \${parameters.*} placeholders for security reasons. Use \${credential.*} instead.`
  }
}

/** A header's name is no token of RFC 9110; a hole in it is not read. */
export class InvalidHeaderName extends Data.TaggedClass("InvalidHeaderName")<{ readonly header: string }> {
  readonly fault = "document"
  get message(): string {
    return `Header name '${this.header}' is not a valid header name. Use letters, digits and - only.`
  }
}

/** How a request stands on its connection is not the author's to say. */
export class HopHeader extends Data.TaggedClass("HopHeader")<{ readonly header: string }> {
  readonly fault = "document"
  get message(): string {
    return `Header '${this.header}' says how a request stands on its connection, which Drawbar does itself. Leave it out.`
  }
}

/** The author's alone, and the author has not filled it. */
export class UnfilledOrigin extends Data.TaggedClass("UnfilledOrigin")<{
  readonly place: Place
  readonly parameter: string
}> {
  readonly fault = "document"
  get message(): string {
    return `${at(this.place)}: \${parameters.${this.parameter}} decides where requests go or how they are signed, so only the connector may fill it. Add '${this.parameter}' to the connector's parameters.`
  }
}

/** Text that a URL has once the connector's parameters are put in, and the parameter that brought what is wrong with it. */
export interface Resolved {
  /** Shortened, without user info, control characters spelled out. */
  readonly text: string
  readonly parameter: string | undefined
}

const resolvedTo = (resolved: Resolved | undefined): string => {
  if (resolved === undefined) return ""
  const by = resolved.parameter === undefined ? "" : ` Parameter '${resolved.parameter}' brought it.`
  return `${by} The URL resolved to: ${resolved.text}`
}

/** The URL cannot be sent: `problem` is the sentence of its own fault, `fix` what to write. */
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

/** Author's parameters that hold each other. */
export class Cycle extends Data.TaggedClass("Cycle")<{ readonly names: ReadonlyArray<string> }> {
  readonly fault = "document"
  get message(): string {
    return `Parameters hold each other in a circle: ${this.names.join(" → ")}. Take one of the placeholders out.`
  }
}

/** Author's parameters that hold each other so often that the template would explode. */
export class TooManyHoles extends Data.TaggedClass("TooManyHoles")<{
  readonly holes: number
  readonly nesting: number
}> {
  readonly fault = "document"
  get message(): string {
    return `Once the connector's parameters are put in, the template has more than ${this.holes} holes, or parameters more than ${this.nesting} deep. Use fewer.`
  }
}

/** Every parameter that the call did not give, at once. */
export class MissingParameters extends Data.TaggedClass("MissingParameters")<{
  readonly names: ReadonlyArray<string>
}> {
  readonly fault = "call"
  get message(): string {
    return `Some parameter placeholder not filled in payload: ${this.names.join(", ")}`
  }
}

/** A text that is not strictly one JSON value, in a hole that stands for one. */
export class NotAJsonValue extends Data.TaggedClass("NotAJsonValue")<{
  readonly parameter: string
  readonly position: Position
  readonly fault: Fault
}> {
  get message(): string {
    const hole = `\${parameters.${this.parameter}}`
    const otherwise =
      this.position === "whole"
        ? `Send the body as JSON, or set a content-type that is not JSON`
        : `Send it as JSON, or quote the hole in request_body, "${hole}", to send it as a string`
    return `Parameter '${this.parameter}' fills ${hole}, which stands for a JSON value, but its text is not one. ${otherwise}.`
  }
}

/** A text that is no run of list items or object members, in a hole that stands for some. */
export class NotAJsonFragment extends Data.TaggedClass("NotAJsonFragment")<{
  readonly parameter: string
  readonly inside: "list" | "object"
}> {
  readonly fault = "call"
  get message(): string {
    const wanted = this.inside === "list" ? "JSON values" : `JSON members ("name": value)`
    return `Parameter '${this.parameter}' stands inside ${this.inside === "list" ? "a list" : "an object"}, but its text is not ${wanted} with commas between them. Send it as text of that form.`
  }
}

/** A member that the call adds has a name that the object has already. */
export class RepeatedKey extends Data.TaggedClass("RepeatedKey")<{ readonly parameter: string }> {
  readonly fault = "call"
  get message(): string {
    return `Parameter '${this.parameter}' repeats a key of the object that it stands in. Leave that key out.`
  }
}

/** The author's alone, and the call sent another value. */
export class FixedParameter extends Data.TaggedClass("FixedParameter")<{ readonly parameter: string }> {
  readonly fault = "call"
  get message(): string {
    return `Parameter '${this.parameter}' decides where requests go or how they are signed, so it is fixed by the connector, and this call sent a different value. Leave it out, or change the connector.`
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
      return `url: a segment of the path is '.' or '..', which a URL's path cannot carry. Write the path that is meant.${resolvedTo(this.resolved)}`
    const what = this.parameter === undefined ? "A segment of the URL's path" : `Parameter '${this.parameter}'`
    return `${what} is empty, '.' or '..', which a URL's path cannot carry. Give it a name.`
  }
}

/** A header's value that HTTP cannot carry. `found` says which character it is, where, and what brought it. */
export class InvalidHeaderValue extends Data.TaggedClass("InvalidHeaderValue")<{
  readonly header: string
  readonly problem: "control" | "latin1"
  readonly fault: Fault
  readonly found?: string
}> {
  get message(): string {
    const found = this.found === undefined ? "" : ` ${this.found}.`
    return this.problem === "control"
      ? `Header value contains invalid control character: header '${this.header}'.${found} Take line breaks and control characters out.`
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
  | UnclosedHole
  | UnknownPrefix
  | InvalidName
  | NestedDefault
  | BackslashTouchesHole
  | CredentialOutsideHeader
  | UnknownCredential
  | ProtectedHeader
  | InvalidHeaderName
  | HopHeader
  | UnfilledOrigin
  | InvalidOrigin
  | Cycle
  | TooManyHoles
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

/** The one error of this package: `reason` carries the facts and knows whose fault it is. */
export class TemplateError extends Data.TaggedError("TemplateError")<{ readonly reason: Reason }> {
  override get message(): string {
    return this.reason.message
  }
}

/** Leaves the compiler or the renderer, whose border is `attempt`. */
export const refuse = (reason: Reason): never => {
  throw new TemplateError({ reason })
}

/** Runs `run` and hands its refusal back as a value. */
export const attempt = <A>(run: () => A): Result.Result<A, TemplateError> => {
  try {
    return Result.succeed(run())
  } catch (error) {
    if (error instanceof TemplateError) return Result.fail(error)
    throw error
  }
}
