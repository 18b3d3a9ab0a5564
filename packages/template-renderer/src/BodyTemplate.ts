/** The body of a request: JSON, NDJSON or any text, with placeholders. */
import type { Result } from "effect"
import type { Placeholder } from "./Placeholder.ts"
import * as Composition from "./internal/Composition.ts"
import * as JsonSkeleton from "./internal/JsonSkeleton.ts"
import * as Program from "./internal/Program.ts"
import * as Source from "./internal/Source.ts"
import * as MediaType from "./MediaType.ts"
import * as Parameter from "./Parameter.ts"
import { attempt, Malformed, TemplateError } from "./TemplateError.ts"

/** In characters, of a rendered body. */
export const { maxCharacters } = Program

export interface BodyTemplate {
  readonly source: string
  readonly placeholders: ReadonlyArray<Placeholder>
  readonly program: Program.Program
  /** The parameter of `Options.skipMissing`, and the author's value of it. */
  readonly skip: string | undefined
  readonly skipMissing: boolean
}

export interface Options {
  /** The content type of the request; absent means JSON. */
  readonly contentType?: string | undefined
  /** The parameter that, if `true`, leaves a placeholder without a value in place. */
  readonly skipMissing?: string | undefined
}

const label = { in: "request_body", shown: true }

/**
 * Whether missing parameters leave the placeholder in place. This applies to strings and text bodies; elsewhere the
 * result would not be JSON, so the parameter is reported as missing.
 */
const skipMissing = (template: BodyTemplate, supplied: Parameter.Supplied): boolean => {
  const { skip } = template
  if (skip === undefined) return false
  const value = supplied.caller.get(skip) ?? supplied.runtime.get(skip)
  return value === undefined ? template.skipMissing : Parameter.textOf(value).toLowerCase() === "true"
}

const compileAs = (source: Source.Source, author: Parameter.Author, kind: MediaType.Kind) => {
  const composition = Composition.begin(author)
  const program =
    kind === "text"
      ? Composition.textProgram(composition, source, "text", Composition.verbatim)
      : JsonSkeleton.compile({ composition, source, layout: kind === "json" ? "value" : "lines" }, "whole")
  return { placeholders: composition.placeholders, program }
}

/** JSON over several lines that is not one value may be NDJSON; if it is not, the first error is reported. */
const compileJson = (source: Source.Source, author: Parameter.Author) => {
  try {
    return compileAs(source, author, "json")
  } catch (error) {
    if (!(error instanceof TemplateError && error.reason instanceof Malformed && source.flat.includes("\n")))
      throw error
    try {
      return compileAs(source, author, "lines")
    } catch {
      throw error
    }
  }
}

/** Compiles a `request_body`. A blank one is a blank body. */
export const compile = (
  source: string,
  author: Parameter.Author,
  options?: Options,
): Result.Result<BodyTemplate, TemplateError> =>
  attempt(() => {
    const kind = source.trim() === "" ? "text" : MediaType.kind(options?.contentType)
    const reading = Source.read(source, label, false)
    const compiled = kind === "json" ? compileJson(reading, author) : compileAs(reading, author, kind)
    const skip = options?.skipMissing
    const skipped = skip !== undefined && Object.hasOwn(author, skip) ? author[skip] : undefined
    return { source, ...compiled, skip, skipMissing: skipped?.toLowerCase() === "true" }
  })

/** The names without a value, in the order of the template. */
export const missing = (template: BodyTemplate, supplied: Parameter.Supplied): ReadonlyArray<string> =>
  Program.missing(template.program, supplied, skipMissing(template, supplied))

/** The body for one call. */
export const render = (template: BodyTemplate, supplied: Parameter.Supplied): Result.Result<string, TemplateError> =>
  attempt(() => {
    const skipping = skipMissing(template, supplied)
    return Program.namingMissing(template.program, supplied, skipping, () =>
      Program.render(template.program, supplied, skipping),
    )
  })
