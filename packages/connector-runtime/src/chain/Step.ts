/** One step of a processor chain: a JSON value in, another out. */
import * as Json from "@drawbar/json-text/Json"
import { Result } from "effect"
import type { WorkBudget } from "./WorkBudget.ts"
import type { JsonSize } from "./JsonSize.ts"

/** A step that cannot do its work throws `Inapplicable`, and the chain goes on with what it had. */
export type Step = (value: Json.Json) => Json.Json

export type Compiled<A = Step> = Result.Result<A, string>

/** What a step is made with: how a list of steps inside its settings is read, and what its work is taken from. */
export interface Making {
  readonly chain: (steps: Json.Json | undefined) => Compiled
  readonly allowance: WorkBudget
  readonly sizes: JsonSize
}

/** Reads the settings of one type of step. */
export type Make = (config: Json.JsonObject, making: Making) => Compiled

export class Inapplicable extends Error {}

/** A value as text: a string is itself, anything else its JSON. */
export const textOf = (value: Json.Json): string => (typeof value === "string" ? value : Json.stringify(value))

/** What a JSONPath looks at: the JSON in a text, or the value itself. */
export const documentOf = (value: Json.Json): Json.Json => {
  if (typeof value !== "string" || !/^\s*[[{]/.test(value)) return value
  return Result.getOrElse(Json.parse(value), () => value)
}

export const text = (config: Json.JsonObject, name: string): Compiled<string> => {
  const value = config[name]
  return typeof value === "string" && value.trim() !== ""
    ? Result.succeed(value)
    : Result.fail(`'${name}' is required for ${textOf(config["type"] ?? "")} processor`)
}
