/** The variables of a function at compile time: each gets a slot in the frame of a call. */
import { fault, suggestion } from "../Fault.ts"
import * as Type from "../run/Type.ts"

export interface Variable {
  readonly name: string
  readonly type: string
  readonly slot: number
  /** Whether it was declared with `def` and has only held integers so far, so that a compound assignment truncates. */
  isWhole?: boolean
}

/** One function, including the lambdas in it. */
export class Frame {
  readonly returns: string
  size = 0
  constructor(returns: string) {
    this.returns = returns
  }
}

/** One block; names in it can refer to the blocks around it. */
export class Scope {
  readonly frame: Frame
  /** The type that `return` converts to: that of the function, or `def` in a lambda. */
  readonly returns: string
  readonly inLoop: boolean
  private readonly isLambda: boolean
  private readonly parent: Scope | undefined
  private readonly variables = new Map<string, Variable>()

  constructor(
    frame: Frame,
    parent?: Scope,
    options: { readonly returns?: string; readonly inLoop?: boolean; readonly isLambda?: boolean } = {},
  ) {
    this.frame = frame
    this.parent = parent
    this.returns = options.returns ?? parent?.returns ?? frame.returns
    this.inLoop = options.inLoop ?? parent?.inLoop ?? false
    this.isLambda = options.isLambda ?? false
  }

  block(): Scope {
    return new Scope(this.frame, this)
  }

  loop(): Scope {
    return new Scope(this.frame, this, { inLoop: true })
  }

  lambda(): Scope {
    return new Scope(this.frame, this, { returns: "def", inLoop: false, isLambda: true })
  }

  declare(name: string, type: string, at: number): Variable {
    if (this.find(name) !== undefined) fault(at, `variable [${name}] is already defined`)
    if (type === "void") fault(at, `variable [${name}] cannot be void`)
    const variable = { name, type, slot: this.frame.size++ }
    this.variables.set(name, variable)
    return variable
  }

  find(name: string): Variable | undefined {
    return this.variables.get(name) ?? this.parent?.find(name)
  }

  /**
   * Whether a lambda lies between this place and the declaration of a variable; it has a copy then, and cannot write
   * it.
   */
  captures(name: string): boolean {
    return !this.variables.has(name) && (this.isLambda || (this.parent?.captures(name) ?? false))
  }

  get(name: string, at: number): Variable {
    return this.find(name) ?? fault(at, this.unknown(name))
  }

  private unknown(name: string): string {
    if (name === "params") return "[params] is not visible inside functions: pass it as an argument"
    return `unknown variable [${name}]${suggestion(name, [...this.names(), ...(/^[A-Z]/.test(name) ? Type.names : [])])}`
  }

  private *names(): Generator<string> {
    yield* this.variables.keys()
    if (this.parent !== undefined) yield* this.parent.names()
  }
}
