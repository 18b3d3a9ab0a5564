/** The URL of a request. Its origin is a constant; its path and query may contain placeholders. */
import type { Result } from "effect"
import type { Placeholder } from "./Placeholder.ts"
import * as Composition from "./internal/Composition.ts"
import * as Fixed from "./internal/Fixed.ts"
import * as Percent from "./internal/Percent.ts"
import * as Program from "./internal/Program.ts"
import * as Source from "./internal/Source.ts"
import * as Resolution from "./internal/Resolution.ts"
import type * as Parameter from "./Parameter.ts"
import { attempt, InvalidOrigin, InvalidPathSegment, refuse, type TemplateError, UrlTooLong } from "./TemplateError.ts"
import * as UrlFault from "./UrlFault.ts"

export interface UrlTemplate {
  readonly source: string
  /** As `URL` serialises it, e.g. `https://api.openai.com`. */
  readonly origin: string
  readonly placeholders: ReadonlyArray<Placeholder>
  /** Parameters that only the connector may set: those of the origin, and those of `Options.fixed`. */
  readonly fixed: ReadonlyMap<string, string>
  readonly program: Program.Program
}

/** In bytes of the whole URL, which is ASCII. Servers accept 8 to 16 KB; pools and lists of trusted endpoints keep or match it. */
export const maxBytes = 16_384

/** Checked before the text is encoded, which makes up to nine characters of each: the work is bounded, too. */
const bounded =
  (encode: (text: string, parameter: string) => string) =>
  (text: string, parameter?: string): string =>
    text.length > maxBytes
      ? refuse(new UrlTooLong({ parameter, bytes: text.length, limit: maxBytes, fault: "call" }))
      : encode(text, parameter ?? "")

const callerSegment = (text: string, parameter: string): string =>
  text === "" || text === "." || text === ".."
    ? refuse(new InvalidPathSegment({ parameter, fault: "call" }))
    : Percent.segment(text)

const encodings = {
  path: { author: Percent.path, runtime: bounded(Percent.path), caller: bounded(callerSegment) },
  query: { author: Percent.query, runtime: bounded(Percent.query), caller: bounded(Percent.value) },
}

/** The origin of a text without faults. */
const parseOrigin = (text: string): string =>
  URL.parse(text)?.origin ?? refuse(new InvalidOrigin({ problem: "the host or the port is not valid" }))

/**
 * Rejects a URL that is invalid after the connector's parameters are inserted. A placeholder that only calls fill is
 * treated as a name.
 */
const checkResolved = (resolution: Resolution.Resolution): void => {
  const fault = UrlFault.find(resolution.text)
  if (fault === undefined) return
  const { problem, fix, offset } = fault
  refuse(new InvalidOrigin({ problem, fix, resolved: resolvedAt(resolution, offset) }))
}

const resolvedAt = (resolution: Resolution.Resolution, offset: number) => ({
  text: UrlFault.shown(resolution.text),
  parameter: Resolution.parameterAt(resolution, offset),
})

/** Whether the URL's path has a segment that `URL` would remove. */
const hasDotSegment = (pathAndQuery: string): boolean => /^[^?]*\/(?:\.|%2e){1,2}(?:[/?]|$)/i.test(pathAndQuery)

/** A limit, because each placeholder in the host is read together with the text before it. No host name is longer. */
const maxOriginLength = 1_000

/**
 * The text up to the path. Only the connector may fill placeholders in it; the part of their values after the host
 * belongs to the path.
 */
