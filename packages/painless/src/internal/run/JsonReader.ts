/** Parses JSON text directly to values (RFC 8259), because `JSON.parse` does not distinguish `1` from `1.0`. */
import * as Binding from "./Binding.ts"
import { Double, JavaMap, List, type Value } from "./Value.ts"

/** Where the text stops being JSON; the text itself is never quoted. */
export class Malformed {
  readonly offset: number
  readonly message: string
  constructor(offset: number, message: string) {
    this.offset = offset
    this.message = message
  }
}

const number = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y
const words = new Map<string, Value>([
  ["true", true],
  ["false", false],
  ["null", null],
])

/** Longer numbers are parsed as double, because no practical integer has more digits. */
const longestInteger = 400

export class JsonReader {
  private readonly text: string
  private readonly numbers: Binding.Numbers
  private at = 0

  constructor(text: string, numbers: Binding.Numbers) {
    this.text = text
    this.numbers = numbers
  }

  /** The one value of the text; throws `Malformed`. */
  read(): Value {
    const value = this.value(0)
    this.space()
    return this.at === this.text.length ? value : this.malformed("the end of the text")
  }

  private malformed(wanted: string): never {
    throw new Malformed(this.at, `this is not JSON: expected ${wanted}`)
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at)
      if (code !== 32 && code !== 10 && code !== 13 && code !== 9) return
      this.at++
    }
  }

  private accept(symbol: string): boolean {
    this.space()
    if (this.text[this.at] !== symbol) return false
    this.at++
    return true
  }

  private expect(symbol: string): void {
    if (!this.accept(symbol)) this.malformed(symbol)
  }

  private value(depth: number): Value {
    if (depth > Binding.maxDepth) throw new Malformed(this.at, `the data nests deeper than ${Binding.maxDepth}`)
    this.space()
    const first = this.text[this.at]
    if (first === '"') return this.string()
    if (first === "[") return this.list(depth)
    if (first === "{") return this.map(depth)
    if (first === "-" || (first !== undefined && first >= "0" && first <= "9")) return this.number()
    for (const [word, value] of words)
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length
        return value
      }
    return this.malformed("a value")
  }

  private string(): string {
    const start = this.at
    let end = this.text.indexOf('"', start + 1)
    const plain = this.text.indexOf("\\", start + 1)
    if (end < 0) return this.malformed("a closing quote")
    if (plain >= 0 && plain < end) {
      end = plain
      while (this.text[end] !== '"') {
        end += this.text[end] === "\\" ? 2 : 1
        if (end >= this.text.length) return this.malformed("a closing quote")
      }
    }
    this.at = end + 1
    return this.decoded(this.text.slice(start, end + 1), start)
  }

  /** `JSON.parse` decodes the escapes and rejects raw control characters. */
  private decoded(quoted: string, start: number): string {
    try {
      return String(JSON.parse(quoted))
    } catch {
      this.at = start
      return this.malformed("a well-formed string")
    }
  }

  private number(): Value {
    const start = this.at
    number.lastIndex = start
    if (!number.test(this.text)) return this.malformed("a number")
    this.at = number.lastIndex
    const written = this.text.slice(start, this.at)
    if (this.numbers === "double" || written.length > longestInteger) return new Double(Number(written))
    return /[.eE]/.test(written) ? new Double(Number(written)) : integer(written)
  }

  private list(depth: number): List {
    this.at++
    const items: Array<Value> = []
    if (this.accept("]")) return new List(items)
    do items.push(this.value(depth + 1))
    while (this.accept(","))
    this.expect("]")
    return new List(items)
  }

  private map(depth: number): JavaMap {
    this.at++
    const map = new JavaMap()
    if (this.accept("}")) return map
    do {
      this.space()
      if (this.text[this.at] !== '"') return this.malformed("a key in quotes")
      const key = this.string()
      this.expect(":")
      Binding.put(map, key, this.value(depth + 1))
    } while (this.accept(","))
    this.expect("}")
    return map
  }
}

const integer = (written: string): Value =>
  written.length < 10 ? Number(written) + 0 : Binding.integer(BigInt(written))
