/** Puts the author's parameters into the holes of a template, each in the position where it stands. */
import type { Hole, Position } from "../Hole.ts"
import type { Author } from "../Parameter.ts"
import * as StringContent from "../StringContent.ts"
import {
  BackslashTouchesHole,
  CredentialOutsideHeader,
  Cycle,
  refuse,
  TooManyHoles,
  UnfilledOrigin,
} from "../TemplateError.ts"
import type { Encoding, Otherwise, Program, Step, TextHole } from "./Program.ts"
import * as Source from "./Source.ts"

/** Enough for any author, and little enough that parameters which hold each other twice cannot explode. */
const maximumHoles = 10_000
const maximumNesting = 100

/** One template being compiled. `inside` lists the author's parameters that are open, outermost first. */
export interface Composition {
  readonly author: ReadonlyMap<string, string>
  readonly holes: Array<Hole>
  readonly inside: ReadonlyArray<string>
  readonly header: string | undefined
}

export const begin = (author: Author): Composition => ({
  author: new Map(Object.entries(author)),
  holes: [],
  inside: [],
  header: undefined,
})

/** Writes a hole down for readers of the template; a credential is let through in a header only. */
export const record = (
  composition: Composition,
  source: Source.Source,
  hole: Source.Placeholder,
  position: Position,
  fixed = false,
): void => {
  if (composition.holes.length === maximumHoles || composition.inside.length > maximumNesting)
    refuse(new TooManyHoles({ holes: maximumHoles, nesting: maximumNesting }))
  if (hole.kind === "credential" && (position !== "header" || composition.inside.length > 0))
    refuse(new CredentialOutsideHeader({ place: source.place(hole.at), name: hole.name }))
  composition.holes.push({
    kind: hole.kind,
    name: hole.name,
    position,
    offset: hole.offset,
    source: hole.source,
    default: hole.default,
    parameter: composition.inside.at(-1),
    header: composition.header,
    authored: hole.kind === "parameter" && composition.author.has(hole.name),
    fixed,
  })
}

/**
 * What fills a hole that no call fills: the author's parameter (`composed` if it has holes itself, else `plain`), else the
 * default (`plain`), else nothing.
 */
export const otherwise = <A>(
  composition: Composition,
  hole: Source.Placeholder,
  plain: (text: string) => A,
  composed: (inner: Composition, source: Source.Source) => A,
): A | undefined => {
  const text = composition.author.get(hole.name)
  if (text === undefined) return hole.default === undefined ? undefined : plain(hole.default)
  if (!Source.hasHoles(text)) return plain(text)
  const inside = [...composition.inside, hole.name]
  if (composition.inside.includes(hole.name)) refuse(new Cycle({ names: inside }))
  return composed({ ...composition, inside }, Source.read(text, { in: `parameters.${hole.name}`, shown: false }, true))
}

const stringContent: Encoding = {
  author: StringContent.author,
  runtime: StringContent.escape,
  caller: StringContent.escape,
}

/** `.toString()`: the author's text is a text too, not string content. */
const escapedContent: Encoding = { ...stringContent, author: StringContent.escape }

const same = (text: string): string => text

/** Text that goes in as it is: headers, bodies that are no JSON. */
export const verbatim: Encoding = { author: same, runtime: same, caller: same }

/** A hole in running text. */
export const textHole = (
  composition: Composition,
  source: Source.Source,
  hole: Source.Placeholder,
  position: Position,
  encoding: Encoding,
): TextHole => {
  record(composition, source, hole, position)
  return {
    _tag: "Text",
    name: hole.name,
    encoding,
    literal: position === "string" || position === "text" ? hole.source : undefined,
    otherwise: otherwise<Otherwise>(composition, hole, encoding.author, (inner, text) =>
      textProgram(inner, text, position, encoding),
    ),
  }
}

/** A hole within a JSON string. */
export const stringHole = (composition: Composition, source: Source.Source, hole: Source.Placeholder): TextHole =>
  textHole(composition, source, hole, "string", hole.asText ? escapedContent : stringContent)

/** Running text with holes, each literal part encoded alone as the author's. With `fixed`, its parameters are the author's alone. */
export const textProgram = (
  composition: Composition,
  source: Source.Source,
  position: Position,
  encoding: Encoding,
  fixed?: Map<string, string>,
): Program => {
  const step = (hole: Source.Placeholder): Step => {
    if (hole.kind === "credential") {
      record(composition, source, hole, position)
      return { _tag: "Credential", name: hole.name }
    }
    if (fixed !== undefined) return constant(composition, source, hole, position, fixed)
    return position === "string" && hole.asText
      ? stringHole(composition, source, hole)
      : textHole(composition, source, hole, position, encoding)
  }
  const program: Array<Step> = []
  let from = 0
  for (const hole of source.holes) {
    const literal = source.flat.slice(from, hole.at)
    if (encoding === stringContent && StringContent.endsInsideEscape(literal))
      refuse(new BackslashTouchesHole({ place: source.place(hole.at - 1) }))
    program.push(encoding.author(literal), step(hole))
    from = hole.at + 1
  }
  program.push(encoding.author(source.flat.slice(from)))
  return program.filter((step) => step !== "")
}

/** The text of a hole that only the author may fill; what it is made of is added to `fixed`. */
export const constant = (
  composition: Composition,
  source: Source.Source,
  hole: Source.Placeholder,
  position: Position,
  fixed: Map<string, string>,
): string => {
  record(composition, source, hole, position, true)
  const text = otherwise(
    composition,
    hole,
    (text) => text,
    (inner, within) => constantText(inner, within, position, fixed),
  )
  if (text === undefined) return refuse(new UnfilledOrigin({ place: source.place(hole.at), parameter: hole.name }))
  fixed.set(hole.name, text)
  return text
}

/** Fixes a parameter that the author has, wherever it stands. */
export const fix = (composition: Composition, name: string, fixed: Map<string, string>): void => {
  const text = `\${parameters.${name}}`
  const source = Source.read(text, { in: `parameters.${name}`, shown: false }, false)
  constantText({ ...composition, holes: [] }, source, "origin", fixed)
}

const constantText = (
  composition: Composition,
  source: Source.Source,
  position: Position,
  fixed: Map<string, string>,
): string => {
  let from = 0
  let text = ""
  for (const hole of source.holes) {
    text += source.flat.slice(from, hole.at) + constant(composition, source, hole, position, fixed)
    from = hole.at + 1
  }
  return text + source.flat.slice(from)
}
