/** What an expression or a statement becomes: a closure over the slots of its frame. */
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

/** An expression and the type that is known of it. */
export interface Code {
  readonly type: string
  readonly run: Evaluate
  /** Known where the source itself says it. */
  readonly constant?: Value
  /** The variable that it reads. */
  readonly variable?: string
  /** Whether each evaluation makes another object. */
  readonly isMade?: boolean
  /** Whether it is a lambda as written, which takes its type from where it stands. */
  readonly isLambda?: boolean
}

export type Test = (slots: Slots, run: Run) => boolean

/** How a statement ended: 0 it went through, 1 `break`, 2 `continue`, 3 `return` with the value in `run.result`. */
export type Signal = 0 | 1 | 2 | 3

export type Execute = (slots: Slots, run: Run) => Signal

/** A function of the script; `body` is there once all heads are known, so that functions can call each other. */
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
