/** Why a model does not answer though it exists: the one error of this package. */
import { Data } from "effect"

/** The model was switched off. */
export class ModelDisabled extends Data.TaggedError("ModelDisabled")<{ readonly modelId: string }> {
  override get message() {
    return "Model is disabled."
  }
}

/** The model is not deployed, and nobody allowed a predict to deploy it. */
export class NotDeployed extends Data.TaggedError("NotDeployed")<{
  readonly modelId: string
  readonly by: "setting" | "model"
}> {
  override get message() {
    return this.by === "setting"
      ? "Model not ready yet. Please deploy the model first."
      : `Auto deployment disabled for this model, please deploy model first Model ID: ${this.modelId}`
  }
}

/** The operator switched remote models off. */
export class RemoteInferenceDisabled extends Data.TaggedError("RemoteInferenceDisabled") {
  override get message() {
    return 'Remote Inference is currently disabled. To enable it, update the setting "plugins.ml_commons.remote_inference.enabled" to true.'
  }
}

export class DeploymentError extends Data.TaggedError("DeploymentError")<{
  readonly reason: ModelDisabled | NotDeployed | RemoteInferenceDisabled
}> {
  override get message() {
    return this.reason.message
  }
}

export const refuse = (reason: DeploymentError["reason"]) => new DeploymentError({ reason })
