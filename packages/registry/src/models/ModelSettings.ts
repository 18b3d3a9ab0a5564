/** The fields of a model that say how it may be called: set when it is registered, changed within by `PUT`. */
import { type BlueprintError, invalid } from "@drawbar/blueprint-schema/BlueprintError"
import * as OpenAiSection from "@drawbar/blueprint-schema/OpenAiSection"
import type { DecodeError } from "@drawbar/json-text/DecodeError"
import { decode } from "@drawbar/json-text/Decode"
import { isObject, type JsonObject } from "@drawbar/json-text/Json"
import { Result } from "effect"
import * as BatchInferenceConfig from "./BatchInferenceConfig.ts"
import * as RecordLimits from "../records/RecordLimits.ts"
import * as MergePatch from "../records/MergePatch.ts"
import { DeploySetting, type Model } from "./Model.ts"
import type { ModelDocument } from "./ModelDocument.ts"
import * as ModelConfig from "./ModelConfig.ts"
import * as ModelGuardrails from "./ModelGuardrails.ts"
import * as ModelInterface from "./ModelInterface.ts"
import * as ModelRouting from "./ModelRouting.ts"
import * as RateLimit from "./RateLimit.ts"
import { RegistryError, type RegistryFailure } from "../RegistryError.ts"

const fields = [
  "is_enabled",
  "model_config",
  "deploy_setting",
  "rate_limiter",
  "batch_inference_config",
  "guardrails",
  "interface",
  "openai",
  "routing",
] as const
export type ModelSettings = Pick<Model, (typeof fields)[number]>

/** The settings after a document has changed them: what it leaves out stays, `null` removes. */
export const changed = (
  before: ModelSettings,
  document: ModelDocument,
): Result.Result<ModelSettings, RegistryFailure> =>
  Result.gen(function* () {
    const is_enabled = document.is_enabled === undefined ? before.is_enabled : (document.is_enabled ?? undefined)
    const model_config = yield* within(before.model_config, document.model_config, ModelConfig.check)
    const deploy_setting = yield* within(before.deploy_setting, document.deploy_setting, checkDeploySetting)
    const rate_limiter = yield* within(before.rate_limiter, document.rate_limiter, RateLimit.check)
    yield* lifted(BatchInferenceConfig.checkQueue(queueIn(document), "/dynamic_batching"))
    const batch_inference_config = yield* within(
      before.batch_inference_config,
      document.batch_inference_config,
      BatchInferenceConfig.check,
    )
    const guardrails = yield* within(before.guardrails, document.guardrails, ModelGuardrails.check)
    const texts =
      document.interface == null ? document.interface : yield* lifted(ModelInterface.check(document.interface))
    const openai = yield* within(before.openai, document.openai, OpenAiSection.check)
    const model_interface = yield* within(before.interface, texts, checkInterface)
    const routing = yield* within(before.routing, document.routing, ModelRouting.check)
    return {
      ...(is_enabled === undefined ? {} : { is_enabled }),
      ...(model_config === undefined ? {} : { model_config }),
      ...(deploy_setting === undefined ? {} : { deploy_setting }),
      ...(rate_limiter === undefined ? {} : { rate_limiter }),
      ...(batch_inference_config === undefined ? {} : { batch_inference_config }),
      ...(guardrails === undefined ? {} : { guardrails }),
      ...(model_interface === undefined ? {} : { interface: model_interface }),
      ...(openai === undefined ? {} : { openai }),
      ...(routing === undefined ? {} : { routing }),
    }
  })

/** The settings of a model. */
export const of = (model: Model): ModelSettings =>
  Object.fromEntries(fields.flatMap((name) => (model[name] === undefined ? [] : [[name, model[name]]])))

/** A model without its settings. */
export const without = ({
  is_enabled: _e,
  model_config: _c,
  deploy_setting: _d,
  rate_limiter: _r,
  batch_inference_config: _b,
  guardrails: _g,
  interface: _i,
  openai: _o,
  routing: _t,
  ...rest
}: Model) => rest

/** Whether it is an object with `enabled` is all that is read of it. */
const queueIn = ({ dynamic_batching }: ModelDocument): JsonObject | boolean | null =>
  dynamic_batching == null ? null : isObject(dynamic_batching) ? dynamic_batching : dynamic_batching !== false

const within = <A extends JsonObject>(
  before: A | undefined,
  given: JsonObject | null | undefined,
  check: (whole: JsonObject) => Result.Result<A, BlueprintError | DecodeError>,
): Result.Result<A | undefined, RegistryFailure> => {
  if (given === undefined) return Result.succeed(before)
  const whole = MergePatch.apply(given === null ? {} : (before ?? {}), given ?? {})
  return Object.keys(whole).length === 0 ? Result.succeed(undefined) : lifted(check(whole))
}

const lifted = Result.mapError(({ reason }: BlueprintError | DecodeError) => RegistryError.from(reason))

const decodeInterface = decode(ModelInterface.ModelInterface)

const checkInterface = (whole: JsonObject) =>
  Result.flatMap(decodeInterface(whole), (both) =>
    ModelInterface.nodes(both.input ?? "") + ModelInterface.nodes(both.output ?? "") > RecordLimits.interfaceNodes
      ? Result.fail(
          invalid(
            "/interface",
            `The interface has more than ${RecordLimits.interfaceNodes} nodes in input and output together`,
          ),
        )
      : Result.succeed(both),
  )

const decodeDeploySetting = decode(DeploySetting)

const checkDeploySetting = (given: JsonObject) =>
  Result.mapBoth(decodeDeploySetting(given), {
    onSuccess: (setting) => ({ model_ttl_minutes: -1, ...setting }),
    onFailure: ({ message }) => invalid("/deploy_setting", message),
  })
