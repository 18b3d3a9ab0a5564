/**
 * JSON Web Tokens of one issuer, such as an OpenID provider: their signature, issuer, audience and age are verified, and their
 * claims become roles.
 * Source: https://www.rfc-editor.org/rfc/rfc7519, https://www.rfc-editor.org/rfc/rfc8725 and
 * https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
import * as Decode from "@drawbar/json-text/Decode"
import * as Json from "@drawbar/json-text/Json"
import type { IdentityTokens } from "@drawbar/http-server/access/IdentityTokens"
import { isUnprintable } from "@drawbar/http-server/access/BasicCredentials"
import { type Role, roles } from "@drawbar/registry/access/Principal"
import { Clock, Effect, Option, Result, Schema, Semaphore } from "effect"
import type { JSONWebKeySet, JWTPayload, JWTVerifyGetKey } from "jose"
import { OperatorHttpClient } from "../secrets/OperatorHttpClient.ts"
import { InvalidFileOption } from "../options/InvalidFileOption.ts"

/** The file that `--jwt` names. */
export const JwtSettings = Schema.Struct({
  /** The `iss` of its tokens, to the letter. */
  issuer: Schema.String,
  /** What its tokens have to have in `aud`: without it a token for another program would open this one. */
  audience: Schema.String,
  /** The issuer's public keys: the URL of a JSON Web Key Set, or the set itself. */
  jwks: Schema.Union([
    Schema.String,
    Schema.Struct({ keys: Schema.Array(Schema.Record(Schema.String, Schema.Unknown)) }),
  ]),
  /** The claim that names who asks; `sub` if absent. */
  name_claim: Schema.optionalKey(Schema.String),
  /** The claim with what the table below translates; `roles` if absent. */
  roles_claim: Schema.optionalKey(Schema.String),
  /** From the claim's values to Drawbar's roles. */
  roles: Schema.Record(Schema.String, Schema.Array(Schema.Literals(roles))),
  /** The claim whose values become backend roles; none if absent. */
  backend_roles_claim: Schema.optionalKey(Schema.String),
})
export type JwtSettings = typeof JwtSettings.Type

const decode = Decode.decode(JwtSettings)

/** Reads the file's text; fails with a sentence that says where it is wrong. */
export const read = (file: string, text: string): Result.Result<JwtSettings, InvalidFileOption> => {
  const unusable = (why: string) => new InvalidFileOption({ message: `--jwt ${file} ${why}.` })
  return Json.parse(text).pipe(
    Result.mapError(({ message, line, column }) =>
      unusable(`is no JSON: ${message} at line ${line}, column ${column}`),
    ),
    Result.flatMap((json) => Result.mapError(decode(json), ({ message }) => unusable(`cannot be used: ${message}`))),
  )
}

/** Only what needs the issuer's private key: a shared secret, or none at all, proves nothing. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"]

/** In seconds: how far two clocks may be apart. */
const clockTolerance = 10

export const make = Effect.fnUntraced(function* (settings: JwtSettings) {
  const jose = yield* Effect.promise(() => import("jose"))
  const keysOf = yield* keySets(settings.jwks, jose.createLocalJWKSet)
  const { issuer, audience } = settings

  const verified = (token: string, keys: JWTVerifyGetKey) =>
    Effect.tryPromise({
      try: () =>
        jose.jwtVerify(token, keys, { issuer, audience, algorithms, clockTolerance, requiredClaims: ["exp", "iat"] }),
      catch: (cause) =>
        cause instanceof jose.errors.JWKSNoMatchingKey ? ("unknown key" as const) : ("refused" as const),
    })

  const tokens: IdentityTokens = {
    verify: (token: string) =>
      keysOf(false).pipe(
        Effect.flatMap((keys) => verified(token, keys)),
        Effect.catch((why) =>
          why === "unknown key" ? Effect.flatMap(keysOf(true), (keys) => verified(token, keys)) : Effect.fail(why),
        ),
        Effect.map(({ payload }) => askerOf(settings, payload)),
        Effect.orElseSucceed(() => Option.none()),
      ),
  }
  return tokens
})

const askerOf = (
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

/** A claim has one value, a list of them, or, as `scope` has, words with spaces between. */
const textsOf = (claim: unknown): ReadonlyArray<string> =>
  typeof claim === "string"
    ? claim.split(" ").filter((word) => word !== "")
    : Array.isArray(claim)
      ? claim.filter((value) => typeof value === "string")
      : []

/**
 * In ms: how long keys are taken to be the issuer's, how soon after one look another is taken for a key that is not known, and how
 * long they hold where the issuer cannot be asked.
 */
const freshFor = 600_000
const cooldown = 30_000
const staleFor = 3_600_000

type Importer = (keys: JSONWebKeySet) => JWTVerifyGetKey

/** Answers the keys; `again` looks for newer ones, though not for every token that somebody makes up. */
const keySets = Effect.fnUntraced(function* (jwks: JwtSettings["jwks"], importer: Importer) {
  if (typeof jwks !== "string") {
    const own = yield* imported(jwks, importer)
    return (_again: boolean) => Effect.succeed(own)
  }
  const url = yield* Effect.fromResult(urlOf(jwks))
  const pool = yield* (yield* OperatorHttpClient).open(url.origin)
  const one = yield* Semaphore.make(1)
  let held: { readonly keys: JWTVerifyGetKey; readonly at: number } | undefined
  let failedAt = -Infinity

  const fetched = Effect.gen(function* () {
    const { status, body } = yield* pool.send(
      { method: "GET", url: url.href, headers: { accept: "application/json" } },
      limits,
    )
    if (status !== 200) return yield* Effect.fail(`status ${status}`)
    const json = yield* Effect.fromResult(Json.parse(Buffer.from(body).toString("utf8")))
    return yield* imported(json, importer)
  })

  return (again: boolean) =>
    one
      .withPermits(1)(
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          const age = held === undefined ? Infinity : now - held.at
          if (held !== undefined && age < (again ? cooldown : freshFor)) return held.keys
          const looked = now - failedAt < cooldown ? undefined : yield* Effect.result(fetched)
          if (looked !== undefined && Result.isSuccess(looked)) {
            held = { keys: looked.success, at: now }
            return held.keys
          }
          if (looked !== undefined) {
            failedAt = now
            const why = typeof looked.failure === "string" ? looked.failure : looked.failure.message
            yield* Effect.logWarning(`The keys of the issuer, ${url.origin}, cannot be fetched: ${why}`)
          }
          // While the issuer is away its last keys hold for a time; whoever asks does not wait for it each time.
          return held !== undefined && age < staleFor ? held.keys : yield* Effect.fail("refused" as const)
        }),
      )
      .pipe(Effect.mapError(() => "refused" as const))
})

const imported = (json: unknown, importer: Importer) =>
  Effect.try({
    // The library looks at the set itself, and refuses what is none.
    try: () => importer(json as JSONWebKeySet),
    catch: () => new InvalidFileOption({ message: "--jwt: jwks is no JSON Web Key Set." }),
  })

const urlOf = (text: string) =>
  Result.try({
    try: () => new URL(text),
    catch: () => new InvalidFileOption({ message: `--jwt: jwks ${text} is no URL.` }),
  })

const limits = { headersTimeoutMs: 5_000, idleTimeoutMs: 5_000, timeoutMs: 10_000, maxResponseBytes: 1_000_000 }
