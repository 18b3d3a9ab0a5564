/** Parses a template as JSON with placeholders (RFC 8259), and compiles it. */
import type { Position } from "../Placeholder.ts"
import * as JsonScan from "@drawbar/json-text/JsonScan"
import * as StringContent from "../StringContent.ts"
import { BackslashTouchesPlaceholder, Malformed, NotAJsonValue, refuse, TemplateError } from "../TemplateError.ts"
import * as Composition from "./Composition.ts"
import type { Otherwise, Program, Scope, Step, ValuePlaceholder } from "./Program.ts"
import * as Source from "./Source.ts"

/** One value; NDJSON, one value per line; or one value that must stay on one line of NDJSON. */
export type Layout = "value" | "lines" | "line"

/**
 * What has been written in a container so far: nothing, possibly something (fragments only), or certainly something.
 */
type Before = "nothing" | "perhaps" | "surely"

/**
 * The container of entries: an object (`scope`) or a list. `close` 0 is the end of an author's fragment, whose
 * parameter is `name`.
 */
interface Container {
  readonly scope: Scope | undefined
  readonly close: number
  readonly name: string | undefined
}

/** The input of `Reader`: a source, the parameter it belongs to, and the layout. */
interface Reading {
  readonly composition: Composition.Composition
  readonly source: Source.Source
  readonly layout: Layout
}

class Reader {
  readonly reading: Reading
  readonly flat: string
  readonly program: Array<Step> = []
  readonly placeholders: ReadonlyMap<number, Source.Placeholder>
  /** Text before `from` is already in the program; `at` is the current position. */
  from = 0
  at = 0
  depth = 0

  constructor(reading: Reading) {
    this.reading = reading
    this.flat = reading.source.flat
    this.placeholders = new Map(reading.source.placeholders.map((placeholder) => [placeholder.at, placeholder]))
  }

  fail(problem: string): never {
    const place = this.reading.source.place(this.at)
    return refuse(
      new Malformed({ place, problem: this.at < this.flat.length ? problem : `the text ends where ${problem}` }),
    )
  }

  code(): number {
    return this.flat.charCodeAt(this.at)
  }

  space(): void {
    const next = JsonScan.afterSpace(this.flat, this.at)
    const line = this.reading.layout === "lines" ? this.flat.slice(this.at, next).indexOf("\n") : -1
    this.at = line < 0 ? next : this.at + line
    if (line >= 0 && this.depth > 0) this.fail("in NDJSON a value must be on one line")
  }

  get oneLine(): boolean {
    return this.reading.layout !== "value"
  }

  placeholder(): Source.Placeholder | undefined {
    return this.code() === 0 ? this.placeholders.get(this.at) : undefined
  }

  /** Moves the text before `at` into the program. */
  flush(): void {
    const text = this.flat.slice(this.from, this.at)
    this.push(this.reading.layout === "line" ? JsonScan.onOneLine(text) : text)
    this.from = this.at
  }

  push(step: Step): void {
    const last = this.program.at(-1)
    if (step === "") return
    if (typeof step === "string" && typeof last === "string") this.program[this.program.length - 1] = last + step
    else this.program.push(step)
  }

  /** Writes a step instead of the character at `at`. */
  replace(step: Step | undefined): void {
    this.flush()
    if (step !== undefined) this.push(step)
    this.from = ++this.at
  }

  /** Reads to the end: one value, or one value per line. */
  whole(position: "value" | "whole"): void {
    for (let isFirst = true; ; isFirst = false) {
      this.at = JsonScan.afterSpace(this.flat, this.at)
      if (this.at >= this.flat.length && !isFirst) break
      this.value(position)
      this.space()
      if (this.at >= this.flat.length) break
      if (this.code() !== 0x0a) this.fail("only whitespace may follow the value")
    }
    this.flush()
  }

