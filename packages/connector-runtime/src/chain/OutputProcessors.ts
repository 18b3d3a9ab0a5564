/** Chains that change what a model answered: the connector's, or the one that a call brings, which outranks it. */
import * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { Author, Supplied } from "@drawbar/template-renderer/Parameter"
import { textOf } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import { ofCallers } from "./WorkBudget.ts"
import { type ConnectorError, invalidInput } from "../ConnectorError.ts"
import * as OwnChain from "../internal/OwnChain.ts"
import * as ProcessorChain from "./ProcessorChain.ts"

const name = Reserved.outputProcessors

/** The connector's own chain. */
export const compile = (author: Author) => OwnChain.compile(author, name)

export const of = (
  own: ProcessorChain.ProcessorChain | undefined,
  { caller }: Supplied,
): Result.Result<ProcessorChain.ProcessorChain | undefined, ConnectorError> => {
  const given = caller.get(name)
  return given === undefined
    ? Result.succeed(own)
    : Result.mapError(ProcessorChain.compile(textOf(given), ofCallers), (sentence) =>
        invalidInput(`${name}: ${sentence}`),
      )
}
