/** Tokens one after the other, with as much looking ahead as it takes to know what begins there. */
import { fault, suggestion } from "../Fault.ts"
import type { Token } from "./Lexer.ts"
import * as Type from "../run/Type.ts"

const longestGenerics = 64

export class TokenStream {
  private readonly tokens: ReadonlyArray<Token>
  protected position = 0

  constructor(tokens: ReadonlyArray<Token>) {
    this.tokens = tokens
  }

  protected get token(): Token {
    return this.peek(0)
  }

  protected peek(ahead: number): Token {
    const token = this.tokens[Math.min(this.position + ahead, this.tokens.length - 1)]
    return token ?? fault(0, "the script is empty")
  }

  protected next(): Token {
    const token = this.token
    this.position++
    return token
  }

  /** Whether the token `ahead` is this symbol or keyword. */
  protected is(text: string, ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.text === text && (token.kind === "symbol" || token.kind === "keyword")
  }

  protected accept(text: string): boolean {
    const found = this.is(text)
    if (found) this.position++
    return found
  }

  protected expect(text: string): Token {
    return this.is(text) ? this.next() : this.unexpected(`[${text}]`)
  }

  protected name(what: string): Token {
    return this.token.kind === "name" ? this.next() : this.unexpected(what)
  }

  protected unexpected(wanted: string): never {
    const { at, kind, text } = this.token
    return fault(
      at,
      `expected ${wanted} but found ${kind === "end" ? text : kind === "string" ? "a string" : `[${text}]`}`,
    )
  }

  protected separated<A>(close: string, parse: () => A): Array<A> {
    const found: Array<A> = []
    if (this.accept(close)) return found
    do found.push(parse())
    while (this.accept(","))
    this.expect(close)
    return found
  }

  protected isPrimitive(ahead = 0): boolean {
    const token = this.peek(ahead)
    return token.kind === "keyword" && (token.text === Type.def || Type.isPrimitive(token.text))
  }

  /** How many tokens from `ahead` form a type, known or not; 0 if they cannot be one. */
  protected typeLength(ahead = 0): number {
    let end = ahead
    if (this.isPrimitive(end)) end++
    else {
      if (this.peek(end).kind !== "name") return 0
      end++
      while (this.is(".", end) && this.peek(end + 1).kind === "name") end += 2
      end = this.skipGenerics(end)
    }
    while (this.is("[", end) && this.is("]", end + 1)) end += 2
    return end - ahead
  }

  /** Skips `<…>`, so that it can be rejected by name; `end` itself if there is none. */
  private skipGenerics(end: number): number {
    if (!this.is("<", end)) return end
    let open = 0
    for (let at = end; at < end + longestGenerics; at++) {
      const { kind, text } = this.peek(at)
      if (text === "<") open++
      else if (text === ">" || text === ">>" || text === ">>>") open -= text.length
      else if (kind !== "name" && !this.isPrimitive(at) && ![",", ".", "?", "[", "]"].includes(text)) return end
      if (open <= 0) return open === 0 ? at + 1 : end
    }
    return end
  }

  protected startsFunction(): boolean {
    const length = this.typeLength()
    return length > 0 && this.peek(length).kind === "name" && this.is("(", length + 1)
  }

  protected startsDeclaration(): boolean {
    const length = this.typeLength()
    return length > 0 && (this.isPrimitive() || this.peek(length).kind === "name")
  }

  protected isEach(ahead: number): boolean {
    return this.is("in", ahead) || this.is(":", ahead)
  }

  /** `(Type) operand`; before the name of a class, `+` and `-` are binary operators. */
  protected startsCast(): boolean {
    const length = this.is("(") ? this.typeLength(1) : 0
    if (length === 0 || !this.is(")", length + 1)) return false
    const after = this.peek(length + 2)
    const operand =
      after.kind === "name" ||
      after.kind === "number" ||
      after.kind === "string" ||
      after.kind === "regex" ||
      after.kind === "placeholder" ||
      ["(", "!", "~", "[", "new", "true", "false", "null"].includes(after.text)
    if (this.isPrimitive(1)) return operand || ["+", "-", "++", "--"].includes(after.text)
    const isType = length > 1 || Type.named(this.peek(1).text) !== undefined
    return operand && (isType || after.kind !== "symbol") && !this.is("->", length + 2)
  }

  /** `x -> …` or `(a, b) -> …`. */
  protected startsLambda(): boolean {
    if (this.token.kind === "name") return this.is("->", 1)
    if (!this.is("(")) return false
    let ahead = 1
    while (
      this.peek(ahead).kind === "name" ||
      this.isPrimitive(ahead) ||
      [",", "[", "]"].includes(this.peek(ahead).text)
    )
      ahead++
    return this.is(")", ahead) && this.is("->", ahead + 1)
  }

  protected type(): string {
    const start = this.token
    const length = this.typeLength()
    if (length === 0) return this.unexpected("a type")
    const end = this.position + length
    let written = ""
    while (this.position < end && !this.is("<")) written += this.next().text
    if (this.position < end) return fault(this.token.at, `generics are not in Painless: write [${written}]`)
    return this.named(written, start.at)
  }

  private named(written: string, at: number): string {
    return Type.named(written) ?? fault(at, `unknown type [${written}]${suggestion(written, Type.names)}`)
  }
}