  value(position: "value" | "whole"): void {
    const placeholder = this.placeholder()
    if (placeholder !== undefined) return this.replace(this.valuePlaceholder(placeholder, position))
    const code = this.code()
    if (code === 0x22) return this.string(true)
    if (code === 0x7b || code === 0x5b) return this.container(code)
    const end = JsonScan.scalarEnd(this.flat, this.at)
    if (end < 0) this.fail("a JSON value is expected here")
    this.at = end
  }

  /** Records a placeholder outside a string, where `.toString()` is not allowed. */
  record(placeholder: Source.Placeholder, position: Position): Composition.Composition {
    const { composition, source } = this.reading
    Composition.record(composition, source, placeholder, position)
    if (placeholder.asText) this.fail(`${placeholder.source} is text, so it is allowed only between quotes`)
    return composition
  }

  valuePlaceholder(placeholder: Source.Placeholder, position: "value" | "whole"): ValuePlaceholder {
    const composition = this.record(placeholder, position)
    const oneLine = this.oneLine
    const plain = (text: string): Otherwise => {
      if (JsonScan.isValue(text)) return oneLine ? JsonScan.onOneLine(text) : text
      if (position === "whole" && text === "") return ""
      return new TemplateError({
        reason: new NotAJsonValue({ parameter: placeholder.name, position, fault: "document" }),
      })
    }
    const composed = (inner: Composition.Composition, text: Source.Source): Otherwise =>
      compile({ composition: inner, source: text, layout: oneLine ? "line" : "value" }, position)
    return {
      _tag: "Value",
      name: placeholder.name,
      position,
      oneLine,
      otherwise: Composition.otherwise(composition, placeholder, plain, composed),
    }
  }

  /** A string; `nullable`: as `"${parameters.x:-null}"` it may become a bare `null`. */
  string(nullable: boolean): void {
    const { composition, source } = this.reading
    const only = this.flat[this.at + 2] === `"` ? this.placeholders.get(this.at + 1) : undefined
    if (nullable && only !== undefined && only.default === "null" && !only.asText) {
      this.flush()
      const placeholder = Composition.stringPlaceholder(composition, source, only)
      const authored = composition.author.has(only.name)
      this.push({ _tag: "Nullable", placeholder: authored ? placeholder : { ...placeholder, otherwise: undefined } })
      this.from = this.at += 3
      return
    }
    for (this.at++; this.code() !== 0x22;) {
      const placeholder = this.placeholder()
      const code = this.code()
      if (placeholder !== undefined) this.replace(Composition.stringPlaceholder(composition, source, placeholder))
      else if (code === 0x5c) this.escape()
      else if (code >= 0x20) this.at++
      else this.fail(Number.isNaN(code) ? "a string must be closed" : "a control character in a string must be escaped")
    }
    this.at++
  }

  escape(): void {
    const end = JsonScan.escapeEnd(this.flat, this.at)
    if (end < 0) {
      const { placeholders, place } = this.reading.source
      const next = placeholders.find((placeholder) => placeholder.at > this.at)
      if (next !== undefined && StringContent.endsInsideEscape(this.flat.slice(this.at, next.at)))
        refuse(new BackslashTouchesPlaceholder({ place: place(this.at) }))
      this.fail("this backslash does not begin a JSON escape")
    }
    this.at = end
  }

  container(open: number): void {
    if (this.depth === JsonScan.maximumDepth) this.fail(`no more than ${JsonScan.maximumDepth} levels of nesting`)
    this.depth++
    this.at++
    this.sequence(
      { scope: open === 0x7b ? { keys: new Set() } : undefined, close: open + 2, name: undefined },
      "nothing",
    )
    this.at++
    this.depth--
  }

