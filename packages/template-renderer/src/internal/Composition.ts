/** Inserts the author's parameters into the placeholders of a template, according to their position. */
import type { Placeholder, Position } from "../Placeholder.ts"
import type { Author } from "../Parameter.ts"
import * as StringContent from "../StringContent.ts"
import {
  BackslashTouchesPlaceholder,
  CredentialOutsideHeader,
  Cycle,
  refuse,
  TooManyPlaceholders,
  UnfilledOrigin,
} from "../TemplateError.ts"
import type { Encoding, Otherwise, Program, Step, TextPlaceholder } from "./Program.ts"
import * as Source from "./Source.ts"

/** Sufficient for any author, and small enough that parameters which contain each other cannot grow without limit. */
const maximumPlaceholders = 10_000
const maximumNesting = 100

/** One template being compiled. `inside` lists the author's parameters that are being inserted, outermost first. */
export interface Composition {
  readonly author: ReadonlyMap<string, string>
  readonly placeholders: Array<Placeholder>
  readonly inside: ReadonlyArray<string>
  readonly header: string | undefined
}

export const begin = (author: Author): Composition => ({
  author: new Map(Object.entries(author)),
  placeholders: [],
  inside: [],
  header: undefined,
})

/** Records a placeholder for users of the template; a credential is allowed only in a header. */
export const record = (
  composition: Composition,
  source: Source.Source,
  placeholder: Source.Placeholder,
  position: Position,
  fixed = false,
): void => {
  if (composition.placeholders.length === maximumPlaceholders || composition.inside.length > maximumNesting)
    refuse(new TooManyPlaceholders({ placeholders: maximumPlaceholders, nesting: maximumNesting }))
  if (placeholder.kind === "credential" && (position !== "header" || composition.inside.length > 0))
    refuse(new CredentialOutsideHeader({ place: source.place(placeholder.at), name: placeholder.name }))
  composition.placeholders.push({
    kind: placeholder.kind,
    name: placeholder.name,
    position,
    offset: placeholder.offset,
    source: placeholder.source,
    default: placeholder.default,
    parameter: composition.inside.at(-1),
    header: composition.header,
    authored: placeholder.kind === "parameter" && composition.author.has(placeholder.name),
    fixed,
  })
}

/**
 * The value of a placeholder that no call fills: the author's parameter (`composed` if it has placeholders itself, else
 * `plain`), otherwise the default (`plain`), otherwise undefined.
 */
export const otherwise = <A>(
  composition: Composition,
  placeholder: Source.Placeholder,
  plain: (text: string) => A,
  composed: (inner: Composition, source: Source.Source) => A,
): A | undefined => {
  const text = composition.author.get(placeholder.name)
  if (text === undefined) return placeholder.default === undefined ? undefined : plain(placeholder.default)
  if (!Source.hasPlaceholders(text)) return plain(text)
  const inside = [...composition.inside, placeholder.name]
  if (composition.inside.includes(placeholder.name)) refuse(new Cycle({ names: inside }))
  return composed(
    { ...composition, inside },
    Source.read(text, { in: `parameters.${placeholder.name}`, shown: false }, true),
  )
}

const stringContent: Encoding = {
  author: StringContent.author,
  runtime: StringContent.escape,
  caller: StringContent.escape,
}

/** `.toString()`: the author's text is also treated as text, not as string content. */
const escapedContent: Encoding = { ...stringContent, author: StringContent.escape }

const same = (text: string): string => text

/** Text inserted unchanged: in headers and in bodies that are not JSON. */
export const verbatim: Encoding = { author: same, runtime: same, caller: same }

/** A placeholder in text. */
export const textPlaceholder = (
  composition: Composition,
  source: Source.Source,
  placeholder: Source.Placeholder,
  position: Position,
  encoding: Encoding,
): TextPlaceholder => {
  record(composition, source, placeholder, position)
  return {
    _tag: "Text",
    name: placeholder.name,
    encoding,
    literal: position === "string" || position === "text" ? placeholder.source : undefined,
    otherwise: otherwise<Otherwise>(composition, placeholder, encoding.author, (inner, text) =>
      textProgram(inner, text, position, encoding),
    ),
  }
}

/** A placeholder within a JSON string. */
export const stringPlaceholder = (
  composition: Composition,
  source: Source.Source,
  placeholder: Source.Placeholder,
): TextPlaceholder =>
  textPlaceholder(composition, source, placeholder, "string", placeholder.asText ? escapedContent : stringContent)

/**
 * Text with placeholders. Each literal part is encoded separately as the author's text. With `fixed`, only the author
 * may set its parameters.
 */
export const textProgram = (
  composition: Composition,
  source: Source.Source,
  position: Position,
  encoding: Encoding,
  fixed?: Map<string, string>,
): Program => {
  const step = (placeholder: Source.Placeholder): Step => {
    if (placeholder.kind === "credential") {
      record(composition, source, placeholder, position)
      return { _tag: "Credential", name: placeholder.name }
    }
    if (fixed !== undefined) return constant(composition, source, placeholder, position, fixed)
    return position === "string" && placeholder.asText
      ? stringPlaceholder(composition, source, placeholder)
      : textPlaceholder(composition, source, placeholder, position, encoding)
  }
  const program: Array<Step> = []
  let from = 0
  for (const placeholder of source.placeholders) {
    const literal = source.flat.slice(from, placeholder.at)
    if (encoding === stringContent && StringContent.endsInsideEscape(literal))
      refuse(new BackslashTouchesPlaceholder({ place: source.place(placeholder.at - 1) }))
    program.push(encoding.author(literal), step(placeholder))
    from = placeholder.at + 1
  }
  program.push(encoding.author(source.flat.slice(from)))
  return program.filter((step) => step !== "")
}

/** The text of a placeholder that only the author may fill; the parameters that it uses are added to `fixed`. */
export const constant = (
  composition: Composition,
  source: Source.Source,
  placeholder: Source.Placeholder,
  position: Position,
  fixed: Map<string, string>,
): string => {
  record(composition, source, placeholder, position, true)
  const text = otherwise(
    composition,
    placeholder,
    (text) => text,
    (inner, within) => constantText(inner, within, position, fixed),
  )
  if (text === undefined)
    return refuse(new UnfilledOrigin({ place: source.place(placeholder.at), parameter: placeholder.name }))
  fixed.set(placeholder.name, text)
  return text
}

/** Fixes a parameter that the author sets, wherever it is used. */
export const fix = (composition: Composition, name: string, fixed: Map<string, string>): void => {
  const text = `\${parameters.${name}}`
  const source = Source.read(text, { in: `parameters.${name}`, shown: false }, false)
  constantText({ ...composition, placeholders: [] }, source, "origin", fixed)
}

const constantText = (
  composition: Composition,
  source: Source.Source,
  position: Position,
  fixed: Map<string, string>,
): string => {
  let from = 0
  let text = ""
  for (const placeholder of source.placeholders) {
    text += source.flat.slice(from, placeholder.at) + constant(composition, source, placeholder, position, fixed)
    from = placeholder.at + 1
  }
  return text + source.flat.slice(from)
}
