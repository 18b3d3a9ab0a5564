/** The order in which the targets of a route are asked, and when one that failed takes calls again. */
import { ConnectorError, invalidInput, UpstreamError } from "@drawbar/connector-runtime/ConnectorError"
import { ConnectTimeout, HeadersTimeout } from "@drawbar/egress/EgressError"
import * as RetryBudget from "@drawbar/egress/RetryBudget"
import { assert, describe, it } from "@effect/vitest"
import { DeploymentError, ModelAccessDenied, ModelDisabled, RateLimited } from "../src/DeploymentError.ts"
import * as FallbackClass from "../src/routing/FallbackClass.ts"
import * as Routing from "../src/routing/Routing.ts"
import * as TargetHealth from "../src/routing/TargetHealth.ts"

const route = (weights: ReadonlyArray<number>, policy: Routing.Route["policy"] = "weighted"): Routing.Route => ({
  policy,
  targets: weights.map((weight, at) => ({
    name: String.fromCharCode(97 + at),
    upstream: { _tag: "Model", id: String(at) },
    weight,
    health: TargetHealth.make(),
  })),
  fallbackOn: new Set(),
  budget: RetryBudget.make(),
  credits: [],
  longestCallMs: 1_000,
  isClosed: () => false,
})

const names = (of: Routing.Route, now = 0, take = true) =>
  Routing.order(of, now, take)
    .map(({ name }) => name)
    .join("")

const firsts = (of: Routing.Route, count: number, now = 0) =>
  Array.from({ length: count }, () => names(of, now)[0]).join("")

const fail = (of: Routing.Route, at: number, failure: FallbackClass.FailureClass, now: number, retryAfter?: number) =>
  of.targets[at]?.health.begin().failed(failure, retryAfter, now)

describe("the order of the targets", () => {
  it.each([
    [[1], "aaaaaaaa"],
    [[1, 1], "abababab"],
    [[3, 1], "aabaaaba"],
    [[5, 1, 1], "aabacaaa"],
    [[0.5, 0.25, 0.25, 0], "abcaabca"],
  ])("spreads weights %j as %s", (weights, expected) => {
    assert.strictEqual(firsts(route(weights), 8), expected)
  })

  it("is looked at without a change", () => {
    const of = route([1, 1])
    assert.strictEqual(names(of, 0, false), names(of, 0, false))
    assert.strictEqual(names(of), "ab")
    assert.strictEqual(names(of, 0, false), "ba")
  })

  it("has fallbacks after all shares, and those that rest at the end", () => {
    const of = route([1, 1, 0, 0])
    assert.strictEqual(names(of), "abcd")
    fail(of, 1, "connect_failure", 0)
    fail(of, 2, "rate_limited", 0)
    assert.strictEqual(names(of), "adbc")
  })

  it("begins with the least load where latency decides, and tries a target that was slow again", () => {
    const of = route([1, 1, 1], "least_latency")
    const [a, b, c] = of.targets.map(({ health }) => health)
    a?.begin().answered(50, 0)
    b?.begin().answered(20, 0)
    c?.begin().answered(2_000, 0)
    assert.strictEqual(names(of)[0], "b")
    b?.begin()
    b?.begin()
    assert.strictEqual(names(of)[0], "a")
    b?.begin().answered(20, 200_000)
    a?.begin().answered(20, 200_000)
    assert.strictEqual(names(of, 200_000)[0], "c")
  })
})

