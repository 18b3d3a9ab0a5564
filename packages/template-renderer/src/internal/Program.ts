/** A compiled template: a list of steps, and the one loop that runs them. */
import * as JsonScan from "@drawbar/json-text/JsonScan"
import * as Parameter from "../Parameter.ts"
import {
  BodyTooLong,
  MissingParameters,
  NotAJsonFragment,
  NotAJsonValue,
  refuse,
  RepeatedKey,
  type TemplateError,
} from "../TemplateError.ts"

/** How text enters a position, by whose it is. `caller` may refuse, and is told the parameter. */
export interface Encoding {
  readonly author: (text: string) => string
  readonly runtime: (text: string) => string
  readonly caller: (text: string, parameter: string) => string
}

/** What fills a hole that no call fills: text made ready, the author's own template, an error kept for then, or nothing. */
export type Otherwise = string | Program | TemplateError | undefined

interface Parameterised {
  readonly name: string
  readonly otherwise: Otherwise
}

/** A hole in running text: within a JSON string, a header, a path. */
export interface TextHole extends Parameterised {
  readonly _tag: "Text"
  readonly encoding: Encoding
  /** What is left where missing parameters are skipped; undefined where the literal hole would break the request. */
  readonly literal: string | undefined
}

/** `"${parameters.x:-null}"`, whose quotes belong to the step. */
export interface NullableHole {
  readonly _tag: "Nullable"
  readonly hole: TextHole
}

/** One JSON value. `oneLine` in NDJSON. */
export interface ValueHole extends Parameterised {
  readonly _tag: "Value"
  readonly position: "value" | "whole"
  readonly oneLine: boolean
}

/** A run of items, or of members (`scope`), which may be empty. `after`: something surely stands before it in its container. */
export interface FragmentHole extends Parameterised {
  readonly _tag: "Fragment"
  readonly after: boolean
  readonly scope: Scope | undefined
  readonly oneLine: boolean
}

/** The keys that an object's skeleton has. */
export interface Scope {
  readonly keys: Set<string>
}

export type Step =
  | string
  | TextHole
  | NullableHole
  | ValueHole
  | FragmentHole
  | { readonly _tag: "Credential"; readonly name: string }
  /** A comma, if only holes stand before it in its container and one of them was filled. */
  | { readonly _tag: "Comma" }
  /** Whether the container that the next fragments stand in has something in it. */
  | { readonly _tag: "Written"; readonly written: boolean }
  /** A key with holes begins, or ends: it may not repeat another. */
  | { readonly _tag: "KeyStart" }
  | { readonly _tag: "KeyEnd"; readonly scope: Scope; readonly name: string }
  /** A key of an author's fragment, which counts only where no call replaces the fragment. */
  | { readonly _tag: "Key"; readonly scope: Scope; readonly key: string; readonly name: string }

export type Program = ReadonlyArray<Step>

/** One rendering under way. */
interface Rendering {
  readonly supplied: Parameter.Supplied
  readonly skipMissing: boolean
  readonly credential: (name: string) => string
  readonly seen: Map<Scope, Set<string>>
  out: string
  written: boolean
  keyStart: number
}

const otherwise = (hole: Parameterised, rendering: Rendering): void => {
  const fill = hole.otherwise
  if (typeof fill === "string") rendering.out += fill
  else if (fill === undefined) refuse(new MissingParameters({ names: [hole.name] }))
  else if (Array.isArray(fill)) run(fill, rendering)
  else throw fill
}

/** What the call supplies for a name, `null` counting as not supplied. */
const present = (values: ReadonlyMap<string, Parameter.Value>, name: string): Parameter.Value | undefined => {
  const value = values.get(name)
  return value === undefined || Parameter.isNull(value) ? undefined : value
}

const fillText = (hole: TextHole, rendering: Rendering): void => {
  const { caller, runtime } = rendering.supplied
  const sent = present(caller, hole.name)
  if (sent !== undefined) {
    rendering.out += hole.encoding.caller(Parameter.textOf(sent), hole.name)
    return
  }
  const computed = present(runtime, hole.name)
  if (computed !== undefined) rendering.out += hole.encoding.runtime(Parameter.textOf(computed))
  else if (hole.otherwise === undefined && rendering.skipMissing && hole.literal !== undefined)
    rendering.out += hole.literal
  else otherwise(hole, rendering)
}

const fillNullable = (hole: TextHole, rendering: Rendering): void => {
  const supplied = rendering.supplied.caller.get(hole.name) ?? rendering.supplied.runtime.get(hole.name)
  if (supplied === undefined ? hole.otherwise === undefined : Parameter.isNull(supplied)) {
    rendering.out += "null"
    return
  }
  rendering.out += `"`
  fillText(hole, rendering)
  rendering.out += `"`
}

const fillValue = (hole: ValueHole, rendering: Rendering): void => {
  const value = rendering.supplied.caller.get(hole.name) ?? rendering.supplied.runtime.get(hole.name)
  if (value === undefined) return otherwise(hole, rendering)
  if (value._tag === "Text" && !JsonScan.isValue(value.text))
    refuse(new NotAJsonValue({ parameter: hole.name, position: hole.position, fault: "call" }))
  const json = Parameter.textOf(value)
  rendering.out += hole.oneLine ? JsonScan.onOneLine(json) : json
}

