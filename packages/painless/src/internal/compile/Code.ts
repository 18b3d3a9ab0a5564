/** The compiled form of an expression or a statement: a closure over the slots of its frame. */
import type { Run } from "../run/Run.ts"
import type { Value } from "../run/Value.ts"

export type Slots = Array<Value>

/** The empty frame of a call. */
export const slots = (size: number): Slots => {
  const frame: Slots = []
  while (frame.length < size) frame.push(null)
  return frame
}

export type Evaluate = (slots: Slots, run: Run) => Value

/** An expression and its static type. */
export interface Code {
  readonly type: string
  readonly run: Evaluate
  /** Known if it is evident from the source. */
  readonly constant?: Value
  /** The variable that it reads. */
  readonly variable?: string
  /** Whether each evaluation creates a new object. */
  readonly isMade?: boolean
  /** Whether it is a lambda expression, whose type depends on its context. */
  readonly isLambda?: boolean
}

export type Test = (slots: Slots, run: Run) => boolean

/** How a statement completed: 0 normally, 1 `break`, 2 `continue`, 3 `return` with the value in `run.result`. */
export type Signal = 0 | 1 | 2 | 3

export type Execute = (slots: Slots, run: Run) => Signal

/** A function of the script; `body` is set after all signatures are known, so that functions can call each other. */
export class Callable {
  readonly name: string
  readonly returns: string
  readonly parameters: ReadonlyArray<string>
  body: Execute = () => 0
  size = 0

  constructor(name: string, returns: string, parameters: ReadonlyArray<string>) {
    this.name = name
    this.returns = returns
    this.parameters = parameters
  }
}
