/** Why a model does not answer though it exists: the one error of this package. */
import type { BudgetWindow } from "@drawbar/registry/spend/BudgetWindow"
import { Data } from "effect"

/** The model was switched off. */
export class ModelDisabled extends Data.TaggedError("ModelDisabled")<{ readonly modelId: string }> {
  override get message() {
    return "Model is disabled."
  }
}

/** The model is not deployed, and automatic deployment is off. */
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

/** The operator switched streaming off. */
export class StreamingDisabled extends Data.TaggedError("StreamingDisabled") {
  override get message() {
    return 'Streaming is currently disabled. To enable it, update the setting "plugins.ml_commons.stream_enabled" to true.'
  }
}

/** The model is called more often than its `rate_limiter`, or its controller, allows. */
export class RateLimited extends Data.TaggedError("RateLimited")<{
  readonly level: "model" | "user"
  /** When one more is allowed, in milliseconds; absent where never. */
  readonly retryAfterMillis?: number
  /** How many calls of the platform the input makes; 1 if absent. */
  readonly calls?: number
}> {
  override get message() {
    const sentence =
      this.level === "model"
        ? "Request is throttled at model level."
        : "Request is throttled at user level. If you think there's an issue, please contact your cluster admin."
    return `${sentence}${counting(this.calls)}`
  }
}

const counting = (calls = 1): string =>
  calls === 1 ? "" : ` This input makes ${calls} calls of the model, and each counts: send fewer documents at once.`

/** The caller has no access to the model's group, or the API key is for other models. */
export class ModelAccessDenied extends Data.TaggedError("ModelAccessDenied")<{
  readonly modelId: string
  /** `test`: no model that the key is for uses the connector, whose id it is. */
  readonly by: "group" | "key" | "test"
}> {
  override get message() {
    if (this.by === "test")
      return `This API key is for some models only, and none of them uses the connector ${this.modelId}. An admin can make one that is for more`
    return this.by === "group"
      ? "User doesn't have privilege to perform this operation on this model"
      : `This API key is not for the model ${this.modelId}. An admin can make one that is`
  }
}

/** The principal has used up the quota of its key. */
export class QuotaExceeded extends Data.TaggedError("QuotaExceeded")<{
  readonly quota: "requests_per_minute" | "tokens_per_day"
  readonly limit: number
  /** When more is allowed, in milliseconds; absent where never. */
  readonly retryAfterMillis?: number
  /** How many calls of the platform the input makes; 1 if absent. */
  readonly calls?: number
}> {
  override get message() {
    return `This API key may take ${this.limit} ${this.quota.replaceAll("_", " ")}, and they are used up. Ask again later, or have an admin make a key with a larger quota${this.calls === undefined || this.calls === 1 ? "" : "."}${counting(this.calls)}`
  }
}

/** The caller has spent the budget of the key, or calls under way have reserved the rest of it. */
export class BudgetExceeded extends Data.TaggedError("BudgetExceeded")<{
  readonly budget: "max_budget" | "max_budget_tokens"
  readonly limit: number
  readonly window: BudgetWindow
  /** When more is allowed, in milliseconds; absent where never. */
  readonly retryAfterMillis?: number
}> {
  readonly type = "insufficient_quota"
  override get message() {
    const amount = this.budget === "max_budget" ? `${this.limit} USD` : `${this.limit} tokens`
    const window = this.window === "total" ? "in total" : `a ${this.window} (UTC)`
    return `This API key may spend ${amount} ${window}, and that is used up, or reserved by its calls under way. ${this.window === "total" ? "Have" : "Ask again later, or have"} an admin make a key with a larger ${this.budget}`
  }
}

/** The key has a budget in money, and what the model costs is not known. */
export class PriceUnknown extends Data.TaggedError("PriceUnknown")<{ readonly modelId: string }> {
  override get message() {
    return `This API key has a budget in money (max_budget), and the price of the model ${this.modelId} is not known, so that the budget could not hold. An operator can add the price, by this id or by the provider's name of the model, to the file of --prices; a key with max_budget_tokens needs none`
  }
}

/** The input is not what the model's interface says; each problem has its place as a JSONPath. */
export class InputSchemaViolation extends Data.TaggedError("InputSchemaViolation")<{
  readonly problems: ReadonlyArray<string>
}> {
  override get message() {
    return `Error validating input schema, if you think this is expected, please update your 'input' field in the 'interface' field for this model: Validation failed: [${this.problems.join(", ")}]`
  }
}

/** The model answered, but not what its interface says. */
export class OutputSchemaViolation extends Data.TaggedError("OutputSchemaViolation")<{
  readonly problems: ReadonlyArray<string>
}> {
  override get message() {
    return `Error validating output schema, if you think this is expected, please update your 'output' field in the 'interface' field for this model: Validation failed: [${this.problems.join(", ")}]`
  }
}

export type Reason =
  | ModelDisabled
  | NotDeployed
  | RemoteInferenceDisabled
  | StreamingDisabled
  | RateLimited
  | ModelAccessDenied
  | QuotaExceeded
  | BudgetExceeded
  | PriceUnknown
  | InputSchemaViolation
  | OutputSchemaViolation

export class DeploymentError extends Data.TaggedError("DeploymentError")<{ readonly reason: Reason }> {
  static readonly from = (reason: Reason): DeploymentError => new DeploymentError({ reason })

  override get message() {
    return this.reason.message
  }
}
