/** Parses tokens to a tree by recursive descent, with precedence climbing for operators. */
import { fault } from "../Fault.ts"
import { foreignWords } from "./ForeignWords.ts"
import type { Token } from "./Lexer.ts"
import * as Literal from "./Literal.ts"
import { Exhausted } from "../run/Interruption.ts"
import * as Operators from "./Operators.ts"
import type * as Syntax from "./Syntax.ts"
import { TokenStream } from "./TokenStream.ts"
import * as Type from "../run/Type.ts"

const longestChain = 1000

export class Parser extends TokenStream {
  private readonly nesting: number
  private readonly placeholders: Array<Syntax.Placeholder> = []
  private depth = 0

  constructor(tokens: ReadonlyArray<Token>, nesting: number) {
    super(tokens)
    this.nesting = nesting
  }

  /** Functions first, then statements. */
  program(): Syntax.Program {
    const functions: Array<Syntax.Function> = []
    while (this.startsFunction()) functions.push(this.function())
    const at = this.token.at
    const statements: Array<Syntax.Statement> = []
    while (this.token.kind !== "end") if (!this.accept(";")) statements.push(this.statement())
    return { functions, body: { kind: "Block", at, statements }, placeholders: this.placeholders }
  }

  /** Parses a construct one nesting level deeper. */
  private nested<A>(parse: () => A): A {
    if (++this.depth > this.nesting) throw new Exhausted("nesting")
    const result = parse()
    this.depth--
    return result
  }

  private function(): Syntax.Function {
    const returns = this.type()
    const { at, text: name } = this.name("the name of a function")
    this.expect("(")
    const parameters = this.separated(")", () => this.parameter())
    return { at, returns, name, parameters, body: this.block() }
  }

  private parameter(): Syntax.Parameter {
    const type = this.type()
    const { at, text: name } = this.name("the name of a parameter")
    return { at, type, name }
  }

  private block(): Syntax.Block {
    const { at } = this.expect("{")
    const statements: Array<Syntax.Statement> = []
    while (!this.is("}")) {
      if (this.token.kind === "end") this.unexpected("[}]")
      if (!this.accept(";")) statements.push(this.statement())
    }
    this.position++
    return { kind: "Block", at, statements }
  }

  private statement(): Syntax.Statement {
    return this.nested(() => {
      const { at, kind, text } = this.token
      if (this.is("{")) return this.block()
      if (this.accept(";")) return { kind: "Block", at, statements: [] }
      const refused = kind === "name" ? foreignWords.get(text) : undefined
      if (refused !== undefined && !this.is("=", 1) && !this.is(".", 1)) return fault(at, refused)
      const compound = this.compound(at)
      if (compound !== undefined) return compound
      const simple = this.simple(at)
      if (!this.accept(";") && !this.is("}") && this.token.kind !== "end") this.unexpected("[;]")
      return simple
    })
  }

  private compound(at: number): Syntax.Statement | undefined {
    if (this.accept("if")) return this.conditional(at)
    if (this.accept("for")) return this.loop(at)
    if (this.accept("try")) return this.attempt(at)
    if (!this.accept("while")) return undefined
    const condition = this.parenthesised()
    return { kind: "While", at, condition, body: this.statement() }
  }

  private parenthesised(): Syntax.Expression {
    this.expect("(")
    const value = this.expression()
    this.expect(")")
    return value
  }

  private conditional(at: number): Syntax.Statement {
    const condition = this.parenthesised()
    const whenTrue = this.statement()
    return { kind: "If", at, condition, whenTrue, otherwise: this.accept("else") ? this.statement() : undefined }
  }

  private loop(at: number): Syntax.Statement {
    this.expect("(")
    const typed = this.typeLength()
    if (this.isEach(1)) return this.each(at, Type.def)
    if (typed > 0 && this.peek(typed).kind === "name" && this.isEach(typed + 1)) return this.each(at, this.type())
    const start = this.is(";") ? undefined : this.startsDeclaration() ? this.declaration(at) : this.evaluation(at)
    this.expect(";")
    const condition = this.is(";") ? undefined : this.expression()
    this.expect(";")
    const after = this.is(")") ? undefined : this.expression()
    this.expect(")")
    return { kind: "For", at, start, condition, after, body: this.statement() }
  }

  private each(at: number, type: string): Syntax.Statement {
    const { at: named, text: name } = this.name("the name of a variable")
    this.position++
    const items = this.expression()
    this.expect(")")
    return { kind: "ForEach", at, variable: { at: named, type, name }, items, body: this.statement() }
  }

