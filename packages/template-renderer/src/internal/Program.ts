/** A compiled template: a list of steps, and the loop that runs them. */
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

/** How text is encoded in a position, by its provenance. `caller` may reject it, and receives the parameter's name. */
export interface Encoding {
  readonly author: (text: string) => string
  readonly runtime: (text: string) => string
  readonly caller: (text: string, parameter: string) => string
}

/**
 * The value of a placeholder that no call fills: encoded text, the author's own template, an error to throw then, or
 * undefined.
 */
export type Otherwise = string | Program | TemplateError | undefined

interface Parameterised {
  readonly name: string
  readonly otherwise: Otherwise
}

/** A placeholder in text: within a JSON string, a header, a path. */
export interface TextPlaceholder extends Parameterised {
  readonly _tag: "Text"
  readonly encoding: Encoding
  /** What is left where missing parameters are skipped; undefined where the literal placeholder would break the request. */
  readonly literal: string | undefined
}

/** `"${parameters.x:-null}"`, whose quotes belong to the step. */
export interface NullablePlaceholder {
  readonly _tag: "Nullable"
  readonly placeholder: TextPlaceholder
}

/** One JSON value. `oneLine` in NDJSON. */
export interface ValuePlaceholder extends Parameterised {
  readonly _tag: "Value"
  readonly position: "value" | "whole"
  readonly oneLine: boolean
}

/**
 * A sequence of items, or of members (`scope`), which may be empty. `after`: certainly something precedes it in its
 * container.
 */
export interface FragmentPlaceholder extends Parameterised {
  readonly _tag: "Fragment"
  readonly after: boolean
  readonly scope: Scope | undefined
  readonly oneLine: boolean
}

/** The keys in the template text of an object. */
export interface Scope {
  readonly keys: Set<string>
}

export type Step =
  | string
  | TextPlaceholder
  | NullablePlaceholder
  | ValuePlaceholder
  | FragmentPlaceholder
  | { readonly _tag: "Credential"; readonly name: string }
  /** A comma, if only placeholders precede it in its container and one of them was filled. */
  | { readonly _tag: "Comma" }
  /** Whether the container of the next fragments already has an entry. */
  | { readonly _tag: "Written"; readonly written: boolean }
  /** A key with placeholders begins, or ends: it may not repeat another. */
  | { readonly _tag: "KeyStart" }
  | { readonly _tag: "KeyEnd"; readonly scope: Scope; readonly name: string }
  /** A key of an author's fragment, which counts only if no call replaces the fragment. */
  | { readonly _tag: "Key"; readonly scope: Scope; readonly key: string; readonly name: string }

export type Program = ReadonlyArray<Step>

/** The state of one rendering. */
interface Rendering {
  readonly supplied: Parameter.Supplied
  readonly skipMissing: boolean
  readonly credential: (name: string) => string
  readonly seen: Map<Scope, Set<string>>
  out: string
  written: boolean
  keyStart: number
}

const otherwise = (placeholder: Parameterised, rendering: Rendering): void => {
  const fill = placeholder.otherwise
  if (typeof fill === "string") rendering.out += fill
  else if (fill === undefined) refuse(new MissingParameters({ names: [placeholder.name] }))
  else if (Array.isArray(fill)) run(fill, rendering)
  else throw fill
}

/** The value that the call supplies for a name; `null` counts as missing. */
const present = (values: ReadonlyMap<string, Parameter.Value>, name: string): Parameter.Value | undefined => {
  const value = values.get(name)
  return value === undefined || Parameter.isNull(value) ? undefined : value
}

const fillText = (placeholder: TextPlaceholder, rendering: Rendering): void => {
  const { caller, runtime } = rendering.supplied
  const sent = present(caller, placeholder.name)
  if (sent !== undefined) {
    rendering.out += placeholder.encoding.caller(Parameter.textOf(sent), placeholder.name)
    return
  }
  const computed = present(runtime, placeholder.name)
  if (computed !== undefined) rendering.out += placeholder.encoding.runtime(Parameter.textOf(computed))
  else if (placeholder.otherwise === undefined && rendering.skipMissing && placeholder.literal !== undefined)
    rendering.out += placeholder.literal
  else otherwise(placeholder, rendering)
}

