/** Steps into the responses of providers, whose members may be absent. */
import { at } from "../stream/StreamPiece.ts"
import type { Usage } from "./Dialect.ts"

/** A whole number that is not negative. */
export const count = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : undefined

/** The arguments of a tool as JSON text: some providers send an object, some its text. */
export const jsonText = (value: unknown): string =>
  typeof value === "string" ? (value === "" ? "{}" : value) : JSON.stringify(value ?? {})

/** Counts under the provider's own names. */
export const usageBy =
  (prompt: ReadonlyArray<string>, completion: ReadonlyArray<string>) =>
  (value: unknown): Usage | undefined => {
    const [input, output] = [count(at(value, ...prompt)), count(at(value, ...completion))]
    return input === undefined && output === undefined ? undefined : { prompt: input ?? 0, completion: output ?? 0 }
  }
