/** The headers of a request: names are constants, values may contain parameters and credentials. */
import type { Result } from "effect"
import type { Placeholder } from "./Placeholder.ts"
import * as Composition from "./internal/Composition.ts"
import * as Fixed from "./internal/Fixed.ts"
import * as Program from "./internal/Program.ts"
import * as Source from "./internal/Source.ts"
import type * as Parameter from "./Parameter.ts"
import {
  attempt,
  type Fault,
  HeaderTooLarge,
  HopHeader,
  InvalidHeaderName,
  InvalidHeaderValue,
  ProtectedHeader,
  refuse,
  type TemplateError,
  UnknownCredential,
} from "./TemplateError.ts"

interface Header {
  readonly name: string
  readonly program: Program.Program
}

export interface HeadersTemplate {
  readonly placeholders: ReadonlyArray<Placeholder>
  /** Parameters of the headers of `Options.fixedPrefix`, which only the connector may set. */
  readonly fixed: ReadonlyMap<string, string>
  readonly headers: ReadonlyArray<Header>
  /** The steps of all headers. */
  readonly program: Program.Program
}

/** Headers that identify the caller or the destination: `${parameters.*}` is not allowed in them. */
export const protectedNames: ReadonlySet<string> = new Set([
  "authorization",
  "proxy-authorization",
  "cookie",
  "x-api-key",
  "x-auth-token",
  "x-auth-header",
  "x-forwarded-for",
  "x-real-ip",
  "x-client-ip",
  "cf-connecting-ip",
  "true-client-ip",
  "x-originating-ip",
  "host",
  "x-forwarded-host",
  "x-forwarded-server",
  "forwarded",
])

/**
 * None of these may be set: https://www.rfc-editor.org/rfc/rfc9112#section-6 and
 * https://www.rfc-editor.org/rfc/rfc9110#section-7.6.1
 */
const hopNames: ReadonlySet<string> = new Set([
  "content-length",
  "transfer-encoding",
  "upgrade",
  "expect",
  "connection",
  "keep-alive",
  "http2-settings",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "trailers",
])

/** Bytes, name and value together. */
const maximumHeader = 8 * 1024
const maximumHeaders = 64 * 1024

/** RFC 9110, section 5.6.2. */
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/

const problem = (value: string): "control" | "latin1" | undefined => {
  for (let i = 0; i < value.length; i++) {
    const code = value.charCodeAt(i)
    if ((code < 0x20 && code !== 0x09) || code === 0x7f) return "control"
    if (code > 0xff) return "latin1"
  }
  return undefined
}

/** The characters allowed in a header value: `latin1` is HTTP's own limit, `ascii` that of a signature. */
export type Charset = "latin1" | "ascii"

/**
 * The first character that is not allowed in a header: its index, and a description that does not show the text around
 * it.
 */
export const unsendable = (
  value: string,
  charset: Charset = "latin1",
): { readonly index: number; readonly character: string } | undefined => {
  for (let index = 0; index < value.length; index++) {
    const code = value.charCodeAt(index)
    const isControl = (code < 0x20 && code !== 0x09) || code === 0x7f
    if (isControl || code > (charset === "ascii" ? 0x7e : 0xff)) return { index, character: nameOf(code) }
  }
  return undefined
}