const fillNullable = (placeholder: TextPlaceholder, rendering: Rendering): void => {
  const supplied = rendering.supplied.caller.get(placeholder.name) ?? rendering.supplied.runtime.get(placeholder.name)
  if (supplied === undefined ? placeholder.otherwise === undefined : Parameter.isNull(supplied)) {
    rendering.out += "null"
    return
  }
  rendering.out += `"`
  fillText(placeholder, rendering)
  rendering.out += `"`
}

const fillValue = (placeholder: ValuePlaceholder, rendering: Rendering): void => {
  const value = rendering.supplied.caller.get(placeholder.name) ?? rendering.supplied.runtime.get(placeholder.name)
  if (value === undefined) return otherwise(placeholder, rendering)
  if (value._tag === "Text" && !JsonScan.isValue(value.text))
    refuse(new NotAJsonValue({ parameter: placeholder.name, position: placeholder.position, fault: "call" }))
  const json = Parameter.textOf(value)
  rendering.out += placeholder.oneLine ? JsonScan.onOneLine(json) : json
}

const claim = (scope: Scope, key: string, parameter: string, rendering: Rendering): void => {
  const seen = rendering.seen.get(scope) ?? new Set()
  if (scope.keys.has(key) || seen.has(key)) refuse(new RepeatedKey({ parameter }))
  rendering.seen.set(scope, seen.add(key))
}

const fillFragment = (placeholder: FragmentPlaceholder, rendering: Rendering): void => {
  const value =
    present(rendering.supplied.caller, placeholder.name) ?? present(rendering.supplied.runtime, placeholder.name)
  if (value === undefined) {
    if (placeholder.otherwise !== undefined) otherwise(placeholder, rendering)
    return
  }
  const inside = placeholder.scope === undefined ? "list" : "object"
  const fragment = JsonScan.fragment(Parameter.textOf(value), inside)
  if (fragment === undefined) return refuse(new NotAJsonFragment({ parameter: placeholder.name, inside }))
  if (fragment.text === "") return
  if (placeholder.scope !== undefined)
    for (const key of fragment.keys) claim(placeholder.scope, key, placeholder.name, rendering)
  if (placeholder.after || rendering.written) rendering.out += ","
  rendering.out += placeholder.oneLine ? JsonScan.onOneLine(fragment.text) : fragment.text
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
        fillNullable(step.placeholder, rendering)
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

/** The text of a program. Throws `TemplateError`, which `attempt` catches. */
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

const isSupplied = (placeholder: Parameterised, supplied: Parameter.Supplied, nullCounts: boolean): boolean =>
  nullCounts
    ? supplied.caller.has(placeholder.name) || supplied.runtime.has(placeholder.name)
    : present(supplied.caller, placeholder.name) !== undefined ||
      present(supplied.runtime, placeholder.name) !== undefined

const collectMissing = (
  program: Program,
  supplied: Parameter.Supplied,
  skipMissing: boolean,
  names: Array<string>,
): void => {
  for (const step of program) {
    if (typeof step === "string") continue
    const placeholder = step._tag === "Nullable" ? step.placeholder : step
    if (placeholder._tag !== "Text" && placeholder._tag !== "Value" && placeholder._tag !== "Fragment") continue
    if (typeof placeholder.otherwise === "string") continue
    if (isSupplied(placeholder, supplied, step._tag === "Nullable" || step._tag === "Value")) continue
    if (Array.isArray(placeholder.otherwise)) collectMissing(placeholder.otherwise, supplied, skipMissing, names)
    else if (placeholder.otherwise === undefined && isRequired(step, skipMissing) && !names.includes(placeholder.name))
      names.push(placeholder.name)
  }
}

/** The names that `program` needs and that have no value, each once, in the order of the template. */
export const missing = (
  program: Program,
  supplied: Parameter.Supplied,
  skipMissing: boolean = false,
): ReadonlyArray<string> => {
  const names: Array<string> = []
  collectMissing(program, supplied, skipMissing, names)
  return names
}

/** The result of `render`. On failure, missing parameters are reported first, with all of their names. */
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