  /**
   * The entries of a list, an object or an author's fragment, up to the closing character. Commas are removed from the
   * text and added again where the result needs them. Returns what has certainly been written.
   */
  sequence(container: Container, start: Before): Before {
    const { scope, close, name } = container
    let before = start
    let last: "edge" | "open" | "comma" | "item" | "fragment" = close === 0 ? "edge" : "open"
    for (;;) {
      this.space()
      if (this.closes(close, this.at)) {
        if (last === "comma" && close !== 0) this.fail("a comma must be followed by another entry")
        return before
      }
      const placeholder = this.placeholder()
      if (this.code() === 0x2c) {
        if (last === "comma" || last === "open") this.fail("an entry is expected here, not a comma")
        this.replace(undefined)
        last = "comma"
      } else if (placeholder !== undefined && (scope !== undefined || this.isFragment(placeholder, last, close))) {
        this.fragment(placeholder, scope, before)
        if (before === "nothing") before = "perhaps"
        last = "fragment"
      } else {
        if (last === "item") this.fail("a comma or the end is expected here")
        if (before !== "nothing") this.push(before === "surely" ? "," : { _tag: "Comma" })
        if (scope === undefined) this.value("value")
        else this.member(scope, name)
        before = "surely"
        last = "item"
      }
    }
  }

  closes(close: number, index: number): boolean {
    return close === 0 ? index >= this.flat.length : this.flat.charCodeAt(index) === close
  }

  /** In a list, a placeholder between `[` or a comma and a comma or `]` is one value, unless its default is empty. */
  isFragment(placeholder: Source.Placeholder, last: string, close: number): boolean {
    const next = JsonScan.afterSpace(this.flat, this.at + 1)
    const begins = last === "open" || last === "comma"
    const ends = this.flat[next] === "," || (close !== 0 && this.closes(close, next))
    return placeholder.default === "" || !begins || !ends
  }

  fragment(placeholder: Source.Placeholder, scope: Scope | undefined, before: Before): void {
    const composition = this.record(placeholder, "fragment")
    const layout = this.oneLine ? "line" : "value"
    const composed = (inner: Composition.Composition, text: Source.Source): Program =>
      compileFragment({ composition: inner, source: text, layout }, scope, before, placeholder.name)
    const plain = (text: string): Program =>
      composed(composition, Source.plain(text, { in: `parameters.${placeholder.name}`, shown: false }))
    this.flush()
    if (before === "nothing") this.push({ _tag: "Written", written: false })
    this.replace({
      _tag: "Fragment",
      name: placeholder.name,
      after: before === "surely",
      scope,
      oneLine: this.oneLine,
      otherwise: Composition.otherwise(composition, placeholder, plain, composed),
    })
  }

  /**
   * A key and its value. Keys that are known only when rendering, or that occur only in some renderings, are checked
   * then.
   */
  member(scope: Scope, name: string | undefined): void {
    if (this.code() !== 0x22) this.fail("a key in quotes is expected here")
    const end = JsonScan.stringEnd(this.flat, this.at)
    if (end < 0) {
      const placeholder = this.reading.source.placeholders.find((placeholder) => placeholder.at > this.at)
      this.flush()
      this.push({ _tag: "KeyStart" })
      this.string(false)
      this.flush()
      this.push({ _tag: "KeyEnd", scope, name: placeholder?.name ?? "" })
    } else {
      const key: string = JSON.parse(this.flat.slice(this.at, end))
      if (name === undefined) scope.keys.add(key)
      else this.push({ _tag: "Key", scope, key, name })
      this.at = end
    }
    this.space()
    if (this.code() !== 0x3a) this.fail("a colon is expected here")
    this.at++
    this.space()
    this.value("value")
  }
}

/** Compiles a body, or an author's parameter that fills a value. */
export const compile = (reading: Reading, position: "value" | "whole"): Program => {
  const reader = new Reader(reading)
  reader.whole(position)
  return reader.program
}

/** Compiles an author's parameter within the entries of a container; one leading and one trailing comma are removed. */
const compileFragment = (reading: Reading, scope: Scope | undefined, before: Before, name: string): Program => {
  const reader = new Reader(reading)
  const after = reader.sequence({ scope, close: 0, name }, before === "nothing" ? "perhaps" : before)
  reader.flush()
  if (before !== "surely" && after === "surely") reader.push({ _tag: "Written", written: true })
  return reader.program
}
