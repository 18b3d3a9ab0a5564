/** What a record is called: 20 URL-safe characters when Drawbar chooses, a name of the client's own when the client does. */
import { invalid } from "@drawbar/blueprint-schema/BlueprintError"
import { Clock, Effect, Result } from "effect"
import type { Collection } from "@drawbar/document-store/Document"
import { StoreError, AlreadyExists } from "@drawbar/document-store/StoreError"
import { RegistryError, type RegistryFailure } from "../RegistryError.ts"
import { SecureRandom } from "../secrets/SecureRandom.ts"

/** The records that a client may name, with the field that names them and what a message calls it. */
export const kinds = {
  connector: { field: "connector_id", label: "connector id" },
  model: { field: "model_id", label: "model id" },
  "model-group": { field: "model_group_id", label: "model group id" },
  alias: { field: "name", label: "alias name" },
} as const satisfies Partial<Record<Collection, { readonly field: string; readonly label: string }>>
export type Kind = keyof typeof kinds

const maxBytes = 512

/** A new id: six bytes of time, so that neighbours in time are neighbours in an index, and nine of chance, as base64url. */
export const make: Effect.Effect<string> = Effect.gen(function* () {
  const id = Buffer.alloc(15)
  id.writeUIntBE(yield* Clock.currentTimeMillis, 0, 6)
  id.set((yield* SecureRandom)(9), 6)
  return id.toString("base64url")
})

/** The id that a client chose, if it may be one. */
const check = (kind: Kind, id: string): Result.Result<string, RegistryFailure> => {
  const problem = problemOf(id)
  const { field, label } = kinds[kind]
  return problem === undefined
    ? Result.succeed(id)
    : Result.fail(RegistryError.from(invalid(`/${field}`, `${label} ${problem}`).reason))
}

/** The id that a client chose, or a new one where it chose none. */
export const chosenOrNew = (kind: Kind, id: string | null | undefined): Effect.Effect<string, RegistryFailure> =>
  id == null ? make : Effect.fromResult(check(kind, id))

export const alreadyExists = (kind: Kind, id: string): RegistryFailure =>
  StoreError.from(new AlreadyExists({ collection: kind, id, message: `${kinds[kind].label} '${id}' already exists` }))

const problemOf = (id: string): string | undefined => {
  if (id.trim() === "") return "is invalid"
  if (id.startsWith("_")) return "must not start with '_'"
  if (id.startsWith("-")) return "must not start with '-'"
  if (Buffer.byteLength(id) > maxBytes) return `is too long, max length is ${maxBytes}`
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_-]*$/.test(id))
    return "must contain only letters, digits, underscores, and hyphens, and must start with a letter or digit"
  return undefined
}
