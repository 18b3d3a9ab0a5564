import { Controllers } from "@drawbar/registry/Controllers"
import { fail, Refused, type RegistryError } from "@drawbar/registry/RegistryError"
import { Settings } from "@drawbar/registry/Settings"
import { Effect } from "effect"
import { ControllersApi } from "./ControllersApi.ts"
import * as Endpoint from "./Endpoint.ts"
import * as WriteResult from "./WriteResult.ts"

export const make = Effect.gen(function* () {
  const controllers = yield* Controllers
  const settings = yield* Settings

  const whenOn = <A, R>(effect: Effect.Effect<A, RegistryError, R>): Effect.Effect<A, RegistryError, R> =>
    Effect.suspend(() => (settings.get("plugins.ml_commons.controller_enabled") ? effect : Effect.fail(switchedOff)))

  return Endpoint.serve(ControllersApi, {
    create: ({ params: { model_id }, json }) =>
      whenOn(Effect.map(controllers.create(model_id, json), (status) => ({ model_id, status }))),
    update: ({ params, json }) =>
      whenOn(
        Effect.map(controllers.update(params.model_id, json), (written) => WriteResult.updated("controller", written)),
      ),
    get: ({ params }) => whenOn(Effect.map(controllers.get(params.model_id), ({ source }) => source)),
    delete: ({ params: { model_id } }) =>
      whenOn(
        Effect.map(controllers.delete(model_id), (removed) => WriteResult.deleted("controller", model_id, removed)),
      ),
  })
})

const switchedOff = fail(
  new Refused({
    message:
      'Controller is currently disabled. To enable it, update the setting "plugins.ml_commons.controller_enabled" to true.',
  }),
)
