/** The models of a new API key: each an alias, an id, or the name of exactly one model, which becomes its id. */
import { invalid } from "@drawbar/blueprint-schema/BlueprintError"
import { matchAll } from "@drawbar/document-store/search/Search"
import { Aliases } from "@drawbar/registry/aliases/Aliases"
import { Models } from "@drawbar/registry/models/Models"
import { RegistryError } from "@drawbar/registry/RegistryError"
import { Effect } from "effect"

/** Of models that share a name: shown, at most. */
const maxShown = 10

export const make = Effect.gen(function* () {
  const aliases = yield* Aliases
  const models = yield* Models
  const search = (field: "_id" | "name.keyword", name: string) =>
    Effect.map(
      models.search({
        ...matchAll,
        query:
          field === "_id"
            ? { _tag: "Ids", ids: [name], boost: 1 }
            : { _tag: "Values", field, values: [name], boost: 1 },
        size: maxShown,
        source: { includes: ["name"], excludes: [] },
      }),
      ({ hits }) => hits.map(({ id }) => id),
    )

  return Effect.fnUntraced(function* (name: string, at: number) {
    if (aliases.targets(name) !== undefined || (yield* search("_id", name)).length > 0) return name
    const [id, ...others] = yield* search("name.keyword", name)
    // A model, or an alias, that is to come.
    if (id === undefined) return name
    if (others.length === 0) return id
    const ids = [id, ...others].join(", ")
    return yield* RegistryError.from(
      invalid(`/models/${at}`, `Several models are called '${name}'. Name one by its id: ${ids}`).reason,
    )
  })
})
