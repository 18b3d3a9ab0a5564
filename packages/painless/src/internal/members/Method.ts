import type { Run } from "../run/Run.ts"
import type { Value } from "../run/Value.ts"
import type { Parameter } from "./MethodParameter.ts"

/** One method or function that scripts can call; `self` is null for a function of a class. */
export interface Method {
  readonly name: string
  readonly parameters: ReadonlyArray<string>
  readonly returns: string
  readonly invoke: (run: Run, self: Value, a?: Value, b?: Value, c?: Value) => Value
}

/** A method is found by its name and its number of arguments: Painless has no other overloads. */
export type Table = ReadonlyMap<string, Method>

export const key = (name: string, arity: number): string => `${name}/${arity}`

export const table = (methods: ReadonlyArray<Method>): Table =>
  new Map(methods.map((method) => [key(method.name, method.parameters.length), method]))

type Body<S, A extends ReadonlyArray<unknown>> = (self: S, ...rest: [...A, Run]) => Value

/** Builders for the methods of one receiver type, whose `read` is the only way from a value to it. */
export const on = <S>(read: (self: Value) => S) => ({
  m0: (name: string, returns: string, body: Body<S, []>): Method => ({
    name,
    parameters: [],
    returns,
    invoke: (run, self) => body(read(self), run),
  }),
  m1: <A>(name: string, returns: string, first: Parameter<A>, body: Body<S, [A]>): Method => ({
    name,
    parameters: [first.type],
    returns,
    invoke: (run, self, a = null) => body(read(self), first.read(a, run), run),
  }),
  m2: <A, B>(
    name: string,
    returns: string,
    [first, second]: readonly [Parameter<A>, Parameter<B>],
    body: Body<S, [A, B]>,
  ): Method => ({
    name,
    parameters: [first.type, second.type],
    returns,
    invoke: (run, self, a = null, b = null) => body(read(self), first.read(a, run), second.read(b, run), run),
  }),
  m3: <A, B, C>(
    name: string,
    returns: string,
    [first, second, third]: readonly [Parameter<A>, Parameter<B>, Parameter<C>],
    body: Body<S, [A, B, C]>,
  ): Method => ({
    name,
    parameters: [first.type, second.type, third.type],
    returns,
    invoke: (run, self, a = null, b = null, c = null) =>
      body(read(self), first.read(a, run), second.read(b, run), third.read(c, run), run),
  }),
})

/** Reads a receiver whose class the tables have already checked. */
export const receiver =
  <S extends Value>(is: (value: Value) => value is S) =>
  (value: Value): S => {
    if (is(value)) return value
    throw new TypeError("a method was called on a receiver of another class")
  }
