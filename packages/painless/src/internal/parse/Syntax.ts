/** The syntax tree; `at` is an offset into the source. */
import type { Operator, Relation } from "../run/Arithmetic.ts"
import type { Value } from "../run/Value.ts"

export type Equation = "==" | "!=" | "===" | "!=="

export type Expression =
  | { readonly kind: "Constant"; readonly at: number; readonly type: string; readonly value: Value }
  | { readonly kind: "Name"; readonly at: number; readonly name: string }
  | ({ readonly kind: "Placeholder" } & Placeholder)
  | {
      readonly kind: "Matching"
      readonly at: number
      readonly operator: "=~" | "==~"
      readonly left: Expression
      readonly right: Expression
    }
  | { readonly kind: "List"; readonly at: number; readonly items: ReadonlyArray<Expression> }
  | { readonly kind: "Map"; readonly at: number; readonly entries: ReadonlyArray<readonly [Expression, Expression]> }
  | Field
  | Index
  | MethodCall
  | {
      readonly kind: "FunctionCall"
      readonly at: number
      readonly name: string
      readonly args: ReadonlyArray<Expression>
    }
  | { readonly kind: "Sign"; readonly at: number; readonly operator: "!" | "~" | "+" | "-"; readonly value: Expression }
  | {
      readonly kind: "Operation"
      readonly at: number
      readonly operator: Operator
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: "Relation"
      readonly at: number
      readonly operator: Relation | Equation
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: "Logic"
      readonly at: number
      readonly operator: "&&" | "||" | "?:"
      readonly left: Expression
      readonly right: Expression
    }
  | {
      readonly kind: "Conditional"
      readonly at: number
      readonly condition: Expression
      readonly whenTrue: Expression
      readonly otherwise: Expression
    }
  | {
      readonly kind: "Assign"
      readonly at: number
      readonly target: Target
      readonly operator: Operator | undefined
      readonly value: Expression
    }
  | {
      readonly kind: "Step"
      readonly at: number
      readonly target: Target
      readonly by: 1 | -1
      readonly prefix: boolean
    }
  | { readonly kind: "Cast"; readonly at: number; readonly type: string; readonly value: Expression }
  | { readonly kind: "InstanceOf"; readonly at: number; readonly value: Expression; readonly type: string }
  | { readonly kind: "New"; readonly at: number; readonly type: string; readonly args: ReadonlyArray<Expression> }
  | { readonly kind: "NewArray"; readonly at: number; readonly component: string; readonly size: Expression }
  | {
      readonly kind: "ArrayOf"
      readonly at: number
      readonly component: string
      readonly items: ReadonlyArray<Expression>
    }
  | Lambda
  | { readonly kind: "Reference"; readonly at: number; readonly owner: string; readonly name: string }

export interface Field {
  readonly kind: "Field"
  readonly at: number
  readonly value: Expression
  readonly name: string
  readonly safe: boolean
}

export interface Index {
  readonly kind: "Index"
  readonly at: number
  readonly value: Expression
  readonly index: Expression
}

export interface MethodCall {
  readonly kind: "MethodCall"
  readonly at: number
  readonly value: Expression
  readonly name: string
  readonly args: ReadonlyArray<Expression>
  readonly safe: boolean
}

export interface Lambda {
  readonly kind: "Lambda"
  readonly at: number
  readonly parameters: ReadonlyArray<Parameter>
  readonly body: Block
}

export type Target = Extract<Expression, { kind: "Name" | "Field" | "Index" }>

export interface Parameter {
  readonly at: number
  readonly type: string
  readonly name: string
}

export type Statement =
  | Block
  | { readonly kind: "Evaluate"; readonly at: number; readonly value: Expression }
  | {
      readonly kind: "Declare"
      readonly at: number
      readonly type: string
      readonly variables: ReadonlyArray<{
        readonly at: number
        readonly name: string
        readonly value: Expression | undefined
      }>
    }
  | {
      readonly kind: "If"
      readonly at: number
      readonly condition: Expression
      readonly whenTrue: Statement
      readonly otherwise: Statement | undefined
    }
  | { readonly kind: "While"; readonly at: number; readonly condition: Expression; readonly body: Statement }
  | { readonly kind: "DoWhile"; readonly at: number; readonly condition: Expression; readonly body: Statement }
  | {
      readonly kind: "For"
      readonly at: number
      readonly start: Statement | undefined
      readonly condition: Expression | undefined
      readonly after: Expression | undefined
      readonly body: Statement
    }
  | {
      readonly kind: "ForEach"
      readonly at: number
      readonly variable: Parameter
      readonly items: Expression
      readonly body: Statement
    }
  | { readonly kind: "Break" | "Continue"; readonly at: number }
  | { readonly kind: "Return"; readonly at: number; readonly value: Expression | undefined }
  | { readonly kind: "Throw"; readonly at: number; readonly value: Expression }
  | {
      readonly kind: "Try"
      readonly at: number
      readonly body: Statement
      readonly catches: ReadonlyArray<{ readonly variable: Parameter; readonly body: Statement }>
    }

export interface Block {
  readonly kind: "Block"
  readonly at: number
  readonly statements: ReadonlyArray<Statement>
}

export interface Function {
  readonly at: number
  readonly returns: string
  readonly name: string
  readonly parameters: ReadonlyArray<Parameter>
  readonly body: Block
}

/** `${parameters.name}`: the text of a parameter of the call or the connector. */
export interface Placeholder {
  readonly at: number
  readonly name: string
  /** Its text if the parameter is absent. */
  readonly fallback: string | undefined
}

export interface Program {
  readonly functions: ReadonlyArray<Function>
  readonly body: Block
  readonly placeholders: ReadonlyArray<Placeholder>
}
