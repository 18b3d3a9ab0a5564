/** Calls of methods known from the static type, of methods found at run time, and of the script's own functions. */
import { noMember, ofNull as nullReceiver } from "./Access.ts"
import { slots as makeSlots, type Callable, type Code, type Evaluate } from "./Code.ts"
import * as Conversion from "../run/Conversion.ts"
import { fault, suggestion } from "../Fault.ts"
import * as Members from "../members/Members.ts"
import { key, type Method, type Table } from "../members/Method.ts"
import type { Run } from "../run/Run.ts"
import * as Type from "../run/Type.ts"
import { typeOf, type Value } from "../run/Value.ts"

/** The maximum number of parameters of a method. */
const maxParameters = 3

const noSelf: Code = { type: "null", run: () => null }

const list = (types: ReadonlyArray<string>): string => types.join(", ")

/** The method in a table, or why it is not found: unknown name, or a different number of arguments. */
const choose = (table: Table, owner: string, name: string, args: ReadonlyArray<Code>, at: number): Method => {
  const found = table.get(key(name, args.length))
  if (found !== undefined) return found
  const forms = table
    .values()
    .filter((method) => method.name === name)
    .toArray()
  if (forms.length === 0)
    return fault(at, `[${owner}] has no method [${name}]${suggestion(name, Members.namesOf(table))}`)
  const shapes = forms.map((form) => `[${name}(${list(form.parameters)})]`).join(" or ")
  return fault(at, `[${name}] of [${owner}] takes ${shapes}, not ${args.length} arguments`)
}

/** Rejects arguments that can never match, at compile time. */
const checkArguments = (
  name: string,
  parameters: ReadonlyArray<string>,
  args: ReadonlyArray<Code>,
  at: number,
): void => {
  for (const [index, parameter] of parameters.entries()) {
    const given = args[index]?.type ?? Type.def
    if (args[index]?.isLambda === true && !Type.isFunctional(parameter))
      fault(at, `argument ${index + 1} of [${name}] is a lambda where [${parameter}] is needed`)
    if (
      Type.conversion(given, parameter) !== "implicit" &&
      Type.conversion(given, Type.unbox(parameter)) !== "implicit"
    )
      fault(at, `argument ${index + 1} of [${name}] is [${given}] where [${parameter}] is needed`)
  }
}

/** Evaluates receiver and arguments from left to right, then invokes the method that `pick` returns. */
const invocation = (
  self: Code,
  args: ReadonlyArray<Code>,
  line: number,
  pick: (self: Value, run: Run) => Method,
): Evaluate => {
  const [a, b, c] = args
  const receiver = self.run
  if (a === undefined)
    return (slots, run) => {
      const value = receiver(slots, run)
      run.line = line
      return pick(value, run).invoke(run, value)
    }
  if (b === undefined)
    return (slots, run) => {
      const value = receiver(slots, run)
      const first = a.run(slots, run)
      run.line = line
      return pick(value, run).invoke(run, value, first)
    }
  return (slots, run) => {
    const value = receiver(slots, run)
    const first = a.run(slots, run)
    const second = b.run(slots, run)
    const third = c === undefined ? null : c.run(slots, run)
    run.line = line
    return pick(value, run).invoke(run, value, first, second, third)
  }
}

const ofNull = (name: string, run: Run): never =>
  run.fail("NullPointerException", `cannot call method [${name}] of null`, nullReceiver)

/** A method whose class is known from the receiver's static type. */
export const known = (self: Code, name: string, args: ReadonlyArray<Code>, at: number, line: number): Code => {
  const method = choose(Members.of(self.type), self.type, name, args, at)
  checkArguments(name, method.parameters, args, at)
  const pick = (value: Value, run: Run): Method => (value === null ? ofNull(name, run) : method)
  return { type: method.returns, isMade: true, run: invocation(self, args, line, pick) }
}

/** A method that is looked up by the receiver's class, which rarely changes between calls. */
export const open = (self: Code, name: string, args: ReadonlyArray<Code>, at: number, line: number): Code => {
  if (args.length > maxParameters) return fault(at, `no method takes ${args.length} arguments`)
  const wanted = key(name, args.length)
  let lastType = ""
  let last: Method | undefined
  const pick = (value: Value, run: Run): Method => {
    if (value === null) return ofNull(name, run)
    const type = typeOf(value)
    if (type !== lastType) {
      last = Members.of(type).get(wanted)
      lastType = type
    }
    return last ?? noMember("method", value, name, args.length, run)
  }
  return { type: Type.def, run: invocation(self, args, line, pick) }
}

/** A function of a class, or its constructor. */
export const ofClass = (
  table: Table,
  owner: string,
  name: string,
  args: ReadonlyArray<Code>,
  at: number,
  line: number,
): Code => {
  const method = choose(table, owner, name, args, at)
  checkArguments(name, method.parameters, args, at)
  return { type: method.returns, isMade: true, run: invocation(noSelf, args, line, () => method) }
}

/** A call of one of the script's own functions. */
export const ofScript = (callable: Callable, args: ReadonlyArray<Code>, at: number, line: number): Code => {
  if (args.length !== callable.parameters.length)
    return fault(
      at,
      `[${callable.name}] takes ${callable.parameters.length} arguments (${list(callable.parameters)}), not ${args.length}`,
    )
  checkArguments(callable.name, callable.parameters, args, at)
  const convert = callable.parameters.map((type) => Conversion.to(type))
  const run: Evaluate = (slots, run) => {
    const frame = makeSlots(callable.size)
    for (const [index, arg] of args.entries()) frame[index] = convert[index]?.(arg.run(slots, run), run) ?? null
    run.line = line
    run.enter()
    run.result = null
    callable.body(frame, run)
    run.depth--
    const result = run.result
    run.result = null
    return result
  }
  return { type: callable.returns, run }
}