  private attempt(at: number): Syntax.Statement {
    const body = this.block()
    const catches: Array<{ readonly variable: Syntax.Parameter; readonly body: Syntax.Statement }> = []
    while (this.accept("catch")) {
      this.expect("(")
      const variable = this.parameter()
      this.expect(")")
      catches.push({ variable, body: this.block() })
    }
    if (this.token.text === "finally") return fault(this.token.at, "finally is not in Painless")
    return catches.length > 0 ? { kind: "Try", at, body, catches } : this.unexpected("[catch]")
  }

  private simple(at: number): Syntax.Statement {
    if (this.accept("return")) {
      const bare = this.is(";") || this.is("}") || this.token.kind === "end"
      return { kind: "Return", at, value: bare ? undefined : this.expression() }
    }
    if (this.accept("throw")) return { kind: "Throw", at, value: this.expression() }
    if (this.accept("break")) return { kind: "Break", at }
    if (this.accept("continue")) return { kind: "Continue", at }
    if (this.accept("do")) {
      const body = this.statement()
      this.expect("while")
      return { kind: "DoWhile", at, condition: this.parenthesised(), body }
    }
    if (this.startsFunction()) return fault(at, "functions must precede the first statement")
    return this.startsDeclaration() ? this.declaration(at) : this.evaluation(at)
  }

  private evaluation(at: number): Syntax.Statement {
    return { kind: "Evaluate", at, value: this.expression() }
  }

  private declaration(at: number): Syntax.Statement {
    const type = this.type()
    const variables = []
    do {
      const { at, text: name } = this.name("the name of a variable")
      variables.push({ at, name, value: this.accept("=") ? this.expression() : undefined })
    } while (this.accept(","))
    return { kind: "Declare", at, type, variables }
  }

  private expression(): Syntax.Expression {
    return this.nested(() => {
      const left = this.elvis()
      const { at, kind, text } = this.token
      if (this.accept("?")) {
        const whenTrue = this.expression()
        this.expect(":")
        return { kind: "Conditional", at, condition: left, whenTrue, otherwise: this.expression() }
      }
      if (kind !== "symbol" || !Operators.assignments.has(text)) return left
      this.position++
      return {
        kind: "Assign",
        at,
        target: this.target(left, at),
        operator: Operators.assignments.get(text),
        value: this.expression(),
      }
    })
  }

  private target(value: Syntax.Expression, at: number): Syntax.Target {
    if (value.kind === "Name" || value.kind === "Index") return value
    if (value.kind === "Field" && !value.safe) return value
    return fault(at, "only a variable, a field or an element can be assigned to")
  }

  private elvis(): Syntax.Expression {
    const left = this.binary(1)
    const { at } = this.token
    if (!this.accept("?:")) return left
    return { kind: "Logic", at, operator: "?:", left, right: this.nested(() => this.elvis()) }
  }

  private binary(least: number): Syntax.Expression {
    let left = this.unary()
    for (let chain = 0; ; chain++) {
      if (chain > longestChain) throw new Exhausted("nesting")
      const { at, kind, text } = this.token
      if (least <= Operators.instanceOf && this.accept("instanceof")) {
        left = { kind: "InstanceOf", at, value: left, type: this.type() }
        continue
      }
      const found = kind === "symbol" ? Operators.binary.get(text) : undefined
      if (found === undefined || found[0] < least) return left
      this.position++
      left = found[1](at, left, this.binary(found[0] + 1))
    }
  }

  private unary(): Syntax.Expression {
    const { at } = this.token
    if (this.is("++") || this.is("--")) {
      const by = this.next().text === "++" ? 1 : -1
      return {
        kind: "Step",
        at,
        target: this.target(
          this.nested(() => this.unary()),
          at,
        ),
        by,
        prefix: true,
      }
    }
    if (this.is("-") && this.peek(1).kind === "number" && !this.is(".", 2)) {
      this.position++
      return Literal.number(this.next(), true)
    }
    for (const operator of ["!", "~", "+", "-"] as const)
      if (this.accept(operator)) return { kind: "Sign", at, operator, value: this.nested(() => this.unary()) }
    if (!this.startsCast()) return this.postfix()
    this.position++
    const type = this.type()
    this.expect(")")
    return { kind: "Cast", at, type, value: this.nested(() => this.unary()) }
  }

  private postfix(): Syntax.Expression {
    let value = this.primary()
    for (let chain = 0; ; chain++) {
      if (chain > longestChain) throw new Exhausted("nesting")
      const { at } = this.token
      if (this.is(".") || this.is("?.")) value = this.member(value, this.next().text === "?.")
      else if (this.accept("[")) {
        value = { kind: "Index", at, value, index: this.expression() }
        this.expect("]")
      } else if (this.is("++") || this.is("--")) {
        const by = this.next().text === "++" ? 1 : -1
        return { kind: "Step", at, target: this.target(value, at), by, prefix: false }
      } else return value
    }
  }

