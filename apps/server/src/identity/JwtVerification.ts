/**
 * Verifies JSON Web Tokens of one issuer, such as an OpenID provider: signature, issuer, audience and age. Maps their
 * claims to roles. Source: https://www.rfc-editor.org/rfc/rfc7519, https://www.rfc-editor.org/rfc/rfc8725 and
 * https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
import type { IdentityTokens } from "@drawbar/http-server/access/IdentityTokens"
import { isUnprintable } from "@drawbar/http-server/access/BasicCredentials"
import type { Role } from "@drawbar/registry/access/Principal"
import { Clock, Effect, Option } from "effect"
import type { JWTPayload, JWTVerifyGetKey } from "jose"
import * as JwtKeys from "./JwtKeys.ts"
import type { JwtSettings } from "./JwtSettings.ts"

/** Only algorithms that require the issuer's private key: a shared secret, or no signature, proves nothing. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]

/** In seconds: the allowed clock difference. */
const clockTolerance = 10

export const make = Effect.fnUntraced(function* (settings: JwtSettings) {
  const jose = yield* Effect.promise(() => import("jose"))
  const keys = yield* JwtKeys.make(settings.jwks, jose.createLocalJWKSet)
  const { issuer, audience } = settings

  const verified = (token: string, key: JWTVerifyGetKey) =>
    Effect.tryPromise({
      try: () =>
        jose.jwtVerify(token, key, { issuer, audience, algorithms, clockTolerance, requiredClaims: ["exp", "iat"] }),
      catch: (cause) =>
        cause instanceof jose.errors.JWKSNoMatchingKey ? ("unknown key" as const) : ("refused" as const),
    })

  const tokens: IdentityTokens = {
    verify: (token: string) =>
      keys.known.pipe(
        Effect.flatMap((known) => verified(token, known)),
        Effect.catch((why) =>
          why === "unknown key" ? Effect.flatMap(keys.newer, (newer) => verified(token, newer)) : Effect.fail(why),
        ),
        Effect.flatMap(({ payload }) =>
          Effect.map(Clock.currentTimeMillis, (now) =>
            isOfTheFuture(payload, now) ? Option.none() : principalOf(settings, payload),
          ),
        ),
        Effect.orElseSucceed(() => Option.none()),
      ),
  }
  return tokens
})

/** A token issued in the future could outlive its maximum age; `now` is in ms since 1970. */
const isOfTheFuture = ({ iat = Infinity }: JWTPayload, now: number): boolean => iat > now / 1_000 + clockTolerance

const principalOf = (
  { name_claim = "sub", roles_claim = "roles", roles: table, backend_roles_claim }: JwtSettings,
  payload: JWTPayload,
) => {
  const name = payload[name_claim]
  if (typeof name !== "string" || name === "" || isUnprintable(name)) return Option.none()
  const granted = new Set<Role>(
    textsOf(payload[roles_claim]).flatMap((value) => (Object.hasOwn(table, value) ? table[value]! : [])),
  )
  const backend_roles = backend_roles_claim === undefined ? [] : textsOf(payload[backend_roles_claim])
  return Option.some({ kind: "token" as const, name, roles: [...granted], backend_roles })
}

/** A claim has one value, a list of values, or, like `scope`, words separated by spaces. */
const textsOf = (claim: unknown): ReadonlyArray<string> =>
  typeof claim === "string"
    ? claim.split(" ").filter((word) => word !== "")
    : Array.isArray(claim)
      ? claim.filter((value) => typeof value === "string")
      : []
