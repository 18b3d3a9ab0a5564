/** Reads a template as JSON with holes (RFC 8259), and compiles it. */
import type { Position } from "../Hole.ts"
import * as JsonScan from "@drawbar/json-text/JsonScan"
import * as StringContent from "../StringContent.ts"
import { BackslashTouchesHole, Malformed, NotAJsonValue, refuse, TemplateError } from "../TemplateError.ts"
import * as Composition from "./Composition.ts"
import type { Otherwise, Program, Scope, Step, ValueHole } from "./Program.ts"
import * as Source from "./Source.ts"

/** One value; NDJSON, a value a line; or one value that has to stay on one line of it. */
export type Layout = "value" | "lines" | "line"

/** What has been written in a container before a point: nothing, perhaps something (fragments only), surely something. */
type Before = "nothing" | "perhaps" | "surely"

/** What entries stand in: an object (`scope`) or a list. `close` 0 is the end of an author's fragment, which is called `name`. */
interface Container {
  readonly scope: Scope | undefined
  readonly close: number
  readonly name: string | undefined
}

/** What `Reader` reads: a source, in whose name, into which layout. */
interface Reading {
  readonly composition: Composition.Composition
  readonly source: Source.Source
  readonly layout: Layout
}

class Reader {
  readonly reading: Reading
  readonly flat: string
  readonly program: Array<Step> = []
  readonly holes: ReadonlyMap<number, Source.Placeholder>
  /** What precedes `from` is in the program; `at` is the reader's place. */
  from = 0
  at = 0
  depth = 0

  constructor(reading: Reading) {
    this.reading = reading
    this.flat = reading.source.flat
    this.holes = new Map(reading.source.holes.map((hole) => [hole.at, hole]))
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
    if (line >= 0 && this.depth > 0) this.fail("in NDJSON a value may not go over the end of its line")
  }

  get oneLine(): boolean {
    return this.reading.layout !== "value"
  }

