/** Whether a password is right. To look is dear on purpose: few are looked at side by side, few wait for it, and who guesses is held back. */
import { createHash } from "node:crypto"
import { Clock, Effect, Semaphore } from "effect"
import { LoginThrottled, RegistryError, type RegistryFailure } from "../RegistryError.ts"
import { Limits } from "../limits/Limits.ts"
import * as Moment from "../limits/Moment.ts"
import * as Hash from "./Hash.ts"

/** `hash` is that of the password of `name`; `undefined` if the name is unknown. */
export type PasswordCheck = (
  name: string,
  password: string,
  hash: string | undefined,
) => Effect.Effect<boolean, RegistryFailure>

/** How many are looked at side by side, and how many wait: each costs 32 MB and one of four threads. */
const atOnce = 2
const inLine = 32

/** In ms: the `retryAfterMillis` of a login that finds the queue full. */
const busyFor = 2_000

/** How many that were right are remembered. */
const enough = 1_000

export const make = Effect.gen(function* (): Effect.fn.Return<PasswordCheck, never, Limits> {
  const { logins } = yield* Limits
  const hashing = yield* Semaphore.make(atOnce)
  const clock = yield* Clock.Clock
  /** By their prints, so that not every request is slow. */
  const passed = new Set<string>()
  let waiting = 0

  const heldBack = (name: string) =>
    Effect.flatMap(
      Effect.suspend(() => logins.wait(name, Moment.now(clock))),
      (wait) => (wait === undefined ? Effect.void : tooMany(wait)),
    )

  const look = Effect.fnUntraced(function* (name: string, password: string, hash: string) {
    yield* heldBack(name)
    if (waiting >= inLine) return yield* tooMany(busyFor)
    waiting++
    const looked = Effect.andThen(heldBack(name), Hash.isPassword(password, hash))
    return yield* hashing
      .withPermits(1)(looked)
      .pipe(Effect.ensuring(Effect.sync(() => waiting--)))
  })

  const learn = Effect.fnUntraced(function* (name: string, isRight: boolean, print: string) {
    if (!isRight) return yield* logins.failed(name, Moment.now(clock))
    yield* logins.succeeded(name)
    if (passed.size > enough) passed.clear()
    passed.add(print)
  })

  return (name, password, hash = nobody) => {
    const print = createHash("sha256").update(`${name}\n${hash}\n${password}`).digest("base64url")
    // One that was right before is not held back by what others guess.
    if (passed.has(print)) return Effect.succeed(true)
    return look(name, password, hash).pipe(
      Effect.map((isRight) => isRight && hash !== nobody),
      Effect.tap((isRight) => learn(name, isRight, print)),
    )
  }
})

/** The hash of no password: whether there is such a user is not told by how long the answer takes. */
const nobody = `scrypt.${Buffer.alloc(16).toString("base64url")}.${Buffer.alloc(32).toString("base64url")}`

const tooMany = (retryAfterMillis: number) => Effect.fail(RegistryError.from(new LoginThrottled({ retryAfterMillis })))
