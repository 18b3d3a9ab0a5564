/** A dry run is refused as a predict is, but for limits; limits are settled however a call ends. */
import { ConnectorError, GuardrailTriggered, invalidInput } from "@drawbar/connector-runtime/ConnectorError"
import type { PredictInput } from "@drawbar/connector-runtime/call/PredictInput"
import * as SqliteDocumentStore from "@drawbar/document-store/SqliteDocumentStore"
import { StorageFailed, StoreError } from "@drawbar/document-store/StoreError"
import type { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import { Limits } from "@drawbar/registry/limits/Limits"
import * as MemoryLimits from "@drawbar/registry/limits/MemoryLimits"
import * as RecordFeed from "@drawbar/registry/records/RecordFeed"
import { Prices } from "@drawbar/registry/spend/Prices"
import { Usage } from "@drawbar/registry/spend/Usage"
import { Settings } from "@drawbar/registry/settings/Settings"
import { fromRecord } from "@drawbar/template-renderer/Parameter"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Result } from "effect"
import type { Deployment } from "../src/deployment/Deployment.ts"
import * as Accounting from "../src/predict/Accounting.ts"
import * as InterfaceCheck from "../src/predict/InterfaceCheck.ts"
import * as PredictPolicy from "../src/predict/PredictPolicy.ts"
import * as TokenEstimate from "../src/predict/TokenEstimate.ts"

const connector = { protocol: "http", parameters: { max_tokens: "9" }, actions: [] } as const
const input: PredictInput = { _tag: "Parameters", parameters: fromRecord({ q: "abcd" }) }

/** What the policy reads of a deployment; its target is asked for its actions alone, and has none. */
const deployment = (change: Partial<Deployment> = {}): Deployment =>
  ({
    id: "m",
    model: { name: "m" },
    targets: [{ live: { compiled: { connector, actions: [] } } }],
    interface: InterfaceCheck.make(),
    userLimits: {},
    estimate: TokenEstimate.make(connector),
    ...change,
  }) as unknown as Deployment

const principal = (change: Partial<CurrentPrincipal> = {}): CurrentPrincipal => ({
  kind: "api_key",
  name: "k",
  id: "k1",
  roles: ["application"],
  backend_roles: [],
  ...change,
})
const call = (change: Partial<PredictPolicy.PolicyCall> = {}): PredictPolicy.PolicyCall => ({
  context: { caller: { name: "k", principal: principal() } },
  deployment: deployment(),
  input,
  ...change,
})
const judges = (model_id: string) =>
  ({ guardrails: { type: "model", input_guardrail: { model_id } } }) as unknown as Deployment["model"]
const of = (change: Partial<CurrentPrincipal>) => ({ context: { caller: { name: "k", principal: principal(change) } } })

const makePolicy = Effect.flatMap(Accounting.make, (accounting) =>
  PredictPolicy.make(accounting, (key, id) => key?.models === undefined || key.models.includes(id)),
)

const services = (settings: Record<string, boolean> = {}) =>
  Settings.layer(settings).pipe(
    Layer.provideMerge(Layer.mergeAll(MemoryLimits.layer, Usage.layer, Prices.layer())),
    Layer.provideMerge(RecordFeed.layer),
    Layer.provideMerge(SqliteDocumentStore.layerMemory),
  )

const tagOf = (result: Result.Result<unknown, { readonly reason?: { readonly _tag: string } }>) =>
  Result.isFailure(result) ? result.failure.reason?._tag : undefined

const storageFailed = StoreError.from(new StorageFailed({ operation: "settle", message: "The database is away" }))
const brokenAfterwards: Limits["Service"] = {
  ...MemoryLimits.make(),
  reserve: () => Effect.succeed({ settle: () => Effect.fail(storageFailed), release: Effect.fail(storageFailed) }),
}

