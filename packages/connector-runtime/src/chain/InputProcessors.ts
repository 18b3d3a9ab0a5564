/**
 * Chains that change what is sent. The connector's changes the body; a caller's changes the values that the caller brings,
 * so that whatever it does, the body differs from its template at the holes only.
 */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { Author } from "@drawbar/template-renderer/Parameter"
import * as Json from "@drawbar/json-text/Json"
import { json, text, textOf, type Value } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import { ofCallers } from "./WorkBudget.ts"
import { type ConnectorError, invalidInput } from "../ConnectorError.ts"
import type { Parameters } from "../call/PredictInput.ts"
import * as OwnChain from "../internal/OwnChain.ts"
import * as ProcessorChain from "./ProcessorChain.ts"

const name = Reserved.inputProcessors

/** The connector's own chain. */
export const compile = (author: Author) => OwnChain.compile(author, name)

/** The body after the connector's chain. JSON has to stay JSON. */
export const onBody = (chain: ProcessorChain.ProcessorChain, body: string): Result.Result<string, ConnectorError> =>
  Result.flatMap(run(chain, body), (result) => {
    const changed = typeof result === "string" ? result : Json.stringify(result)
    return Result.isSuccess(Json.parse(body)) && Result.isFailure(Json.parse(changed))
      ? Result.fail(invalidInput(`${name} made the body no JSON. Change the chain in the connector's parameters`))
      : Result.succeed(changed)
  })

const run = (chain: ProcessorChain.ProcessorChain, value: Json.Json) =>
  Result.mapError(chain.run(value), (sentence) => invalidInput(`${name}: ${sentence}`))

/** The caller's parameters after a chain that stands among them. */
export const onParameters = (given: Parameters): Result.Result<Parameters, ConnectorError> => {
  const own = given.get(name)
  if (own === undefined) return Result.succeed(given)
  return Result.gen(function* () {
    const chain = yield* Result.mapError(ProcessorChain.compile(textOf(own), ofCallers), (why) =>
      invalidInput(`${name}: ${why}`),
    )
    const values = new Map(given)
    let continues = false
    for (const [key, value] of given) {
      if (settings.has(key)) continue
      values.set(key, yield* changed({ ...chain, run: (one) => chain.run(one, continues) }, value))
      continues = true
    }
    return values
  })
}

/** What says how a call is made is not changed by it. */
const settings = new Set<string>(Reserved.callerFilters)

// A text stays a text; what was sent as JSON stays JSON where it can.
const changed = (chain: ProcessorChain.ProcessorChain, value: Value): Result.Result<Value, ConnectorError> => {
  if (value._tag === "Text") return Result.map(run(chain, value.text), (result) => ofResult(result, false))
  return Result.match(Json.parse(value.json), {
    onSuccess: (parsed) => Result.map(run(chain, parsed), (result) => ofResult(result, true)),
    onFailure: () => Result.succeed(value),
  })
}

const ofResult = (result: Json.Json, wasJson: boolean): Value => {
  if (typeof result !== "string") return json(Json.stringify(result))
  return wasJson && Result.isSuccess(Json.parse(result)) ? json(result) : text(result)
}
