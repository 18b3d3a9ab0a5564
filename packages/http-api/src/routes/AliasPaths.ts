/** Paths with the id of a model take an alias, too. Predictions are left to the deployments, which count the turns of an alias. */
import type { Endpoint } from "@drawbar/http-server/http/Endpoint"
import { Aliases } from "@drawbar/registry/aliases/Aliases"
import { Effect } from "effect"

/** Returns a function that lets an endpoint take aliases in its path. */
export const make = Effect.map(Aliases, (aliases) => (endpoint: Endpoint): Endpoint => {
  const { path, admission, needs, answer } = endpoint
  if (!path.includes("/:model_id") || admission.body === "predict") return endpoint
  const modelOf = needs === "read" ? (name: string) => Effect.succeed(aliases.main(name)) : aliases.only
  return {
    ...endpoint,
    answer: (arrived) => {
      // Profiles take several ids, with commas.
      const names = arrived.params["model_id"]?.split(",") ?? []
      return names.every((name) => aliases.targets(name) === undefined)
        ? answer(arrived)
        : Effect.flatMap(Effect.forEach(names, modelOf), (ids) =>
            answer({ ...arrived, params: { ...arrived.params, model_id: ids.join(",") } }),
          )
    },
  }
})
