/** The operator's HTTP clients: the addresses that an operator may configure, and those that are never allowed. */
import * as Proxy from "@drawbar/egress/Proxy"
import { Resolver } from "@drawbar/egress/Resolver"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { Effect, Layer, Result } from "effect"
import { assert, describe, it } from "vitest"
import { OperatorHttpClient } from "../src/secrets/OperatorHttpClient.ts"

const limits = { headersTimeoutMs: 5_000, idleTimeoutMs: 5_000, timeoutMs: 5_000, maxResponseBytes: 1_000 }

/** Where names resolve to, by the test's only resolver. */
const leadingTo = (address: string) =>
  Layer.succeed(Resolver, {
    resolve: (_host: string, port: number) => Effect.succeed({ addresses: [address] as const, port, trusted: false }),
  })

const sent = (url: string, resolver: Layer.Layer<Resolver>) =>
  Effect.runPromise(
    OperatorHttpClient.use((httpClient) =>
      Effect.result(httpClient.send({ method: "GET", url, headers: {} }, limits)),
    ).pipe(Effect.provide(Layer.provide(OperatorHttpClient.layer([]), resolver))),
  )

describe("the operator's HTTP client", () => {
  // Nothing is sent: the address is checked when the client is opened.
  it.each(["http://169.254.169.254", "http://[fd00:ec2::254]", "http://169.254.170.2", "http://10.0.0.1"])(
    "connects to %s if it is configured literally",
    async (origin) => {
      const opened = Effect.scoped(Effect.result(OperatorHttpClient.use((httpClient) => httpClient.open(origin)))).pipe(
        Effect.provide(Layer.provide(OperatorHttpClient.layer([]), Resolver.layer)),
      )
      assert.isTrue(Result.isSuccess(await Effect.runPromise(opened)))
    },
  )

  it("does not connect to the metadata service through a host name", async () => {
    const outcome = await sent("http://vault.example/", leadingTo("169.254.169.254"))
    assert.include(Result.isFailure(outcome) ? outcome.failure.message : "sent", "no setting allows it")
  })

  it("uses no proxy for an address of this machine", async () => {
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
