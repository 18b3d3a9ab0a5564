/** Whether a model may be called at all: remote models are on, the model is on, it is open to the principal, and deployed or deployable. */
import * as AccessControl from "@drawbar/registry/access/AccessControl"
import type { Settings } from "@drawbar/registry/settings/Settings"
import { Effect, Result } from "effect"
import type { Deployment } from "./Deployment.ts"
import {
  DeploymentError,
  ModelAccessDenied,
  ModelDisabled,
  NotDeployed,
  RemoteInferenceDisabled,
} from "../DeploymentError.ts"

type Subject = Pick<Deployment, "id" | "model">
type Verdict = Result.Result<void, DeploymentError>

export const remoteInference = (settings: Settings["Service"]): Verdict =>
  settings.get("plugins.ml_commons.remote_inference.enabled")
    ? Result.void
    : Result.fail(DeploymentError.from(new RemoteInferenceDisabled()))

export const enabled = ({ id, model }: Subject): Verdict =>
  model.is_enabled === false ? Result.fail(DeploymentError.from(new ModelDisabled({ modelId: id }))) : Result.void

/** Fails where the model is not deployed, and a predict may not deploy it. */
export const deployable = ({ id, model }: Subject, settings: Settings["Service"]): Verdict => {
  if (model.model_state === "DEPLOYED") return Result.void
  if (!settings.get("plugins.ml_commons.model_auto_deploy.enable"))
    return Result.fail(DeploymentError.from(new NotDeployed({ modelId: id, by: "setting" })))
  return model.deploy_setting?.is_auto_deploy_enabled === false
    ? Result.fail(DeploymentError.from(new NotDeployed({ modelId: id, by: "model" })))
    : Result.void
}

/** A deployment of which `remoteInference`, `enabled` and `deployable` hold, without a step more. */
export const isReady = ({ model }: Subject, settings: Settings["Service"]): boolean =>
  model.model_state === "DEPLOYED" &&
  model.is_enabled !== false &&
  settings.get("plugins.ml_commons.remote_inference.enabled")

/** Fails where the model's group is closed to the current principal. */
export const open = Effect.map(
  AccessControl.enforcedPrincipal("model"),
  (current) =>
    ({ id, access }: Pick<Deployment, "id" | "access">): Effect.Effect<void, DeploymentError> =>
      Effect.flatMap(current, (principal) =>
        AccessControl.isAllowed(principal, access)
          ? Effect.void
          : Effect.fail(DeploymentError.from(new ModelAccessDenied({ modelId: id, by: "group" }))),
      ),
)