const readOrigin = (composition: Composition.Composition, source: Source.Source, fixed: Map<string, string>) => {
  let text = ""
  let from = 0
  let next = 0
  for (;;) {
    const placeholder = source.placeholders[next]
    text += source.flat.slice(from, placeholder?.at)
    const end = /^[^/?#]*:\/\/[^/?#]*(?=[/?#])/.exec(text)?.[0].length
    if (end !== undefined || placeholder === undefined)
      return { origin: text.slice(0, end), rest: end === undefined ? "" : text.slice(end), next }
    if (text.length > maxOriginLength)
      return refuse(
        new InvalidOrigin({ problem: `the text before the path is longer than ${maxOriginLength} characters` }),
      )
    text += Composition.constant(composition, source, placeholder, "origin", fixed)
    from = placeholder.at + 1
    next++
  }
}

/** The part after the origin: `rest`, then the placeholders from `next` on and the text between them. */
const compileTarget = (
  composition: Composition.Composition,
  source: Source.Source,
  rest: string,
  next: number,
  resolution: Resolution.Resolution,
): Program.Program => {
  const program: Array<Program.Step> = []
  let position: "path" | "query" = "path"
  const literal = (text: string) => {
    if (text.includes("#"))
      refuse(
        new InvalidOrigin({
          problem: "it has a fragment (#), which is never sent",
          fix: "Remove the # and what follows it, or write %23 for the character itself",
          resolved: resolvedAt(resolution, resolution.text.indexOf("#")),
        }),
      )
    const mark = position === "query" ? 0 : text.indexOf("?")
    const pathEnd = mark < 0 ? text.length : mark
    program.push(Percent.path(text.slice(0, pathEnd)) + Percent.query(text.slice(pathEnd)))
    if (mark >= 0) position = "query"
  }
  literal(rest.startsWith("/") ? rest : `/${rest}`)
  source.placeholders.slice(next).forEach((placeholder, i, placeholders) => {
    program.push(Composition.textPlaceholder(composition, source, placeholder, position, encodings[position]))
    literal(source.flat.slice(placeholder.at + 1, placeholders[i + 1]?.at))
  })
  return program
}

/** The document's own text for a step; a placeholder that others fill is replaced by a sample name. */
const ownText = (step: Program.Step): string => {
  if (typeof step === "string") return step
  return step._tag === "Text" && typeof step.otherwise === "string" ? step.otherwise : "x"
}

export interface Options {
  /** Parameters that only the author may set, whether or not the URL has them. */
  readonly fixed?: ReadonlyArray<string> | undefined
}

/** Compiles an action's `url`. An origin that the connector's own parameters do not fill is rejected. */
export const compile = (
  source: string,
  author: Parameter.Author,
  options?: Options,
): Result.Result<UrlTemplate, TemplateError> =>
  attempt(() => {
    const composition = Composition.begin(author)
    const reading = Source.read(source, { in: "url", shown: false }, false)
    const fixed = new Map<string, string>()
    const { origin, rest, next } = readOrigin(composition, reading, fixed)
    for (const name of options?.fixed ?? []) if (composition.author.has(name)) Composition.fix(composition, name, fixed)
    const resolution = Resolution.of(reading, composition.author)
    checkResolved(resolution)
    const program = compileTarget(composition, reading, rest, next, resolution)
    if (hasDotSegment(program.map(ownText).join("")))
      refuse(
        new InvalidPathSegment({
          parameter: undefined,
          fault: "document",
          resolved: resolvedAt(resolution, Math.max(resolution.text.search(/\/(?:\.|%2e){1,2}(?:[/?]|$)/i) + 1, 0)),
        }),
      )
    return { source, origin: parseOrigin(origin), placeholders: composition.placeholders, fixed, program }
  })

/** The names in the path without a value. */
export const missing = (template: UrlTemplate, supplied: Parameter.Supplied): ReadonlyArray<string> =>
  Program.missing(template.program, supplied)

/** The absolute URL exactly as it is sent: `new URL(url).href === url`. */
export const render = (template: UrlTemplate, supplied: Parameter.Supplied): Result.Result<string, TemplateError> =>
  attempt(() => {
    const target = Program.namingMissing(template.program, supplied, false, () => {
      Fixed.check(template.fixed, supplied)
      return Program.render(template.program, supplied)
    })
    if (template.program.length > 1 && hasDotSegment(target))
      refuse(new InvalidPathSegment({ parameter: undefined, fault: "call" }))
    const bytes = template.origin.length + target.length
    if (bytes > maxBytes) refuse(new UrlTooLong({ parameter: undefined, bytes, limit: maxBytes, fault: "call" }))
    return template.origin + target
  })
