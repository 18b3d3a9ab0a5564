/** Who asks, and whether he may: asked of every request where the server was started with `--auth on`. */
import type { IncomingHttpHeaders } from "node:http"
import type { Asker } from "@drawbar/registry/Asker"
import { type Proof, Principals } from "@drawbar/registry/Principals"
import type { RegistryError } from "@drawbar/registry/RegistryError"
import { Effect, Option, Result } from "effect"
import { IdentityTokens } from "./IdentityTokens.ts"
import * as Permission from "./Permission.ts"
import { because, NotPermitted, type RequestError, Unauthenticated } from "./RequestError.ts"
import * as User from "./User.ts"

export interface Known {
  /** The name of who asks, where he gives one. */
  readonly name?: string
  /** Who he was found to be. */
  readonly asker?: Asker
}

export type Authentication = (
  headers: IncomingHttpHeaders,
  endpoint: { readonly method: string; readonly path: string },
) => Effect.Effect<Known, RequestError | RegistryError>

/** Nobody is asked for a password: a name is taken at its word, and opens nothing. */
export const off: Authentication = (headers) => {
  const name = User.of(headers)
  return Effect.succeed(name === undefined ? nobody : { name })
}

const nobody: Known = {}

export const on = Effect.gen(function* () {
  const { authenticate } = yield* Principals
  const tokens = yield* IdentityTokens
  const find = (proof: Proof | Token): Effect.Effect<Option.Option<Asker>, RegistryError> =>
    proof._tag !== "Token" ? authenticate(proof) : (tokens?.verify(proof.token) ?? Effect.succeedNone)

  return Effect.fnUntraced(function* (headers, endpoint) {
    const needed = Permission.needed(endpoint)
    if (needed === undefined) return nobody
    const proof = proofIn(headers)
    if (proof === undefined) return yield* because(new Unauthenticated({ message: missing }))
    const found = yield* find(proof)
    if (Option.isNone(found)) return yield* because(new Unauthenticated({ message: wrong }))
    return { name: found.value.name, asker: found.value }
  }) satisfies Authentication
})

/** Fails where who asks lacks the right that the endpoint needs; a server that asks nobody who he is refuses nobody. */
export const permitted = (
  asker: Asker | undefined,
  endpoint: Parameters<Authentication>[1],
): Result.Result<void, RequestError> => {
  const needed = Permission.needed(endpoint)
  return asker === undefined || needed === undefined || Permission.mayDo(asker.roles, needed)
    ? Result.void
    : Result.fail(because(new NotPermitted({ name: asker.name, roles: asker.roles, needed })))
}

const missing = "Say who you are: Authorization: Bearer <API key>, or Basic credentials"
const wrong = "The API key, the token, or the name and the password, are not known here, or have expired"

interface Token {
  readonly _tag: "Token"
  readonly token: string
}

/** https://www.rfc-editor.org/rfc/rfc6750 and https://www.rfc-editor.org/rfc/rfc7617 */
const proofIn = ({ authorization = "" }: IncomingHttpHeaders): Proof | Token | undefined => {
  const [, key] = /^(?:bearer|apikey)\s+(\S+)\s*$/i.exec(authorization) ?? []
  // The three parts of a JWT have dots between them, a key has none.
  if (key !== undefined) return key.includes(".") ? { _tag: "Token", token: key } : { _tag: "Key", key }
  const pair = User.pair({ authorization })
  return pair === undefined ? undefined : { _tag: "Password", ...pair }
}