describe("a target", () => {
  it.each<[FallbackClass.FailureClass, number]>([
    ["connect_failure", 1],
    ["circuit_open", 1],
    ["rate_limited", 1],
    ["unavailable", 1],
    ["timeout", 3],
    ["server_error", 3],
    ["context_too_long", Infinity],
  ])("rests after %s, %d times in a row", (failure, times) => {
    const of = route([1])
    const ready = () => of.targets[0]?.health.isReady(0)
    for (let n = 1; n < Math.min(times, 10); n++) {
      fail(of, 0, failure, 0)
      assert.isTrue(ready(), String(n))
    }
    of.targets[0]?.health.begin().refused()
    for (let n = 1; n <= Math.min(times, 10); n++) fail(of, 0, failure, 0)
    assert.strictEqual(ready(), times === Infinity)
  })

  it("is tried by one call when its rest is over, which doubles until an answer comes", () => {
    const health = TargetHealth.make()
    assert.isTrue(health.begin().failed("connect_failure", undefined, 0))
    assert.isFalse(health.isReady(999))
    assert.isTrue(health.isReady(1_000))
    const trial = health.begin()
    assert.isFalse(health.isReady(1_000))
    trial.failed("connect_failure", undefined, 1_000)
    assert.isFalse(health.isReady(2_999))
    const left = health.begin()
    left.left()
    assert.isTrue(health.isReady(3_000))
    health.begin().answered(5, 3_000)
    assert.strictEqual(health.restsUntil(), 0)
    assert.isTrue(health.isReady(0))
  })

  it("rests as long as it asks, within bounds", () => {
    const health = TargetHealth.make()
    health.begin().failed("rate_limited", 7_000, 0)
    assert.strictEqual(health.restsUntil(), 7_000)
    health.begin().failed("rate_limited", 1e12, 8_000)
    assert.strictEqual(health.restsUntil(), 308_000)
  })

  it("fails once where calls that began together fail together", () => {
    const health = TargetHealth.make()
    const together = Array.from({ length: 9 }, () => health.begin())
    for (const one of together) one.failed("connect_failure", undefined, 0)
    assert.strictEqual(health.restsUntil(), 1_000)
  })

  it("is not tried by a call while a probe looks", () => {
    const health = TargetHealth.make()
    health.begin().failed("connect_failure", undefined, 0)
    const ended = health.probing()
    assert.isFalse(health.isReady(5_000))
    ended(false, 5_000)
    assert.isFalse(health.isReady(6_999))
    health.probing()(true, 6_000)
    assert.isTrue(health.isReady(6_000))
  })
})

const remote = (status: number, body = "") =>
  ConnectorError.from(new UpstreamError({ remote: { status, body }, message: body }))

describe("the class of a failure", () => {
  it.each<[string, unknown, FallbackClass.FailureClass | undefined]>([
    ["429", remote(429), "rate_limited"],
    ["503", remote(503), "server_error"],
    ["408", remote(408), "timeout"],
    ["400", remote(400, "temperature is wrong"), undefined],
    ["401", remote(401, "maximum context length"), undefined],
    ["OpenAI, too long", remote(400, '{"error":{"code":"context_length_exceeded"}}'), "context_too_long"],
    ["Anthropic, too long", remote(400, "prompt is too long: 210000 tokens > 200000 maximum"), "context_too_long"],
    ["Bedrock, too long", remote(400, "Input is too long for requested model."), "context_too_long"],
    [
      "Gemini, too long",
      remote(400, "The input token count (9) exceeds the maximum number of tokens allowed"),
      "context_too_long",
    ],
    ["no connection", ConnectorError.from(new ConnectTimeout({ origin: "http://h", millis: 1 })), "connect_failure"],
    ["no response", ConnectorError.from(new HeadersTimeout({ origin: "http://h", millis: 1 })), "timeout"],
    ["a wrong input", invalidInput("x"), undefined],
    ["a model that is off", DeploymentError.from(new ModelDisabled({ modelId: "m" })), "unavailable"],
    ["a model's own limit", DeploymentError.from(new RateLimited({ level: "model" })), "rate_limited"],
    ["a closed model", DeploymentError.from(new ModelAccessDenied({ modelId: "m", by: "group" })), undefined],
    ["a defect", new Error("x"), undefined],
  ])("%s", (_, error, expected) => {
    assert.strictEqual(FallbackClass.of(error), expected)
  })
})
