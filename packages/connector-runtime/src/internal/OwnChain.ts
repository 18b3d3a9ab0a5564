/** A chain of processors that stands among the connector's own parameters. */
import type * as Reserved from "@drawbar/blueprint-schema/ReservedParameters"
import type { Author } from "@drawbar/template-renderer/Parameter"
import { Result } from "effect"
import { type ConnectorError, invalidConnector } from "../ConnectorError.ts"
import * as ProcessorChain from "../chain/ProcessorChain.ts"

export const compile = (
  author: Author,
  name: typeof Reserved.inputProcessors | typeof Reserved.outputProcessors,
): Result.Result<ProcessorChain.ProcessorChain | undefined, ConnectorError> => {
  const given = Object.hasOwn(author, name) ? author[name] : undefined
  return given === undefined
    ? Result.succeed(undefined)
    : Result.mapError(ProcessorChain.compile(given), (sentence) =>
        invalidConnector(`/parameters/${name}`, `${name}: ${sentence}`),
      )
}
