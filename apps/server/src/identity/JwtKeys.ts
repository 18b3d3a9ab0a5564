/**
 * The public keys of an issuer, remembered. Keys that are fresh, or that hold still, are there at once; newer ones are fetched beside.
 * Only a token whose key is not among them waits for a look at the issuer, and does not hold up another.
 * Source: https://www.rfc-editor.org/rfc/rfc7517
 */
import * as Json from "@drawbar/json-text/Json"
import { Clock, Effect, Fiber, Result, type Scope } from "effect"
import type { JSONWebKeySet, JWTVerifyGetKey } from "jose"
import { OperatorHttpClient } from "../secrets/OperatorHttpClient.ts"
import type { JwtSettings } from "./JwtSettings.ts"
import { InvalidFileOption } from "../options/InvalidFileOption.ts"

export interface JwtKeys {
  /** The keys as they are known. Fails where none hold, once the issuer was asked. */
  readonly known: Effect.Effect<JWTVerifyGetKey, "refused">
  /** The keys after a look at the issuer, for a token whose key is not among those that are known. */
  readonly newer: Effect.Effect<JWTVerifyGetKey, "refused">
}

export type Importer = (keys: JSONWebKeySet) => JWTVerifyGetKey

/**
 * In ms: how long keys are taken to be the issuer's, how soon after one look another is taken, and how long they hold where the issuer
 * gives no others.
 */
const freshForMs = 600_000
const cooldownMs = 30_000
const holdForMs = 3_600_000

/** How many requests wait for one look: anybody can name a key that is not known. */
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
        `The keys of the issuer, ${url.origin}, cannot be fetched: ${typeof failure === "string" ? failure : failure.message}`,
      ),
    ),
    Effect.mapError(() => "refused" as const),
  )
  return yield* remembered(fetched)
})

/** Keys that `fetch` gets, one look at a time. Ages are measured by the monotonic clock. */
export const remembered = Effect.fnUntraced(function* (
  fetch: Effect.Effect<JWTVerifyGetKey, "refused">,
): Effect.fn.Return<JwtKeys, never, Scope.Scope> {
  const scope = yield* Effect.scope
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)
  let held: { readonly keys: JWTVerifyGetKey; readonly at: number } | undefined
  let lookedAt = -Infinity
  let look: Fiber.Fiber<JWTVerifyGetKey, "refused"> | undefined
  let waiting = 0

  const ageOf = () => (held === undefined ? Infinity : now() - held.at)

  /** Begins a look where none is under way. It goes on when those who wait for it go away. */
  const looking = Effect.suspend(() => {
    if (look !== undefined) return Effect.succeed(look)
    lookedAt = now()
    const kept = Effect.tap(fetch, (keys) =>
      Effect.sync(() => {
        held = { keys, at: now() }
      }),
    )
    const ended = Effect.sync(() => {
      look = undefined
      lookedAt = now()
    })
    return Effect.map(Effect.forkIn(Effect.ensuring(kept, ended), scope), (fiber) => {
      // It may have ended by now: then there is nothing to wait for.
      if (fiber.pollUnsafe() === undefined) look = fiber
      return fiber
    })
  })

  const looked = Effect.flatMap(looking, (fiber) => {
    if (waiting >= maxWaiting) return Effect.fail("refused" as const)
    waiting += 1
    return Effect.ensuring(
      Fiber.join(fiber),
      Effect.sync(() => {
        waiting -= 1
      }),
    )
  })

  const isDue = () => look !== undefined || now() - lookedAt >= cooldownMs
  const heldOrRefused = Effect.suspend(() =>
    held !== undefined && ageOf() < holdForMs ? Effect.succeed(held.keys) : Effect.fail("refused" as const),
  )
  return {
    known: Effect.suspend(() => {
      const age = ageOf()
      if (held === undefined || age >= holdForMs) return isDue() ? looked : Effect.fail("refused" as const)
      return age < freshForMs || !isDue() ? Effect.succeed(held.keys) : Effect.as(looking, held.keys)
    }),
    newer: Effect.suspend(() => (isDue() ? Effect.catch(looked, () => heldOrRefused) : heldOrRefused)),
  }
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
