/**
 * DNS rebinding: names that change their address with each lookup. 127.0.0.2 stands for a public upstream and 127.0.0.1
 * for a forbidden address, both at one port. DRAWBAR_NAMES sets the number of names, DRAWBAR_SEED the seed.
 */
import { once } from "node:events"
import { createServer, type AddressInfo, type Server } from "node:net"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Result } from "effect"
import { Egress } from "../src/Egress.ts"
import { EgressPolicy } from "../src/EgressPolicy.ts"
import { type Resolution, Resolver } from "../src/Resolver.ts"
import * as Addresses from "./fixtures/Addresses.ts"
import * as TestEgress from "./fixtures/TestEgress.ts"
import * as Wire from "./fixtures/Wire.ts"

const names = Number(process.env["DRAWBAR_NAMES"] ?? 1_000)
const seed = Number(process.env["DRAWBAR_SEED"] ?? Math.floor(Math.random() * 2 ** 32))
const callsEach = 6

const honest = ["127.0.0.2"] as const
const answers: ReadonlyArray<Resolution["addresses"]> = [
  honest,
  honest,
  ["127.0.0.1"],
  ["127.0.0.2", "127.0.0.1"],
  ["127.0.0.1", "127.0.0.2"],
  ["::ffff:127.0.0.1"],
  ["127.0.0.2", "::ffff:7f00:1"],
  ["64:ff9b::7f00:1"],
  ["127.0.0.2", "169.254.169.254"],
  ["::1", "127.0.0.2"],
]

const listen = async (host: string, port: number, received: () => void): Promise<Server> => {
  const server = createServer((socket) => {
    received()
    socket.on("error", () => {})
    socket.on("data", () => socket.write(Wire.answer("ok")))
  })
  server.listen(port, host)
  await once(server, "listening")
  return server
}

/** Sends requests to all names, some on open connections, and counts which listener receives them. */
const ask = async (resolutionOf: (addresses: Resolution["addresses"], port: number) => Resolution) => {
  const next = Addresses.random(seed)
  const count = { platform: 0, canary: 0, lookups: 0, honest: 0, answered: 0, refused: 0 }
  const platform = await listen("127.0.0.2", 0, () => count.platform++)
  const { port } = platform.address() as AddressInfo
  const canary = await listen("127.0.0.1", port, () => count.canary++)
  const flipping = Layer.succeed(Resolver, {
    resolve: () =>
      Effect.sync(() => {
        const addresses = answers[next(answers.length)]!
        count.lookups++
        if (addresses === honest) count.honest++
        return resolutionOf(addresses, port)
      }),
  })
  const policy = TestEgress.policy({ privateAddresses: true, restrictedAddresses: [String.raw`127\.0\.0\.1`, "::1"] })
  const call = (url: string) =>
    Effect.gen(function* () {
      const pool = yield* TestEgress.open(url, { maxConnections: 1 + next(3) })
      for (let n = 0; n < callsEach; n++) {
        const headers: Record<string, string> = next(2) === 0 ? {} : { connection: "close" }
        const some = Array.from({ length: 1 + next(3) }, () =>
          Effect.result(pool.send({ ...TestEgress.get(url), headers }, TestEgress.limits)),
        )
        for (const result of yield* Effect.all(some, { concurrency: "unbounded" })) {
          if (Result.isSuccess(result)) count.answered++
          else if (/^(Restricted|Private)Address$/.test(result.failure.reason._tag)) count.refused++
          else assert.fail(result.failure.message)
        }
      }
    }).pipe(Effect.scoped)
  await Effect.runPromise(
    Effect.forEach(
      Array.from({ length: names }, (_, n) => `http://name-${n}.example/`),
      call,
      { concurrency: 10 },
    ).pipe(Effect.provide(Egress.layer().pipe(Layer.provide(flipping), Layer.provide(EgressPolicy.layer(policy))))),
  )
  platform.close()
  canary.close()
  return count
}

describe(`${names} names whose address changes with each lookup (DRAWBAR_SEED=${seed})`, () => {
  it("reach only addresses that were checked, on new and on open connections", async () => {
    const count = await ask((addresses, port) => ({ addresses, port, trusted: false }))
    assert.strictEqual(count.canary, 0)
    // A name is resolved once per connection: only names that resolved to the allowed address were connected to.
    assert.strictEqual(count.platform, count.honest)
    assert.isAbove(count.refused, names)
    assert.isAbove(count.answered, names)
  })

  it("reach the forbidden listener if addresses are not checked", async () => {
    const { canary } = await ask(([first], port) => ({
      addresses: [first.startsWith("127.") ? first : "127.0.0.1"],
      port,
      trusted: true,
    }))
    assert.isAbove(canary, names / 10)
  })
})
