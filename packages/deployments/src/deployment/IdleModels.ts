/** Undeploys models that were not called within their `model_ttl_minutes`. */
import { Models } from "@drawbar/registry/models/Models"
import * as Search from "@drawbar/document-store/search/Search"
import { Clock, Effect, Layer, Result } from "effect"
import { Deployments } from "./Deployments.ts"
import * as ModelUses from "./ModelUses.ts"

/** How often they are looked for; a model may live so much longer than it says. */
const interval = "30 seconds"

const candidates = Result.getOrThrow(
  Search.parse({
    query: {
      bool: {
        filter: [{ term: { model_state: "DEPLOYED" } }, { range: { "deploy_setting.model_ttl_minutes": { gte: 0 } } }],
      },
    },
    size: Search.maxWindow,
    _source: ["deploy_setting", "last_deployed_time"],
  }),
)

export const layer = Layer.effectDiscard(
  Effect.gen(function* () {
    const models = yield* Models
    const deployments = yield* Deployments
    const uses = yield* ModelUses.make(deployments)
    const begun = yield* Clock.currentTimeMillis

    const sweep = Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const { hits } = yield* models.search(candidates)
      yield* uses.hear(hits.map(({ id }) => id))
      for (const { id, source = {} } of hits) {
        const setting: { readonly model_ttl_minutes?: unknown } = Object(source["deploy_setting"])
        const used = (yield* uses.lastUsed(id)) ?? Math.max(begun, Number(source["last_deployed_time"] ?? 0))
        if (now - used > Number(setting.model_ttl_minutes) * 60_000) yield* deployments.undeploy(id)
      }
    })

    // A store that cannot be asked now is asked again.
    const patient = Effect.catchCause(sweep, (cause) => Effect.logWarning("Idle models cannot be looked for", cause))
    yield* Effect.forkScoped(Effect.forever(Effect.andThen(Effect.sleep(interval), patient)))
  }),
)