describe("what refuses a predict", () => {
  const schema = { input: '{"required":["nothing has it"]}' }
  it.effect.each<[string, Record<string, boolean>, Partial<PredictPolicy.PolicyCall>, string | undefined]>([
    ["nothing", {}, {}, undefined],
    ["streaming that is off", { "plugins.ml_commons.stream_enabled": false }, { isStream: true }, "StreamingDisabled"],
    [
      "a filter of the caller's where those are off",
      { "plugins.drawbar.caller_filters_enabled": false },
      { input: { _tag: "Parameters", parameters: fromRecord({ response_filter: "$" }) } },
      "InvalidInput",
    ],
    ["a key for other models", {}, of({ models: ["other"] }), "ModelAccessDenied"],
    [
      "a key without the model that judges",
      {},
      { ...of({ models: ["m"] }), deployment: deployment({ model: judges("j") }) },
      "ModelAccessDenied",
    ],
    [
      "nothing, with it",
      {},
      { ...of({ models: ["m", "j"] }), deployment: deployment({ model: judges("j") }) },
      undefined,
    ],
    [
      "the interface",
      {},
      { deployment: deployment({ interface: InterfaceCheck.make(schema) }) },
      "InputSchemaViolation",
    ],
  ])("is %s, for a dry run as for a predict and a stream", ([, settings, change, expected]) =>
    Effect.gen(function* () {
      const policy = yield* makePolicy
      let made = 0
      const work = Effect.sync(() => made++)
      assert.strictEqual(tagOf(policy.check(call(change))), expected)
      assert.strictEqual(tagOf(yield* Effect.result(policy.admit(call(change), () => work))), expected)
      assert.strictEqual(tagOf(yield* Effect.result(Effect.scoped(policy.hold(call(change))))), expected)
      assert.strictEqual(made, expected === undefined ? 1 : 0)
    }).pipe(Effect.provide(services(settings))),
  )

  it.effect(
    "is a limit that is used up, for a predict and not for a dry run; and it takes nothing where a check refuses",
    () =>
      Effect.gen(function* () {
        const policy = yield* makePolicy
        const limited = call(of({ quota: { requests_per_minute: 1 } }))
        const refused = call({ ...of({ quota: { requests_per_minute: 1 }, models: ["other"] }) })
        for (let n = 0; n < 5; n++) assert.strictEqual(tagOf(policy.check(limited)), undefined)
        assert.strictEqual(tagOf(yield* Effect.result(policy.admit(refused, () => Effect.void))), "ModelAccessDenied")
        assert.strictEqual(tagOf(yield* Effect.result(policy.admit(limited, () => Effect.void))), undefined)
        assert.strictEqual(tagOf(yield* Effect.result(policy.admit(limited, () => Effect.void))), "QuotaExceeded")
        assert.strictEqual(tagOf(policy.check(limited)), undefined)
      }).pipe(Effect.provide(services())),
  )

  it.effect.each([
    ["the key's tokens first", { tokens_per_day: 1, requests_per_minute: 1 }, "QuotaExceeded", "tokens_per_day"],
    ["then its requests", { requests_per_minute: 1 }, "QuotaExceeded", "requests_per_minute"],
    ["then the model's rate", undefined, "RateLimited", "model"],
  ] as const)("is of several limits %s, and none is taken", ([, quota, tag, which]) =>
    Effect.gen(function* () {
      const policy = yield* makePolicy
      const limit = { limit: "1", unit: "DAYS" } as const
      const model = { name: "m", rate_limiter: limit } as unknown as Deployment["model"]
      const both = call({
        ...of(quota === undefined ? {} : { quota }),
        deployment: deployment({ model, userLimits: { k: limit } }),
      })
      const failure = yield* Effect.flip(policy.admit(both, () => policy.admit(both, () => Effect.void)))
      const { reason } = failure
      assert.strictEqual(reason._tag, tag)
      assert.include(Object.values(reason), which)
    }).pipe(Effect.provide(services())),
  )
})

describe("tokens of a call", () => {
  const quota = { tokens_per_day: 100 }
  const metered = call(of({ quota }))
  /** How many tokens are left of the day. */
  const left = Effect.gen(function* () {
    const policy = yield* makePolicy
    const rest = call({ ...of({ quota }), input: { _tag: "Parameters", parameters: fromRecord({ max_tokens: 1 }) } })
    let count = 0
    const take: Effect.Effect<void, unknown> = policy.admit(rest, (spending) =>
      Effect.suspend(() => {
        spending.add(1, { tokens: 1, nano_usd: 0 })
        count++
        return Effect.void
      }),
    )
    while (Result.isSuccess(yield* Effect.result(take))) continue
    return count
  })

  it.effect.each([
    ["succeeds", Effect.succeed(1), 40, 60],
    ["succeeds and uses none", Effect.succeed(1), 0, 100],
    ["fails before it is sent", Effect.fail(invalidInput("x")), 0, 100],
    [
      "fails after the upstream has answered",
      Effect.fail(ConnectorError.from(new GuardrailTriggered({ side: "LLM output" }))),
      0,
      99,
    ],
    ["fails after judges have used some", Effect.fail(invalidInput("x")), 30, 70],
    ["dies", Effect.die("x"), 0, 100],
    ["is interrupted", Effect.interrupt, 0, 99],
  ] as const)("that %s count as it has used, or as its prompt", ([, end, used, expected]) =>
    Effect.gen(function* () {
      const policy = yield* makePolicy
      const work = policy.admit(metered, (spending) =>
        Effect.andThen(
          Effect.sync(() => spending.add(used, { tokens: used, nano_usd: 0 })),
          end,
        ),
      )
      yield* Effect.exit(Effect.flatMap(Effect.forkChild(work), Fiber.await))
      assert.strictEqual(yield* left, expected)
    }).pipe(Effect.provide(services())),
  )

  it.effect("hold back other calls while it is under way, and a model that judges it does not take them twice", () =>
    Effect.gen(function* () {
      const policy = yield* makePolicy
      const large = call({
        ...of({ quota }),
        input: { _tag: "Parameters", parameters: fromRecord({ max_tokens: 500 }) },
      })
      yield* policy.admit(large, (spending) =>
        Effect.gen(function* () {
          assert.strictEqual(tagOf(yield* Effect.result(policy.admit(metered, () => Effect.void))), "QuotaExceeded")
          yield* policy.admit({ ...large, isJudgement: true }, () =>
            Effect.sync(() => spending.add(10, { tokens: 10, nano_usd: 0 })),
          )
          spending.add(20, { tokens: 20, nano_usd: 0 })
        }),
      )
      assert.strictEqual(yield* left, 70)
    }).pipe(Effect.provide(services())),
  )

  it.effect("of a stream are free again when its scope closes, also where nothing was reported", () =>
    Effect.gen(function* () {
      const policy = yield* makePolicy
      yield* Effect.scoped(
        Effect.gen(function* () {
          const spending = yield* policy.hold(metered)
          spending.add(25, { tokens: 25, nano_usd: 0 })
        }),
      )
      assert.strictEqual(yield* left, 75)
    }).pipe(Effect.provide(services())),
  )

  it.effect("are left as they are where a limit cannot be corrected, and the call succeeds", () =>
    Effect.gen(function* () {
      const policy = yield* makePolicy
      assert.strictEqual(yield* policy.admit(metered, () => Effect.succeed("answer")), "answer")
    }).pipe(Effect.provide(Layer.succeed(Limits, brokenAfterwards)), Effect.provide(services())),
  )
})
