/** Compiles expressions to closures. */
import * as Assignment from "./Assignment.ts"
import type { Code } from "./Code.ts"
import { converted, valueOf, type Context } from "./Context.ts"
import * as Creation from "./Creation.ts"
import { fault } from "../Fault.ts"
import * as LambdaExpression from "./LambdaExpression.ts"
import * as Member from "./Member.ts"
import * as Operation from "./Operation.ts"
import type { Scope } from "./Scope.ts"
import type * as Syntax from "../parse/Syntax.ts"
import * as Type from "../run/Type.ts"

type Of<K extends Syntax.Expression["kind"]> = Extract<Syntax.Expression, { kind: K }>

export const compile = (context: Context, scope: Scope, expression: Syntax.Expression): Code => {
  switch (expression.kind) {
    case "Constant":
      return constant(expression)
    case "Name":
      return name(scope, expression)
    case "List":
      return Creation.list(context, scope, expression)
    case "Map":
      return Creation.map(context, scope, expression)
    case "Field":
      return Member.field(context, scope, expression)
    case "Index":
      return Member.index(context, scope, expression)
    case "MethodCall":
      return Member.methodCall(context, scope, expression)
    case "FunctionCall":
      return Member.functionCall(context, scope, expression)
    case "Placeholder":
      return placeholder(expression)
    case "Matching":
      return Operation.matching(context, scope, expression)
    case "Sign":
      return Operation.sign(context, scope, expression)
    case "Operation":
      return Operation.operation(context, scope, expression)
    case "Relation":
      return Operation.relation(context, scope, expression)
    case "Logic":
      return expression.operator === "?:"
        ? Operation.elvis(context, scope, expression)
        : Operation.logic(context, scope, expression)
    case "Conditional":
      return Operation.conditional(context, scope, expression)
    case "Assign":
      return Assignment.assign(context, scope, expression)
    case "Step":
      return Assignment.step(context, scope, expression)
    case "Cast":
      return converted(
        valueOf(context, scope, expression.value),
        expression.type,
        expression.at,
        context.line(expression.at),
        true,
      )
    case "InstanceOf":
      return Operation.instanceOf(valueOf(context, scope, expression.value), expression.type)
    case "New":
      return Creation.creation(context, scope, expression)
    case "NewArray":
      return Creation.newArray(context, scope, expression)
    case "ArrayOf":
      return Creation.arrayOf(context, scope, expression)
    case "Lambda":
      return LambdaExpression.lambda(context, scope, expression)
    case "Reference":
      return LambdaExpression.reference(expression)
  }
}

const constant = ({ type, value }: Of<"Constant">): Code => ({ type, run: () => value, constant: value })

/** A variable that each run binds to a text. */
const placeholder = ({ fallback = "", name }: Of<"Placeholder">): Code => ({
  type: "String",
  run: (_, run) => run.parameters.get(name) ?? fallback,
})

const name = (scope: Scope, { at, name }: Of<"Name">): Code => {
  if (scope.find(name) === undefined && Type.named(name) !== undefined)
    return fault(at, `[${name}] is a class: call one of its functions`)
  const { slot, type } = scope.get(name, at)
  return { type, run: (slots) => slots[slot] ?? null, variable: name }
}
