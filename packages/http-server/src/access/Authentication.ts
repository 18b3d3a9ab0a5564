/** Authentication and authorization: checked for every request of a server started with `--auth on`. */
import type { IncomingHttpHeaders } from "node:http"
import { anonymous, type Caller } from "@drawbar/registry/access/Caller"
import type { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import { type Proof, Principals } from "@drawbar/registry/access/Principals"
import type { RegistryFailure } from "@drawbar/registry/RegistryError"
import { Effect, Option, Result } from "effect"
import { IdentityTokens } from "./IdentityTokens.ts"
import * as Permission from "./Permission.ts"
import { RequestError, RoleForbidden, Unauthenticated } from "../http/RequestError.ts"
import * as BasicCredentials from "./BasicCredentials.ts"

export type Authentication = (
  headers: IncomingHttpHeaders,
  /** The permission that the endpoint requires; absent if it requires none. */
  needed: Permission.Kind | undefined,
) => Effect.Effect<Caller, RequestError | RegistryFailure>

/** Checks no password. The name is accepted as sent, and grants nothing. */
export const off: Authentication = (headers) => {
  const name = BasicCredentials.of(headers)
  return Effect.succeed(name === undefined ? anonymous : { name })
}

export const on = Effect.gen(function* () {
  const { authenticate } = yield* Principals
  const tokens = yield* IdentityTokens
  const find = (proof: Proof | Token): Effect.Effect<Option.Option<CurrentPrincipal>, RegistryFailure> =>
    proof._tag !== "Token" ? authenticate(proof) : (tokens?.verify(proof.token) ?? Effect.succeedNone)

  const authentication: Authentication = (headers, needed) => {
    if (needed === undefined) return Effect.succeed(anonymous)
    const proof = proofIn(headers)
    if (proof === undefined) return Effect.fail(RequestError.from(new Unauthenticated({ message: missing })))
    return Effect.flatMap(find(proof), (found) =>
      Option.isNone(found)
        ? Effect.fail(RequestError.from(new Unauthenticated({ message: wrong })))
        : Effect.succeed({ name: found.value.name, principal: found.value }),
    )
  }
  return authentication
})

/** Fails if the principal lacks the permission that the endpoint requires. Without authentication there is no principal, and every caller is permitted. */
export const permitted = (
  principal: CurrentPrincipal | undefined,
  needed: Permission.Kind | undefined,
): Result.Result<void, RequestError> =>
  principal === undefined || needed === undefined || Permission.mayDo(principal.roles, needed)
    ? Result.void
    : Result.fail(RequestError.from(new RoleForbidden({ name: principal.name, roles: principal.roles, needed })))

const missing =
  "Authentication required by this Drawbar server. Send the header Authorization: Bearer <API key>, or Basic credentials; the drawbar command sends the key in the variable DRAWBAR_API_KEY"
const wrong =
  "Authentication failed: this Drawbar server does not know the API key, the token, or the name and password of the Authorization header, or they have expired. Check them, or have an admin create a key: drawbar key create NAME --role application"

interface Token {
  readonly _tag: "Token"
  readonly token: string
}

/** https://www.rfc-editor.org/rfc/rfc6750 and https://www.rfc-editor.org/rfc/rfc7617 */
const proofIn = ({ authorization = "" }: IncomingHttpHeaders): Proof | Token | undefined => {
  const [, key] = /^(?:bearer|apikey)\s+(\S+)\s*$/i.exec(authorization) ?? []
  // The three parts of a JWT have dots between them, a key has none.
  if (key !== undefined) return key.includes(".") ? { _tag: "Token", token: key } : { _tag: "Key", key }
  const pair = BasicCredentials.pair({ authorization })
  return pair === undefined ? undefined : { _tag: "Password", ...pair }
}
