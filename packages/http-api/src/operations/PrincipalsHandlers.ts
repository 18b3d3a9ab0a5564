import type { Principal } from "@drawbar/registry/access/Principal"
import { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import { Principals } from "@drawbar/registry/access/Principals"
import { kinds, mayDo } from "@drawbar/http-server/access/Permission"
import { Effect } from "effect"
import * as Endpoint from "@drawbar/http-server/http/Endpoint"
import * as KeyModels from "./KeyModels.ts"
import { PrincipalsApi } from "./PrincipalsApi.ts"
import * as OpenSearchError from "../errors/OpenSearchError.ts"

export const make = Effect.gen(function* () {
  const principals = yield* Principals
  const modelOfKey = yield* KeyModels.make
  const list = (kind: Principal["kind"]) => () =>
    Effect.map(principals.list, (all) => ({
      principals: all
        .filter(({ principal }) => principal.kind === kind)
        .map(({ id, principal: { roles, ...rest } }) => Object.assign({ id, roles }, rest)),
    }))
  const remove = ({ params: { id } }: { readonly params: { readonly id: string } }) =>
    Effect.map(principals.delete(id), (was) => ({
      id,
      result: was ? ("deleted" as const) : ("not_found" as const),
    }))
  return Endpoint.serve(OpenSearchError.face, PrincipalsApi, {
    whoami: () =>
      Effect.map(CurrentPrincipal, (principal) => (principal === undefined ? everyone : identityOf(principal))),
    createUser: ({ payload }) => Effect.map(principals.createUser(payload), (id) => ({ id })),
    listUsers: list("user"),
    deleteUser: remove,
    createKey: Effect.fnUntraced(function* ({ payload: { expires_in_days, models: named, ...key } }) {
      const expires = expires_in_days === undefined ? {} : { expiresInMillis: expires_in_days * 86_400_000 }
      const models = named === undefined ? {} : { models: yield* Effect.forEach(named, modelOfKey) }
      const { id, key: api_key } = yield* principals.createKey({ ...key, ...models, ...expires })
      return { id, api_key }
    }),
    listKeys: list("api_key"),
    deleteKey: remove,
  })
})

/** Every caller of a server with `--auth off`. */
const everyone = { authentication: "off", roles: [], permissions: kinds } as const

const identityOf = (principal: CurrentPrincipal) => ({
  authentication: "on" as const,
  ...principal,
  permissions: kinds.filter((kind) => mayDo(principal.roles, kind)),
})