  private member(value: Syntax.Expression, safe: boolean): Syntax.Expression {
    const { at, text: name } = this.name("the name of a field or a method")
    if (!this.accept("(")) return { kind: "Field", at, value, name, safe }
    return { kind: "MethodCall", at, value, name, args: this.separated(")", () => this.expression()), safe }
  }

  private primary(): Syntax.Expression {
    const token = this.token
    const { at, kind, text } = token
    if (this.startsLambda()) return this.lambda()
    if (kind === "number") return Literal.number(this.next(), false)
    if (kind === "string") {
      this.position++
      return { kind: "Constant", at, type: "String", value: text }
    }
    if (kind === "regex") {
      this.position++
      return { kind: "Constant", at, type: "Pattern", value: Literal.pattern(token) }
    }
    if (kind === "placeholder") {
      this.position++
      return this.placeholder(at, text)
    }
    const constant = kind === "keyword" ? Literal.keywords.get(text) : undefined
    if (constant !== undefined) {
      this.position++
      return { kind: "Constant", at, type: constant === null ? "null" : "boolean", value: constant }
    }
    if (this.accept("(")) {
      const value = this.expression()
      this.expect(")")
      return value
    }
    if (this.accept("[")) return this.collection(at)
    if (this.accept("new")) return this.creation(at)
    const reference = this.reference(at)
    if (reference !== undefined) return reference
    if (kind !== "name") return this.unexpected("a value")
    this.position++
    if (!this.accept("(")) return { kind: "Name", at, name: text }
    return { kind: "FunctionCall", at, name: text, args: this.separated(")", () => this.expression()) }
  }

  /** `${parameters.name}` or `${parameters.name:-default}`. */
  private placeholder(at: number, written: string): Syntax.Expression {
    const [name = "", ...rest] = written.split(":-")
    if (name === "" || /[\s${]/.test(name)) return fault(at, `[\${parameters.${written}}] has no parameter name`)
    if (rest.some((part) => part.includes("${")))
      return fault(at, "the default of a placeholder cannot contain a placeholder")
    const fallback = rest.length === 0 ? undefined : rest.join(":-")
    const parameter = { at, name, fallback }
    this.placeholders.push(parameter)
    return { kind: "Placeholder", ...parameter }
  }

  /** `[a, b]`, `[a: b]`, `[]` or `[:]`. */
  private collection(at: number): Syntax.Expression {
    if (this.accept(":")) {
      this.expect("]")
      return { kind: "Map", at, entries: [] }
    }
    if (this.accept("]")) return { kind: "List", at, items: [] }
    const first = this.expression()
    if (this.accept(":")) {
      const entries: Array<readonly [Syntax.Expression, Syntax.Expression]> = [[first, this.expression()]]
      while (this.accept(",")) {
        const key = this.expression()
        this.expect(":")
        entries.push([key, this.expression()])
      }
      this.expect("]")
      return { kind: "Map", at, entries }
    }
    const items = [first]
    while (this.accept(",")) items.push(this.expression())
    this.expect("]")
    return { kind: "List", at, items }
  }

  private creation(at: number): Syntax.Expression {
    const type = this.type()
    if (Type.isArray(type)) {
      this.expect("{")
      return {
        kind: "ArrayOf",
        at,
        component: Type.componentOf(type),
        items: this.separated("}", () => this.expression()),
      }
    }
    if (this.accept("(")) return { kind: "New", at, type, args: this.separated(")", () => this.expression()) }
    this.expect("[")
    const size = this.expression()
    this.expect("]")
    if (this.is("[") && this.peek(1).text !== "]" && this.peek(1).kind === "number")
      return fault(this.token.at, "arrays of arrays are not supported: use a List of Lists")
    return { kind: "NewArray", at, component: type, size }
  }

  /** `Type::name`. */
  private reference(at: number): Syntax.Expression | undefined {
    const length = this.typeLength()
    if (length === 0 || !this.is("::", length)) return undefined
    const owner = this.type()
    this.position++
    const { text } = this.is("new") ? this.next() : this.name("the name of a method")
    return { kind: "Reference", at, owner, name: text }
  }

  private lambda(): Syntax.Expression {
    const at = this.token.at
    const untyped = (): Syntax.Parameter => {
      const { at, text: name } = this.name("the name of a parameter")
      return { at, type: Type.def, name }
    }
    const either = () => (this.peek(1).kind === "name" || this.isPrimitive() ? this.parameter() : untyped())
    const parameters = this.accept("(") ? this.separated(")", either) : [untyped()]
    const { at: arrow } = this.expect("->")
    if (this.is("{")) return { kind: "Lambda", at, parameters, body: this.block() }
    const value = this.expression()
    return {
      kind: "Lambda",
      at,
      parameters,
      body: { kind: "Block", at: arrow, statements: [{ kind: "Evaluate", at: arrow, value }] },
    }
  }
}
