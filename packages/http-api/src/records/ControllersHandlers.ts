import { Controllers } from "@drawbar/registry/models/Controllers"
import { InvalidState, RegistryError, type RegistryFailure } from "@drawbar/registry/RegistryError"
import { Settings } from "@drawbar/registry/settings/Settings"
import { Effect } from "effect"
import { ControllersApi } from "./ControllersApi.ts"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import * as WriteResult from "./WriteResult.ts"
import * as OpenSearchError from "../errors/OpenSearchError.ts"

export const make = Effect.gen(function* () {
  const controllers = yield* Controllers
  const settings = yield* Settings

  const whenOn = <A, R>(effect: Effect.Effect<A, RegistryFailure, R>): Effect.Effect<A, RegistryFailure, R> =>
    Effect.suspend(() => (settings.get("plugins.ml_commons.controller_enabled") ? effect : Effect.fail(switchedOff)))

  return Endpoint.serve(OpenSearchError.face, ControllersApi, {
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

const switchedOff = RegistryError.from(
  new InvalidState({
    message:
      'Controller is currently disabled. To enable it, update the setting "plugins.ml_commons.controller_enabled" to true.',
  }),
)
