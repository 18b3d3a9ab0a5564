/** The operator's own doors: where he may mean them to lead, and where nobody may. */
import * as Proxy from "@drawbar/egress/Proxy"
import { Resolver } from "@drawbar/egress/Resolver"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { Effect, Layer, Result } from "effect"
import { assert, describe, it } from "vitest"
import { OperatorHttpClient } from "../src/secrets/OperatorHttpClient.ts"

const limits = { headersTimeoutMs: 5_000, idleTimeoutMs: 5_000, timeoutMs: 5_000, maxResponseBytes: 1_000 }

/** Where names lead, by the one resolver of a test. */
const leadingTo = (address: string) =>
  Layer.succeed(Resolver, {
    resolve: (_host: string, port: number) => Effect.succeed({ addresses: [address] as const, port, trusted: false }),
  })

const sent = (url: string, resolver: Layer.Layer<Resolver>) =>
  Effect.runPromise(
    OperatorHttpClient.use((door) => Effect.result(door.send({ method: "GET", url, headers: {} }, limits))).pipe(
      Effect.provide(Layer.provide(OperatorHttpClient.layer([]), resolver)),
    ),
  )

describe("a door of the operator's", () => {
  // Nothing is sent: the address is judged when the door opens.
  it.each(["http://169.254.169.254", "http://[fd00:ec2::254]", "http://169.254.170.2", "http://10.0.0.1"])(
    "leads to %s, where he writes it",
    async (origin) => {
      const opened = Effect.scoped(Effect.result(OperatorHttpClient.use((door) => door.open(origin)))).pipe(
        Effect.provide(Layer.provide(OperatorHttpClient.layer([]), Resolver.layer)),
      )
      assert.isTrue(Result.isSuccess(await Effect.runPromise(opened)))
    },
  )

  it("does not lead to the metadata service by a name that somebody turned there", async () => {
    const outcome = await sent("http://vault.example/", leadingTo("169.254.169.254"))
    assert.include(Result.isFailure(outcome) ? outcome.failure.message : "sent", "no setting opens it")
  })

  it("takes no proxy to an address of this machine", async () => {
    await using near = await StubPlatform.start({ handler: () => Answer.text("near") })
    await using proxy = await StubPlatform.start()
    const by = Result.getOrThrow(Proxy.read({ HTTPS_PROXY: proxy.origin }))
    assert.isDefined(by)
    if (by === undefined) return
    const outcome = await sent(`${near.origin}/`, Layer.provide(Resolver.layerProxy(by), Resolver.layer))
    assert.strictEqual(Result.isSuccess(outcome) ? outcome.success.status : outcome.failure.message, 200)
    assert.strictEqual(near.requests.length, 1)
  })
})
