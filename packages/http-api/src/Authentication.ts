/** Who asks, and whether he may: asked of every request where the server was started with `--auth on`. */
import type { IncomingHttpHeaders } from "node:http"
import { type Proof, Principals } from "@drawbar/registry/Principals"
import { Effect, Option } from "effect"
import * as Permission from "./Permission.ts"
import { because, NotPermitted, type RequestError, Unauthenticated } from "./RequestError.ts"
import * as User from "./User.ts"

/** Answers the name of who asks, where it is known. */
export type Authentication = (
  headers: IncomingHttpHeaders,
  endpoint: { readonly method: string; readonly path: string },
) => Effect.Effect<string | undefined, RequestError>

/** Nobody is asked for a password: a name is taken at its word, and opens nothing. */
export const off: Authentication = (headers) => Effect.succeed(User.of(headers))

export const on = Effect.map(Principals, ({ authenticate }): Authentication =>
  Effect.fnUntraced(function* (headers, endpoint) {
    const needed = Permission.needed(endpoint)
    if (needed === undefined) return undefined
    const proof = proofIn(headers)
    if (proof === undefined) return yield* because(new Unauthenticated({ message: missing }))
    const found = yield* authenticate(proof)
    if (Option.isNone(found)) return yield* because(new Unauthenticated({ message: wrong }))
    const { name, roles } = found.value
    if (!Permission.mayDo(roles, needed)) return yield* because(new NotPermitted({ name, roles, needed }))
    return name
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
