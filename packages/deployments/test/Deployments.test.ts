import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import { ConnectorRuntime } from "@drawbar/connector-runtime/call/ConnectorRuntime"
import { Egress } from "@drawbar/egress/Egress"
import * as EgressPolicy from "@drawbar/egress/EgressPolicy"
import * as Prediction from "@drawbar/connector-runtime/call/Prediction"
import { Resolver } from "@drawbar/egress/Resolver"
import { ConnectorValidation } from "../src/connectors/ConnectorValidation.ts"
import { Deployments } from "../src/deployment/Deployments.ts"
import * as IdleModels from "../src/deployment/IdleModels.ts"
import * as CallContext from "../src/predict/CallContext.ts"
import { Predictions } from "../src/predict/Predictions.ts"
import { Aliases } from "@drawbar/registry/aliases/Aliases"
import { Connectors } from "@drawbar/registry/records/Connectors"
import { Controllers } from "@drawbar/registry/models/Controllers"
import { CredentialVault } from "@drawbar/registry/secrets/CredentialVault"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import type { StoreError } from "@drawbar/document-store/StoreError"
import * as SqliteDocumentStore from "@drawbar/document-store/SqliteDocumentStore"
import { KeyRing } from "@drawbar/registry/secrets/KeyRing"
import { ModelGroups } from "@drawbar/registry/models/ModelGroups"
import { Models } from "@drawbar/registry/models/Models"
import { type RecordChange, ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import * as MemoryLimits from "@drawbar/registry/limits/MemoryLimits"
import * as RecordFeed from "@drawbar/registry/records/RecordFeed"
import { Prices } from "@drawbar/registry/spend/Prices"
import { Usage } from "@drawbar/registry/spend/Usage"
import { Settings } from "@drawbar/registry/settings/Settings"
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import { fromRecord } from "@drawbar/template-renderer/Parameter"
import { expect, it } from "@effect/vitest"
import { Clock, Context, Effect, Layer, Redacted, Result } from "effect"
import { TestClock } from "effect/testing"

const policy = Result.getOrThrow(
  EgressPolicy.make({ trustedEndpoints: ["^http://127\\.0\\.0\\.1:\\d+/.*$"], privateAddresses: true }),
)

const liveOn = (store: Layer.Layer<DocumentStore, StoreError>) => {
  const registry = Layer.mergeAll(
    Aliases.layer,
    Connectors.layer,
    Controllers.layer,
    Models.layer,
    ModelGroups.layer,
  ).pipe(
    Layer.provideMerge(Settings.layer()),
    Layer.provideMerge(Layer.mergeAll(CredentialVault.layer, MemoryLimits.layer, Usage.layer, Prices.layer())),
    Layer.provideMerge(RecordFeed.layer),
    Layer.provideMerge(Layer.mergeAll(KeyRing.layerMemory, store)),
  )
  const runtime = ConnectorRuntime.layer.pipe(
    Layer.provideMerge(Egress.layer()),
    Layer.provide(Resolver.layer),
    Layer.provideMerge(EgressPolicy.EgressPolicy.layer(policy)),
  )
  return Layer.mergeAll(Predictions.layer, ConnectorValidation.layer).pipe(
    Layer.provideMerge(Deployments.layer),
    Layer.provideMerge(runtime),
    Layer.provideMerge(registry),
  )
}
const live = liveOn(SqliteDocumentStore.layerMemory)

const platform = Effect.acquireRelease(
  Effect.promise(() => StubPlatform.start({ handler: ({ target }) => Answer.json({ path: target }) })),
  (stub) => Effect.promise(() => stub.close()),
)

const blueprint = (origin: string, path = "/one"): Blueprint => ({
  connector: {
    name: "A",
    version: "1",
    protocol: "http",
    parameters: {},
    actions: [
      {
        action_type: "PREDICT",
        method: "POST",
        url: `${origin}${path}`,
        headers: { "X-Key": "${credential.key}" },
        request_body: '{"q":"${parameters.q}"}',
      },
    ],
  },
  credential: { key: Redacted.make("sk-planted") },
})

const input = { _tag: "Parameters", parameters: fromRecord({ q: "x" }) } as const

const setUp = Effect.gen(function* () {
  const stub = yield* platform
  const connectors = yield* Connectors
  const connector_id = yield* connectors.create(blueprint(stub.origin))
  const { model_id } = yield* (yield* Models).register({ name: "m", function_name: "remote", connector_id })
  return { stub, connector_id, model_id }
})

const answered = (modelId: string) =>
  Effect.gen(function* () {
    return Prediction.toJsonText(yield* (yield* Predictions).predict(CallContext.server, modelId, input))
  })

it.layer(live)("a model", (it) => {
  it.effect("is deployed by its first predict", () =>
    Effect.gen(function* () {
      const { model_id } = yield* setUp
      expect(yield* answered(model_id)).toContain('"path":"/one"')
      expect((yield* (yield* Models).get(model_id)).model.model_state).toBe("DEPLOYED")
      expect(yield* (yield* Deployments).live).toContain(model_id)
    }),
  )

  it.effect("uses its connector as it was changed, from the next predict on", () =>
    Effect.gen(function* () {
      const { stub, connector_id, model_id } = yield* setUp
      yield* answered(model_id)
      const { actions } = blueprint(stub.origin, "/two").connector
      yield* (yield* Connectors).update(connector_id, { connector: { actions }, parameters: {}, credential: {} })
      expect(yield* answered(model_id)).toContain('"path":"/two"')
    }),
  )

  it.effect("that is switched off does not answer, and answers again when it is on", () =>
    Effect.gen(function* () {
      const { model_id } = yield* setUp
      const models = yield* Models
      yield* answered(model_id)
      yield* models.update(model_id, { is_enabled: false })
      expect((yield* Effect.flip(answered(model_id))).message).toBe("Model is disabled.")
      yield* models.update(model_id, { is_enabled: true })
      expect(yield* answered(model_id)).toContain("/one")
    }),
  )

  it.effect("that may not be deployed by a predict says so", () =>
    Effect.gen(function* () {
      const { model_id } = yield* setUp
      yield* (yield* Models).update(model_id, { deploy_setting: { is_auto_deploy_enabled: false } })
      expect((yield* Effect.flip(answered(model_id))).message).toContain("Auto deployment disabled for this model")
      yield* (yield* Deployments).deploy(model_id)
      expect(yield* answered(model_id)).toContain("/one")
      expect(yield* (yield* Deployments).undeploy(model_id)).toBe("undeployed")
      expect(yield* (yield* Deployments).undeploy(model_id)).toBe("not_found")
      expect((yield* Effect.flip(answered(model_id))).message).toContain("Auto deployment disabled for this model")
    }),
  )

  it.effect("that is changed while it is worked with keeps its connections until the work is done", () =>
    Effect.gen(function* () {
      const { model_id } = yield* setUp
      const models = yield* Models
      const deployments = yield* Deployments
      const runtime = yield* ConnectorRuntime
      const [answer] = yield* deployments.use(model_id, ({ targets: [{ live }] }) =>
        Effect.gen(function* () {
          yield* models.update(model_id, { description: "changed meanwhile" })
          expect(yield* answered(model_id)).toContain('"path":"/one"')
          return (yield* runtime.execute(live, input)).inference_results
        }),
      )
      expect(answer?.status_code).toBe(200)
    }),
  )

  it.effect("that many ask first is deployed once", () =>
    Effect.gen(function* () {
      const { model_id } = yield* setUp
      let written = 0
      const count = (changes: ReadonlyArray<RecordChange>) => {
        written += changes.filter(({ collection, id }) => collection === "model" && id === model_id).length
      }
      yield* (yield* ChangeFeed).subscribe(count)
      yield* Effect.all(
        Array.from({ length: 50 }, () => answered(model_id)),
        { concurrency: "unbounded" },
      )
      expect(written).toBe(1)
    }),
  )

  it.effect("that many ask at once is made once", () =>
    Effect.gen(function* () {
      const { stub, model_id } = yield* setUp
      const all = yield* Effect.forEach(Array.from({ length: 20 }), () => answered(model_id), { concurrency: 20 })
      expect(all.every((answer) => answer.includes("/one"))).toBe(true)
      expect(stub.requests.length).toBe(20)
    }),
  )

  it.effect("shares what may be sent again with the other models of its connector", () =>
    Effect.gen(function* () {
      const { connector_id, model_id } = yield* setUp
      const sibling = yield* (yield* Models).register({ name: "s", function_name: "remote", connector_id })
      const stranger = yield* setUp
      const deployments = yield* Deployments
      const budgetOf = (id: string) =>
        Effect.andThen(
          answered(id),
          deployments.use(id, ({ targets: [{ live }] }) => Effect.succeed(live.budget)),
        )
      const own = yield* budgetOf(model_id)
      expect(yield* budgetOf(sibling.model_id)).toBe(own)
      expect(yield* budgetOf(stranger.model_id)).not.toBe(own)
    }),
  )

  it.effect("shows the request that it would send, without its secret and without sending it", () =>
    Effect.gen(function* () {
      const { stub, model_id } = yield* setUp
      const {
        requests: [request],
      } = yield* (yield* Predictions).render(CallContext.server, model_id, input)
      expect(request).toEqual({
        method: "POST",
        url: `${stub.origin}/one`,
        headers: { "User-Agent": "Drawbar", "X-Key": "***", "Content-Type": "application/json" },
        body: '{"q":"x"}',
      })
      expect(stub.requests.length).toBe(0)
    }),
  )

  it.effect("counts what was asked of it", () =>
    Effect.gen(function* () {
      const { model_id } = yield* setUp
      yield* answered(model_id)
      yield* Effect.flip(
        (yield* Predictions).predict(CallContext.server, model_id, { _tag: "Parameters", parameters: new Map() }),
      )
      expect((yield* (yield* Predictions).stats).get(model_id)).toMatchObject({ requests: 2, failures: 1 })
    }),
  )
})

it.layer(Layer.provideMerge(IdleModels.layer, live))("a model that lives for a minute", (it) => {
  it.effect("is undeployed after a minute without calls, and deployed by the next predict", () =>
    Effect.gen(function* () {
      const { model_id } = yield* setUp
      const models = yield* Models
      yield* models.update(model_id, { deploy_setting: { model_ttl_minutes: 1 } })
      yield* answered(model_id)
      const state = Effect.map(models.get(model_id), ({ model }) => model.model_state)
      yield* TestClock.adjust("50 seconds")
      expect(yield* state).toBe("DEPLOYED")
      yield* answered(model_id)
      yield* TestClock.adjust("55 seconds")
      expect(yield* state).toBe("DEPLOYED")
      yield* TestClock.adjust("60 seconds")
      expect(yield* state).toBe("UNDEPLOYED")
      yield* answered(model_id)
      expect(yield* state).toBe("DEPLOYED")
    }),
  )
})

/** Rows of other servers that share the database. */
const others: Array<{ readonly id: string; readonly about: string; readonly seenAt: number }> = []
const sharedStore = Layer.effect(
  DocumentStore,
  Effect.map(Layer.build(SqliteDocumentStore.layerMemory), (built) => ({
    ...Context.get(built, DocumentStore),
    followed: {
      position: Effect.succeed(-1),
      since: (position: number) => Effect.succeed({ position, changes: [] }),
      next: Effect.never,
      replicas: { all: Effect.sync(() => [...others]), beat: () => Effect.void, leave: () => Effect.void },
    },
  })),
)

it.layer(Layer.provideMerge(IdleModels.layer, liveOn(sharedStore)))("a model that another server calls", (it) => {
  it.effect("is undeployed when no server has called it for so long", () =>
    Effect.gen(function* () {
      const { model_id } = yield* setUp
      const models = yield* Models
      yield* models.update(model_id, { deploy_setting: { model_ttl_minutes: 1 } })
      yield* answered(model_id)
      const state = Effect.map(models.get(model_id), ({ model }) => model.model_state)
      yield* TestClock.adjust("50 seconds")
      const at = yield* Clock.currentTimeMillis
      others.push({ id: "uses-other", about: JSON.stringify({ uses: { [model_id]: at } }), seenAt: at })
      yield* TestClock.adjust("55 seconds")
      expect(yield* state).toBe("DEPLOYED")
      yield* TestClock.adjust("60 seconds")
      expect(yield* state).toBe("UNDEPLOYED")
    }),
  )
})

it.layer(live)("a connector is held against the trusted list", (it) => {
  it.effect.each([
    [
      "whose host is not trusted",
      blueprint("https://evil.example"),
      "not matching the trusted connector endpoint regex",
    ],
    ["whose host is trusted", blueprint("http://127.0.0.1:8080", "/x"), undefined],
  ] as const)("%s", ([, document, message]) =>
    Effect.gen(function* () {
      const result = yield* Effect.result((yield* ConnectorValidation).admit(document))
      if (message === undefined) expect(Result.isSuccess(result)).toBe(true)
      else expect(Result.getOrThrow(Result.flip(result)).message).toContain(message)
    }),
  )
})
