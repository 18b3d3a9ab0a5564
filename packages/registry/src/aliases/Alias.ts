/** A name for one model, or for several that share its calls by weight. */
import { type BlueprintError, invalid } from "@drawbar/blueprint-schema/BlueprintError"
import { decode } from "@drawbar/json-text/Decode"
import { Result, Schema } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import * as NumberField from "../records/NumberField.ts"

const maxTargets = 10
const maxWeight = 1_000_000

const maybe = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

export const Target = Schema.Struct({
  model_id: Schema.String,
  /** Its share of the calls, beside the weights of the others; 0: none. */
  weight: NumberField.between(0, maxWeight),
})
export type Target = typeof Target.Type

/** An alias as it is sent: one model, or targets with weights, which are 1 if absent. */
export const AliasDocument = Schema.Struct({
  model_id: maybe(Schema.String),
  targets: maybe(
    Schema.Array(Schema.Struct({ model_id: Schema.String, weight: Schema.optionalKey(Target.fields.weight) })),
  ),
})
export type AliasDocument = typeof AliasDocument.Type

/** An alias as it is stored; its name is the id of the record. */
export const Alias = Schema.Struct({
  targets: Schema.NonEmptyArray(Target),
  owner: AccessControl.fields.owner,
  created_time: NumberField.Time,
  last_updated_time: NumberField.Time,
})
export type Alias = typeof Alias.Type

export const read = decode(Alias)

/** The targets in a document, or the first problem in it. */
export const targetsOf = ({ model_id, targets }: AliasDocument): Result.Result<Alias["targets"], BlueprintError> => {
  if (model_id != null && targets != null) return refused("", "Send either [model_id] or [targets], not both")
  if (model_id != null) return Result.succeed([{ model_id, weight: 1 }])
  const [first, ...rest] = (targets ?? []).map(({ weight = 1, ...target }) => ({ ...target, weight }))
  if (first === undefined) return refused("", "Send [model_id], or [targets] with a [model_id] and a [weight] each")
  const all: Alias["targets"] = [first, ...rest]
  if (all.length > maxTargets)
    return refused("/targets", `An alias has at most ${maxTargets} targets, and [targets] has ${all.length}`)
  const twice = all.find(({ model_id: id }, i) => all.findIndex((other) => other.model_id === id) !== i)
  if (twice !== undefined)
    return refused("/targets", `[targets] contains the model [${twice.model_id}] twice. Add up its weights`)
  return all.some(({ weight }) => weight > 0)
    ? Result.succeed(all)
    : refused("/targets", "At least one of the weights in [targets] must be greater than 0")
}

const refused = (pointer: string, message: string) => Result.fail(invalid(pointer, message))

/** The target with the greatest weight; of several, the first. */
export const mainTarget = ({ targets }: Pick<Alias, "targets">): Target =>
  targets.reduce((main, target) => (target.weight > main.weight ? target : main))