const nameOf = (code: number): string => {
  if (code === 0x0a || code === 0x0d) return "a line break"
  if (code === 0x00) return "a NUL"
  const hex = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`
  return code < 0x20 || code === 0x7f ? `the control character ${hex}` : `the character ${hex}`
}

/** `by` is what contains the value, such as `parameter 'x'`. */
const describe = (by: string, value: string): string | undefined => {
  const found = unsendable(value)
  return found === undefined
    ? undefined
    : `${by} has ${found.character} at character ${found.index + 1} of ${value.length}`
}

const check = (header: string, value: string, fault: Fault, by = "Its value"): void => {
  const found = problem(value)
  if (found !== undefined) {
    const where = describe(by, value)
    refuse(new InvalidHeaderValue({ header, problem: found, fault, ...(where === undefined ? {} : { found: where }) }))
  }
  if (header.length + value.length > maximumHeader) refuse(new HeaderTooLarge({ header, fault }))
}

export interface Options {
  /** How the names of headers begin, in lower case, whose parameters only the author may set. */
  readonly fixedPrefix?: string | undefined
  /**
   * Credentials that refer to a map of secrets, whose keys the document does not list: `name.key` is known if `name`
   * is.
   */
  readonly credentialMaps?: ReadonlyArray<string> | undefined
}

const isKnown = (name: string, credentials: ReadonlySet<string>, maps: ReadonlyArray<string>): boolean =>
  credentials.has(name) || maps.some((map) => name.startsWith(`${map}.`) && credentials.has(map))

/** The document's own parts of a value that calls also fill: its text, its defaults, its parameters. */
const checkOwn = (header: string, source: Source.Source, author: ReadonlyMap<string, string>): void => {
  const literal = source.placeholders.reduce(
    (text, placeholder) => text.slice(0, placeholder.at) + " " + text.slice(placeholder.at + 1),
    source.flat,
  )
  check(header, literal, "document")
  for (const placeholder of source.placeholders) {
    const own = placeholder.kind === "parameter" ? (author.get(placeholder.name) ?? placeholder.default) : undefined
    if (own !== undefined) check(header, own, "document", `Parameter '${placeholder.name}'`)
  }
}

const compileHeader = (
  name: string,
  value: string,
  composition: Composition.Composition,
  credentials: ReadonlySet<string>,
  fixed: Map<string, string>,
  { fixedPrefix, credentialMaps = [] }: Options,
): Header => {
  if (!token.test(name)) refuse(new InvalidHeaderName({ header: name }))
  const source = Source.read(value, { in: `header '${name}'`, shown: false }, false)
  const lower = name.toLowerCase()
  for (const placeholder of source.placeholders) {
    if (placeholder.kind === "credential" && !isKnown(placeholder.name, credentials, credentialMaps))
      refuse(new UnknownCredential({ header: name, name: placeholder.name }))
    if (placeholder.kind === "parameter" && protectedNames.has(lower)) refuse(new ProtectedHeader({ header: name }))
  }
  if (hopNames.has(lower)) refuse(new HopHeader({ header: name }))
  const program = Composition.textProgram(
    composition,
    source,
    "header",
    Composition.verbatim,
    fixedPrefix !== undefined && lower.startsWith(fixedPrefix) ? fixed : undefined,
  )
  if (program.every((step) => typeof step === "string")) check(name, program.join(""), "document")
  else checkOwn(name, source, composition.author)
  return { name, program }
}

/** Compiles an action's `headers`. `credentialNames` are the names in the document's `credential`. */
export const compile = (
  headers: Readonly<Record<string, string>>,
  author: Parameter.Author,
  credentialNames: ReadonlyArray<string>,
  options: Options = {},
): Result.Result<HeadersTemplate, TemplateError> =>
  attempt(() => {
    const credentials = new Set(credentialNames)
    const fixed = new Map<string, string>()
    const placeholders: Array<Placeholder> = []
    const compiled = Object.entries(headers).map(([name, value]) =>
      compileHeader(
        name,
        value,
        { ...Composition.begin(author), placeholders, header: name },
        credentials,
        fixed,
        options,
      ),
    )
    return { placeholders, fixed, headers: compiled, program: compiled.flatMap(({ program }) => program) }
  })

/** The names without a value, in the order of the headers. */
export const missing = (template: HeadersTemplate, supplied: Parameter.Supplied): ReadonlyArray<string> =>
  Program.missing(template.program, supplied)

/** The headers for one call, names unchanged; `credential` returns a secret, or a mask for a dry run. */
export const render = (
  template: HeadersTemplate,
  supplied: Parameter.Supplied,
  credential: (name: string) => string,
): Result.Result<Readonly<Record<string, string>>, TemplateError> =>
  attempt(() =>
    Program.namingMissing(template.program, supplied, false, () => {
      Fixed.check(template.fixed, supplied)
      let size = 0
      const rendered = template.headers.map(({ name, program }): readonly [string, string] => {
        const value = Program.render(program, supplied, false, credential)
        check(name, value, "call")
        size += name.length + value.length
        return [name, value]
      })
      if (size > maximumHeaders) refuse(new HeaderTooLarge({ header: undefined, fault: "call" }))
      return Object.fromEntries(rendered)
    }),
  )