const claim = (scope: Scope, key: string, parameter: string, rendering: Rendering): void => {
  const seen = rendering.seen.get(scope) ?? new Set()
  if (scope.keys.has(key) || seen.has(key)) refuse(new RepeatedKey({ parameter }))
  rendering.seen.set(scope, seen.add(key))
}

const fillFragment = (hole: FragmentHole, rendering: Rendering): void => {
  const value = present(rendering.supplied.caller, hole.name) ?? present(rendering.supplied.runtime, hole.name)
  if (value === undefined) {
    if (hole.otherwise !== undefined) otherwise(hole, rendering)
    return
  }
  const inside = hole.scope === undefined ? "list" : "object"
  const fragment = JsonScan.fragment(Parameter.textOf(value), inside)
  if (fragment === undefined) return refuse(new NotAJsonFragment({ parameter: hole.name, inside }))
  if (fragment.text === "") return
  if (hole.scope !== undefined) for (const key of fragment.keys) claim(hole.scope, key, hole.name, rendering)
  if (hole.after || rendering.written) rendering.out += ","
  rendering.out += hole.oneLine ? JsonScan.onOneLine(fragment.text) : fragment.text
  rendering.written = true
}

const endKey = (scope: Scope, name: string, rendering: Rendering): void => {
  const key: unknown = JSON.parse(rendering.out.slice(rendering.keyStart))
  claim(scope, String(key), name, rendering)
}

/**
 * In characters: how long a rendered text may be. A text of 100 MB whose quotes are escaped once fits; with one more such text it is
 * still below what V8 can hold (512 M), so that a template that repeats a parameter is refused and not thrown out of.
 */
export const maxCharacters = 200_000_000

const run = (program: Program, rendering: Rendering): void => {
  for (const step of program) {
    if (rendering.out.length > maxCharacters) refuse(new BodyTooLong({ limit: maxCharacters, fault: "call" }))
    if (typeof step === "string") {
      rendering.out += step
      continue
    }
    switch (step._tag) {
      case "Text":
        fillText(step, rendering)
        break
      case "Nullable":
        fillNullable(step.hole, rendering)
        break
      case "Value":
        fillValue(step, rendering)
        break
      case "Fragment":
        fillFragment(step, rendering)
        break
      case "Credential":
        rendering.out += rendering.credential(step.name)
        break
      case "Comma":
        if (rendering.written) rendering.out += ","
        break
      case "Written":
        rendering.written = step.written
        break
      case "KeyStart":
        rendering.keyStart = rendering.out.length
        break
      case "KeyEnd":
        endKey(step.scope, step.name, rendering)
        break
      case "Key":
        claim(step.scope, step.key, step.name, rendering)
        break
    }
  }
}

const noCredential = (): string => ""

/** The text of a program. Throws `TemplateError`; its border is `attempt`. */
export const render = (
  program: Program,
  supplied: Parameter.Supplied,
  skipMissing: boolean = false,
  credential: (name: string) => string = noCredential,
): string => {
  const rendering = { supplied, skipMissing, credential, seen: new Map(), out: "", written: false, keyStart: 0 }
  run(program, rendering)
  if (rendering.out.length > maxCharacters) refuse(new BodyTooLong({ limit: maxCharacters, fault: "call" }))
  return rendering.out
}

const isSupplied = (hole: Parameterised, supplied: Parameter.Supplied, nullCounts: boolean): boolean =>
  nullCounts
    ? supplied.caller.has(hole.name) || supplied.runtime.has(hole.name)
    : present(supplied.caller, hole.name) !== undefined || present(supplied.runtime, hole.name) !== undefined

const collectMissing = (
  program: Program,
  supplied: Parameter.Supplied,
  skipMissing: boolean,
  names: Array<string>,
): void => {
  for (const step of program) {
    if (typeof step === "string") continue
    const hole = step._tag === "Nullable" ? step.hole : step
    if (hole._tag !== "Text" && hole._tag !== "Value" && hole._tag !== "Fragment") continue
    if (typeof hole.otherwise === "string") continue
    if (isSupplied(hole, supplied, step._tag === "Nullable" || step._tag === "Value")) continue
    if (Array.isArray(hole.otherwise)) collectMissing(hole.otherwise, supplied, skipMissing, names)
    else if (hole.otherwise === undefined && isRequired(step, skipMissing) && !names.includes(hole.name))
      names.push(hole.name)
  }
}

/** The names that `program` needs and nobody fills, each once, in the order of the template. */
export const missing = (
  program: Program,
  supplied: Parameter.Supplied,
  skipMissing: boolean = false,
): ReadonlyArray<string> => {
  const names: Array<string> = []
  collectMissing(program, supplied, skipMissing, names)
  return names
}

/** What `render` gives. Where it refuses, holes that nobody fills are the first complaint, all of their names at once. */
export const namingMissing = <A>(
  program: Program,
  supplied: Parameter.Supplied,
  skipMissing: boolean,
  render: () => A,
): A => {
  try {
    return render()
  } catch (error) {
    const names = missing(program, supplied, skipMissing)
    if (names.length > 0) refuse(new MissingParameters({ names }))
    throw error
  }
}

const isRequired = (step: Exclude<Step, string>, skipMissing: boolean): boolean =>
  step._tag === "Value" || (step._tag === "Text" && !(skipMissing && step.literal !== undefined))
