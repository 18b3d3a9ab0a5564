/** Which target of a deployment takes a call. There is one policy: a model has one target, and it takes all. */
import type { ConnectorError } from "@drawbar/connector-runtime/ConnectorError"
import type { Target, Targets } from "./Deployment.ts"

/** The target of a call; after `failure` of the one before, the next one to try, or nothing where the failure stands. */
export function choose(targets: Targets): Target
export function choose(targets: Targets, failure: ConnectorError): Target | undefined
export function choose([only]: Targets, failure?: ConnectorError): Target | undefined {
  return failure === undefined ? only : undefined
}
