/** Who asks, and whether he may: asked of every request where the server was started with `--auth on`. */
import type { IncomingHttpHeaders } from "node:http"
import type { Asker } from "@drawbar/registry/Asker"
import { type Proof, Principals } from "@drawbar/registry/Principals"
import { Effect, Option } from "effect"
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
) => Effect.Effect<Known, RequestError>

/** Nobody is asked for a password: a name is taken at its word, and opens nothing. */
export const off: Authentication = (headers) => {
  const name = User.of(headers)
  return Effect.succeed(name === undefined ? nobody : { name })
}

const nobody: Known = {}

export const on = Effect.map(Principals, ({ authenticate }): Authentication =>
  Effect.fnUntraced(function* (headers, endpoint) {
    const needed = Permission.needed(endpoint)
    if (needed === undefined) return nobody
    const proof = proofIn(headers)
    if (proof === undefined) return yield* because(new Unauthenticated({ message: missing }))
    const found = yield* authenticate(proof)
    if (Option.isNone(found)) return yield* because(new Unauthenticated({ message: wrong }))
    const asker = found.value
    const { name, roles } = asker
    if (!Permission.mayDo(roles, needed)) return yield* because(new NotPermitted({ name, roles, needed }))
    return { name, asker }
  }),
)

const missing = "Say who you are: Authorization: Bearer <API key>, or Basic credentials"
const wrong = "The API key, or the name and the password, are not known here, or have expired"

/** https://www.rfc-editor.org/rfc/rfc6750 and https://www.rfc-editor.org/rfc/rfc7617 */
const proofIn = ({ authorization = "" }: IncomingHttpHeaders): Proof | undefined => {
  const [, key] = /^(?:bearer|apikey)\s+(\S+)\s*$/i.exec(authorization) ?? []
  if (key !== undefined) return { _tag: "Key", key }
  const pair = User.pair({ authorization })
  return pair === undefined ? undefined : { _tag: "Password", ...pair }
}
