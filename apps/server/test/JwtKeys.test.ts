/** Cached keys of an issuer: a slow issuer, and tokens with unknown key ids, do not delay tokens with a known key. */
import { Clock, Deferred, Effect, Exit, Fiber } from "effect"
import type { JWTVerifyGetKey } from "jose"
import { assert, describe, it } from "vitest"
import * as JwtKeys from "../src/identity/JwtKeys.ts"

const keysNamed = (name: string): JWTVerifyGetKey => Object.assign(() => Promise.reject(new Error(name)), { id: name })
const nameOf = (keys: JWTVerifyGetKey): unknown => Reflect.get(keys, "id")

const second = 1_000
const minute = 60 * second

interface World {
  readonly keys: JwtKeys.JwtKeys
  /** Advances time, in ms; the wall clock may jump further. */
  readonly pass: (ms: number, jump?: number) => void
  /** What the issuer returns from now on. */
  issuer: Effect.Effect<JWTVerifyGetKey, "refused">
  looks: number
}

const run = (test: (world: World) => Effect.Effect<void, "refused">) =>
  Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const real = yield* Clock.Clock
        let [monotonic, wall] = [0, 1.7e12]
        const clock: Clock.Clock = {
          ...real,
          sleep: (duration) => real.sleep(duration),
          currentTimeMillisUnsafe: () => wall,
          currentTimeMillis: Effect.sync(() => wall),
          currentTimeNanosUnsafe: () => BigInt(wall) * 1_000_000n,
          currentTimeNanos: Effect.sync(() => BigInt(wall) * 1_000_000n),
          monotonicTimeNanosUnsafe: () => BigInt(monotonic) * 1_000_000n,
          monotonicTimeNanos: Effect.sync(() => BigInt(monotonic) * 1_000_000n),
        }
        const world: World = {
          issuer: Effect.succeed(keysNamed("first")),
          looks: 0,
          pass: (ms, jump = 0) => {
            monotonic += ms
            wall += ms + jump
          },
          keys: yield* Effect.provideService(
            JwtKeys.cached(
              Effect.suspend(() => {
                world.looks += 1
                return world.issuer
              }),
            ),
            Clock.Clock,
            clock,
          ),
        }
        assert.strictEqual(nameOf(yield* world.keys.known), "first")
        yield* test(world)
      }),
    ),
  )

/** The result of an effect that must not wait. */
const atOnce = <A, E>(effect: Effect.Effect<A, E>) =>
  Effect.timeoutOrElse(effect, { duration: 500, orElse: () => Effect.die(new Error("it had to wait")) })

describe("keys of an issuer", () => {
  it("that are cached are returned immediately while tokens with unknown keys wait for a slow issuer", () =>
    run((world) =>
      Effect.gen(function* () {
        const slow = yield* Deferred.make<JWTVerifyGetKey, "refused">()
        world.issuer = Deferred.await(slow)
        world.pass(minute)
        const madeUp = yield* Effect.forEach(Array.from({ length: 20 }), () => Effect.forkChild(world.keys.newer))
        yield* Effect.sleep(20)
        for (let times = 0; times < 50; times++) assert.strictEqual(nameOf(yield* atOnce(world.keys.known)), "first")
        assert.strictEqual(world.looks, 2)
        yield* Deferred.succeed(slow, keysNamed("second"))
        for (const fiber of madeUp) assert.strictEqual(nameOf(yield* Fiber.join(fiber)), "second")
        assert.strictEqual(nameOf(yield* world.keys.known), "second")
      }),
    ))

  it("that are stale are returned immediately and refreshed in the background", () =>
    run((world) =>
      Effect.gen(function* () {
        const slow = yield* Deferred.make<JWTVerifyGetKey, "refused">()
        world.issuer = Deferred.await(slow)
        world.pass(11 * minute)
        for (let times = 0; times < 20; times++) assert.strictEqual(nameOf(yield* atOnce(world.keys.known)), "first")
        yield* Effect.sleep(20)
        assert.strictEqual(world.looks, 2)
        yield* Deferred.succeed(slow, keysNamed("second"))
        yield* Effect.sleep(20)
        assert.strictEqual(nameOf(yield* atOnce(world.keys.known)), "second")
      }),
    ))

  it("remain valid for an hour while the issuer is unreachable, with a request every 30 s at most", () =>
    run((world) =>
      Effect.gen(function* () {
        world.issuer = Effect.fail("refused")
        for (let at = 0; at < 59; at++) {
          world.pass(minute)
          assert.strictEqual(nameOf(yield* atOnce(world.keys.known)), "first")
          assert.strictEqual(nameOf(yield* atOnce(world.keys.known)), "first")
          yield* Effect.sleep(1)
        }
        assert.isAtMost(world.looks, 60)
        world.pass(2 * minute)
        assert.isTrue(Exit.isFailure(yield* Effect.exit(atOnce(world.keys.known))))
        const { looks } = world
        for (let times = 0; times < 20; times++)
          assert.isTrue(Exit.isFailure(yield* Effect.exit(atOnce(world.keys.known))))
        assert.strictEqual(world.looks, looks)
        world.issuer = Effect.succeed(keysNamed("second"))
        world.pass(31 * second)
        assert.strictEqual(nameOf(yield* world.keys.known), "second")
      }),
    ))

  it("are fetched once in 30 s for unknown key ids, however many", () =>
    run((world) =>
      Effect.gen(function* () {
        for (let at = 0; at < 20; at++) {
          world.pass(3 * second)
          yield* atOnce(world.keys.newer)
        }
        assert.isAtMost(world.looks, 3)
      }),
    ))

  it("let only a limited number of requests wait for a refresh", () =>
    run((world) =>
      Effect.gen(function* () {
        world.issuer = Effect.never
        world.pass(minute)
        const all = yield* Effect.forEach(Array.from({ length: 500 }), () => Effect.forkChild(world.keys.newer))
        yield* Effect.sleep(50)
        const waiting = all.filter((fiber) => fiber.pollUnsafe() === undefined)
        assert.isAtMost(waiting.length, 100)
        assert.strictEqual(nameOf(yield* atOnce(world.keys.known)), "first")
        for (const fiber of all) yield* Fiber.interrupt(fiber)
      }),
    ))

  it.each([-86_400_000 * 365, 86_400_000 * 365])("are not affected by a clock change of %s ms", (jump) =>
    run((world) =>
      Effect.gen(function* () {
        world.pass(second, jump)
        yield* atOnce(world.keys.newer)
        yield* atOnce(world.keys.known)
        assert.strictEqual(world.looks, 1)
        world.pass(31 * second)
        yield* world.keys.newer
        assert.strictEqual(world.looks, 2)
      }),
    ),
  )
})