  hole(): Source.Placeholder | undefined {
    return this.code() === 0 ? this.holes.get(this.at) : undefined
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

  /** Everything up to the end: one value, or lines of them. */
  whole(position: "value" | "whole"): void {
    for (let isFirst = true; ; isFirst = false) {
      this.at = JsonScan.afterSpace(this.flat, this.at)
      if (this.at >= this.flat.length && !isFirst) break
      this.value(position)
      this.space()
      if (this.at >= this.flat.length) break
      if (this.code() !== 0x0a) this.fail("nothing but white space may follow the value")
    }
    this.flush()
  }

  value(position: "value" | "whole"): void {
    const hole = this.hole()
    if (hole !== undefined) return this.replace(this.valueHole(hole, position))
    const code = this.code()
    if (code === 0x22) return this.string(true)
    if (code === 0x7b || code === 0x5b) return this.container(code)
    const end = JsonScan.scalarEnd(this.flat, this.at)
    if (end < 0) this.fail("a JSON value is expected here")
    this.at = end
  }

  /** Writes down a hole outside a string, where `.toString()` has no sense. */
  record(hole: Source.Placeholder, position: Position): Composition.Composition {
    const { composition, source } = this.reading
    Composition.record(composition, source, hole, position)
    if (hole.asText) this.fail(`${hole.source} is text, so it can stand only between quotes`)
    return composition
  }

  valueHole(hole: Source.Placeholder, position: "value" | "whole"): ValueHole {
    const composition = this.record(hole, position)
    const oneLine = this.oneLine
    const plain = (text: string): Otherwise => {
      if (JsonScan.isValue(text)) return oneLine ? JsonScan.onOneLine(text) : text
      if (position === "whole" && text === "") return ""
      return new TemplateError({ reason: new NotAJsonValue({ parameter: hole.name, position, fault: "document" }) })
    }
    const composed = (inner: Composition.Composition, text: Source.Source): Otherwise =>
      compile({ composition: inner, source: text, layout: oneLine ? "line" : "value" }, position)
    return {
      _tag: "Value",
      name: hole.name,
      position,
      oneLine,
      otherwise: Composition.otherwise(composition, hole, plain, composed),
    }
  }

  /** A string; `nullable`: as `"${parameters.x:-null}"` it may become a bare `null`. */
  string(nullable: boolean): void {
    const { composition, source } = this.reading
    const only = this.flat[this.at + 2] === `"` ? this.holes.get(this.at + 1) : undefined
    if (nullable && only !== undefined && only.default === "null" && !only.asText) {
      this.flush()
      const hole = Composition.stringHole(composition, source, only)
      const authored = composition.author.has(only.name)
      this.push({ _tag: "Nullable", hole: authored ? hole : { ...hole, otherwise: undefined } })
      this.from = this.at += 3
      return
    }
    for (this.at++; this.code() !== 0x22;) {
      const hole = this.hole()
      const code = this.code()
      if (hole !== undefined) this.replace(Composition.stringHole(composition, source, hole))
      else if (code === 0x5c) this.escape()
      else if (code >= 0x20) this.at++
      else
        this.fail(Number.isNaN(code) ? "a string has to be closed" : "a control character in a string must be escaped")
    }
    this.at++
  }

  escape(): void {
    const end = JsonScan.escapeEnd(this.flat, this.at)
    if (end < 0) {
      const { holes, place } = this.reading.source
      const next = holes.find((hole) => hole.at > this.at)
      if (next !== undefined && StringContent.endsInsideEscape(this.flat.slice(this.at, next.at)))
        refuse(new BackslashTouchesHole({ place: place(this.at) }))
      this.fail("this backslash begins no JSON escape")
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
   * The entries of a list, an object or an author's fragment, up to what closes it. Commas leave the text, and come back
   * as what is there needs them. Answers what has surely been written.
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
      const hole = this.hole()
      if (this.code() === 0x2c) {
        if (last === "comma" || last === "open") this.fail("an entry is expected here, not a comma")
        this.replace(undefined)
        last = "comma"
      } else if (hole !== undefined && (scope !== undefined || this.isFragment(hole, last, close))) {
        this.fragment(hole, scope, before)
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

  /** In a list, a hole between `[` or a comma and a comma or `]` is one value, unless its default is nothing. */
  isFragment(hole: Source.Placeholder, last: string, close: number): boolean {
    const next = JsonScan.afterSpace(this.flat, this.at + 1)
    const begins = last === "open" || last === "comma"
    const ends = this.flat[next] === "," || (close !== 0 && this.closes(close, next))
    return hole.default === "" || !begins || !ends
  }

  fragment(hole: Source.Placeholder, scope: Scope | undefined, before: Before): void {
    const composition = this.record(hole, "fragment")
    const layout = this.oneLine ? "line" : "value"
    const composed = (inner: Composition.Composition, text: Source.Source): Program =>
      compileFragment({ composition: inner, source: text, layout }, scope, before, hole.name)
    const plain = (text: string): Program =>
      composed(composition, Source.plain(text, { in: `parameters.${hole.name}`, shown: false }))
    this.flush()
    if (before === "nothing") this.push({ _tag: "Written", written: false })
    this.replace({
      _tag: "Fragment",
      name: hole.name,
      after: before === "surely",
      scope,
      oneLine: this.oneLine,
      otherwise: Composition.otherwise(composition, hole, plain, composed),
    })
  }

  /** A key and its value. Keys that only a rendering knows, or that only some renderings have, are claimed then. */
  member(scope: Scope, name: string | undefined): void {
    if (this.code() !== 0x22) this.fail("a key in quotes is expected here")
    const end = JsonScan.stringEnd(this.flat, this.at)
    if (end < 0) {
      const hole = this.reading.source.holes.find((hole) => hole.at > this.at)
      this.flush()
      this.push({ _tag: "KeyStart" })
      this.string(false)
      this.flush()
      this.push({ _tag: "KeyEnd", scope, name: hole?.name ?? "" })
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

/** Compiles an author's parameter that stands among the entries of a container; one leading and one trailing comma are dropped. */
const compileFragment = (reading: Reading, scope: Scope | undefined, before: Before, name: string): Program => {
  const reader = new Reader(reading)
  const after = reader.sequence({ scope, close: 0, name }, before === "nothing" ? "perhaps" : before)
  reader.flush()
  if (before !== "surely" && after === "surely") reader.push({ _tag: "Written", written: true })
  return reader.program
}
