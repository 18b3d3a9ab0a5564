/** The JSON Schemas that a model's input and output must satisfy; kept as text. */
import { type BlueprintError, invalid } from "@drawbar/blueprint-schema/BlueprintError"
import { type Json, type JsonObject, parse, toText } from "@drawbar/blueprint-schema/Json"
import { Result, Schema } from "effect"

export const ModelInterface = Schema.Struct({
  input: Schema.optionalKey(Schema.String),
  output: Schema.optionalKey(Schema.String),
})
export type ModelInterface = typeof ModelInterface.Type

/** Reads `{"input": schema, "output": schema}`, each an object or its text; `null` stands for removal, other keys are dropped. */
export const check = (given: JsonObject): Result.Result<Record<string, string | null>, BlueprintError> =>
  Result.gen(function* () {
    const texts: Record<string, string | null> = {}
    for (const side of ["input", "output"] as const) {
      const schema = given[side]
      if (schema !== undefined) texts[side] = yield* textOf(side, schema)
    }
    return texts
  })

const textOf = (side: string, schema: Json): Result.Result<string | null, BlueprintError> => {
  if (schema === null) return Result.succeed(null)
  const text = toText(schema)
  return Result.mapBoth(parse(text), {
    onSuccess: () => text,
    onFailure: ({ message, line, column }) =>
      invalid(
        `/interface/${side}`,
        `The ${side} interface is not valid JSON: ${message} at line ${line}, column ${column}`,
      ),
  })
}
