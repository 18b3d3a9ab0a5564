import type { ConnectorError } from "@drawbar/connector-runtime/ConnectorError"
import type { RegistryFailure } from "@drawbar/registry/RegistryError"
import type { DeploymentError } from "../DeploymentError.ts"

/** Everything by which a deployment, or a call of it, may fail. */
export type Failure = DeploymentError | ConnectorError | RegistryFailure
