/**
 * The cached public keys of an issuer. Fresh keys, and stale keys that are still valid, are returned immediately and
 * refreshed in the background. Only a token with an unknown key waits for a refresh, and does not delay other tokens.
 * Source: https://www.rfc-editor.org/rfc/rfc7517
 */
import * as Json from "@drawbar/json-text/Json"
import { Clock, Effect, Fiber, Result, type Scope } from "effect"
import type { JSONWebKeySet, JWTVerifyGetKey } from "jose"
import { OperatorHttpClient } from "../secrets/OperatorHttpClient.ts"
import type { JwtSettings } from "./JwtSettings.ts"
import { InvalidFileOption } from "../options/InvalidFileOption.ts"

export interface JwtKeys {
  /** The cached keys. Without valid keys, waits for a refresh and fails if there are still none. */
  readonly known: Effect.Effect<JWTVerifyGetKey, "refused">
  /** The keys after a refresh, for a token with an unknown key. */
  readonly newer: Effect.Effect<JWTVerifyGetKey, "refused">
}

export type Importer = (keys: JSONWebKeySet) => JWTVerifyGetKey

/**
 * In ms: how long keys are fresh, the minimum interval between refreshes, and how long keys remain valid if the issuer
 * returns no others.
 */
const freshForMs = 600_000
const cooldownMs = 30_000
const holdForMs = 3_600_000

/** How many requests may wait for a refresh, because any caller can send an unknown key id. */
const maxWaiting = 100

const limits = { headersTimeoutMs: 5_000, idleTimeoutMs: 5_000, timeoutMs: 10_000, maxResponseBytes: 1_000_000 }

export const make = Effect.fnUntraced(function* (jwks: JwtSettings["jwks"], importer: Importer) {
  if (typeof jwks !== "string") {
    const own = Effect.succeed(yield* imported(jwks, importer))
    return { known: own, newer: own }
  }
  const url = yield* Effect.fromResult(urlOf(jwks))
  const pool = yield* (yield* OperatorHttpClient).open(url.origin)
  const fetched = Effect.gen(function* () {
    const { status, body } = yield* pool.send(
      { method: "GET", url: url.href, headers: { accept: "application/json" } },
      limits,
    )
    if (status !== 200) return yield* Effect.fail(`status ${status}`)
    const json = yield* Effect.fromResult(Json.parse(Buffer.from(body).toString("utf8")))
    return yield* imported(json, importer)
  }).pipe(
    Effect.tapError((failure) =>
      Effect.logWarning(
        `Cannot fetch the keys of the issuer ${url.origin}: ${typeof failure === "string" ? failure : failure.message}`,
      ),
    ),
    Effect.mapError(() => "refused" as const),
  )
  return yield* cached(fetched)
})

/** Caches the keys that `fetch` returns, with one refresh at a time. Ages are measured with the monotonic clock. */
export const cached = Effect.fnUntraced(function* (
  fetch: Effect.Effect<JWTVerifyGetKey, "refused">,
): Effect.fn.Return<JwtKeys, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
  let held: { readonly keys: JWTVerifyGetKey; readonly at: number } | undefined
  let refreshedAt = -Infinity
  let refresh: Fiber.Fiber<JWTVerifyGetKey, "refused"> | undefined
  let waiting = 0

  const ageOf = () => (held === undefined ? Infinity : now() - held.at)

  /** Starts a refresh unless one is running. It continues if its waiting callers are interrupted. */
  const startRefresh = Effect.suspend(() => {
    if (refresh !== undefined) return Effect.succeed(refresh)
    refreshedAt = now()
    const kept = Effect.tap(fetch, (keys) =>
      Effect.sync(() => {
        held = { keys, at: now() }
      }),
    )
    const ended = Effect.sync(() => {
      refresh = undefined
      refreshedAt = now()
    })
    return Effect.map(Effect.forkIn(Effect.ensuring(kept, ended), scope), (fiber) => {
      // The refresh may already have ended.
      if (fiber.pollUnsafe() === undefined) refresh = fiber
      return fiber
    })
  })

  const refreshed = Effect.flatMap(startRefresh, (fiber) => {
    if (waiting >= maxWaiting) return Effect.fail("refused" as const)
    waiting += 1
    return Effect.ensuring(
      Fiber.join(fiber),
      Effect.sync(() => {
        waiting -= 1
      }),
    )
  })

  const isDue = () => refresh !== undefined || now() - refreshedAt >= cooldownMs
  const heldOrRefused = Effect.suspend(() =>
    held !== undefined && ageOf() < holdForMs ? Effect.succeed(held.keys) : Effect.fail("refused" as const),
  )
  return {
    known: Effect.suspend(() => {
      const age = ageOf()
      if (held === undefined || age >= holdForMs) return isDue() ? refreshed : Effect.fail("refused" as const)
      return age < freshForMs || !isDue() ? Effect.succeed(held.keys) : Effect.as(startRefresh, held.keys)
    }),
    newer: Effect.suspend(() => (isDue() ? Effect.catch(refreshed, () => heldOrRefused) : heldOrRefused)),
  }
})

const imported = (json: unknown, importer: Importer) =>
  Effect.try({
    // The library validates the set and throws if it is invalid.
    try: () => importer(json as JSONWebKeySet),
    catch: () => new InvalidFileOption({ message: "--jwt: jwks is not a valid JSON Web Key Set." }),
  })

const urlOf = (text: string) =>
  Result.try({
    try: () => new URL(text),
    catch: () => new InvalidFileOption({ message: `--jwt: jwks ${text} is not a valid URL.` }),
  })
