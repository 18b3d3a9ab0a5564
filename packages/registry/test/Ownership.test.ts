/** Whose a stored model is, and what its secrets are sealed for: a writer of the database without the ring opens nothing. */
import { createCipheriv, randomBytes } from "node:crypto"
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import type { JsonObject } from "@drawbar/json-text/Json"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Redacted, Result } from "effect"
import { CurrentPrincipal } from "../src/access/CurrentPrincipal.ts"
import { Connectors } from "../src/records/Connectors.ts"
import { CredentialVault } from "../src/secrets/CredentialVault.ts"
import type { Document } from "@drawbar/document-store/Document"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import * as SqliteDocumentStore from "@drawbar/document-store/SqliteDocumentStore"
import { KeyRing } from "../src/secrets/KeyRing.ts"
import { ModelGroups } from "../src/models/ModelGroups.ts"
import { Models } from "../src/models/Models.ts"
import * as RecordFeed from "../src/records/RecordFeed.ts"
import * as KeyRotation from "../src/secrets/KeyRotation.ts"
import { Settings } from "../src/settings/Settings.ts"

const settings = {
  "plugins.ml_commons.connector_access_control_enabled": true,
  "plugins.ml_commons.model_access_control_enabled": true,
}
const secret = "sk-planted-0123456789"
const keyBytes = Buffer.alloc(32, 7)

/** A ring of a file that an earlier version wrote. */
const earlier = KeyRing.layerText(
  "a test",
  Redacted.make(JSON.stringify({ active: "first", keys: { first: keyBytes.toString("base64") } })),
)
const on = <E>(ring: Layer.Layer<KeyRing, E>) =>
  Layer.mergeAll(Connectors.layer, Models.layer, ModelGroups.layer).pipe(
    Layer.provideMerge(Settings.layer(settings)),
    Layer.provideMerge(Layer.mergeAll(CredentialVault.layer, RecordFeed.layer)),
    Layer.provideMerge(Layer.mergeAll(ring, SqliteDocumentStore.layerMemory)),
  )

const as = (name: string, roles: CurrentPrincipal["roles"] = ["developer"]) =>
  Effect.provideService(CurrentPrincipal, { kind: "user", name, roles, backend_roles: [] })

const connector = {
  name: "c",
  version: "1",
  protocol: "http",
  parameters: { x: "1" },
  actions: [
    {
      action_type: "PREDICT",
      method: "POST",
      url: "https://own.example/v1",
      headers: { authorization: "${credential.key}" },
      request_body: '{"x":"${parameters.x}"}',
    },
  ],
} as const satisfies Blueprint["connector"]
const blueprint: Blueprint = { connector, credential: { key: Redacted.make(secret) } }
const inline = { ...connector, credential: { key: secret } }
const open = { access_mode: "public" }

const made = Effect.gen(function* () {
  const group = yield* (yield* ModelGroups).register({ name: "g", ...open })
  const { model_id } = yield* (yield* Models).register({
    name: "m",
    function_name: "remote",
    model_group_id: group,
    connector: inline,
  })
  return { group, model: model_id, connector: yield* (yield* Connectors).create(blueprint, { access: open }) }
}).pipe(as("owner"))

/** Writes past the registry, as one does who has the database alone. */
const rewritten = Effect.fnUntraced(function* (
  collection: "model" | "connector",
  id: string,
  change: (document: Document) => Pick<Document, "source" | "sealed">,
) {
  const store = yield* DocumentStore
  const found = Option.getOrThrow(yield* store.get(collection, id))
  yield* store.transact([{ _tag: "Replace", collection, id, ...change(found) }])
})

const inText =
  (from: string, to: string) =>
  ({ source, sealed }: Document) => {
    const text = JSON.stringify(source)
    assert.include(text, from)
    return { source: JSON.parse(text.replaceAll(from, to)) as JsonObject, sealed }
  }

const openedModel = Effect.fnUntraced(function* (id: string) {
  const models = yield* Models
  return Option.getOrThrow(yield* models.blueprint(yield* models.get(id))).credential
})
const openedConnector = Effect.fnUntraced(function* (id: string) {
  return (yield* (yield* Connectors).blueprint(id)).blueprint.credential
})

describe("a record that was changed in the database", () => {
  it.effect.each([
    ["to send to another origin", "https://own.example", "https://evil.example"],
    ["to send to another path", "/v1", "/v2"],
    ["to send its key in the body", "${parameters.x}", "${credential.key}"],
    ["to send its key in another header", "authorization", "x-debug"],
    ["by a parameter", '"x":"1"', '"x":"2"'],
    ["by its protocol", '"http"', '"aws_sigv4"'],
    ["to be another principal's", '"name":"owner"', '"name":"other"'],
    [
      "to trust any certificate",
      '"protocol":"http"',
      '"protocol":"http","client_config":{"skip_ssl_verification":true}',
    ],
  ] as const)("%s opens none of its secrets", ([, from, to]) =>
    Effect.gen(function* () {
      const ids = yield* made
      assert.strictEqual(Redacted.value((yield* openedModel(ids.model))["key"]!), secret)
      assert.strictEqual(Redacted.value((yield* openedConnector(ids.connector))["key"]!), secret)
      yield* rewritten("model", ids.model, inText(from, to))
      yield* rewritten("connector", ids.connector, inText(from, to))
      const refusals = [yield* Effect.flip(openedModel(ids.model)), yield* Effect.flip(openedConnector(ids.connector))]
      for (const { message } of refusals) assert.include(message, "its record was changed outside the server")
      // No change of the record takes up a secret that does not open, and a rotation renews none.
      const put = (yield* Models).update(ids.model, { connector: { parameters: { x: "3" } } })
      assert.isTrue(Result.isFailure(yield* Effect.result(put)))
      yield* (yield* KeyRing).rotate
      assert.strictEqual(yield* KeyRotation.rotate, 0)
      assert.lengthOf((yield* KeyRotation.report).unreadable, 2)
    }).pipe(Effect.provide(on(KeyRing.layerMemory))),
  )

  it.effect("in what does not decide where secrets go still opens them", () =>
    Effect.gen(function* () {
      const ids = yield* made
      yield* rewritten("model", ids.model, inText('"name":"m"', '"name":"other"'))
      yield* rewritten("connector", ids.connector, inText('"version":"1"', '"version":"2"'))
      assert.strictEqual(Redacted.value((yield* openedModel(ids.model))["key"]!), secret)
      assert.strictEqual(Redacted.value((yield* openedConnector(ids.connector))["key"]!), secret)
    }).pipe(Effect.provide(on(KeyRing.layerMemory))),
  )
})

const lock = (key: Buffer, about: ReadonlyArray<string>, content: Buffer) => {
  const iv = randomBytes(12)
  const cipher = createCipheriv("aes-256-gcm", key, iv)
  cipher.setAAD(Buffer.from(JSON.stringify(about)))
  const text = Buffer.concat([cipher.update(content), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), text]).toString("base64url")
}

/** An envelope as earlier versions made it; docs/decisions/0012-envelopes.md. */
const unbound = (collection: string, id: string) => {
  const dataKey = randomBytes(32)
  const wrapped = lock(keyBytes, ["v2", "key", "first", "", collection, id, "key"], dataKey)
  return `v2.first.${wrapped}.${lock(dataKey, ["v2", "secret", "", collection, id, "key"], Buffer.from(secret))}`
}

describe("an envelope of an earlier version", () => {
  it.effect("opens until a rotation has renewed it, and then no more", () =>
    Effect.gen(function* () {
      const { connector: id } = yield* made
      const old = { key: unbound("connector", id) }
      yield* rewritten("connector", id, ({ source }) => ({ source, sealed: old }))
      assert.strictEqual(Redacted.value((yield* openedConnector(id))["key"]!), secret)
      // A start without a rotation leaves it as it is.
      yield* KeyRotation.resume
      assert.isFalse((yield* KeyRing).current().onlyBound)
      assert.strictEqual(Redacted.value((yield* openedConnector(id))["key"]!), secret)
      // What an ordinary change keeps is bound from then on.
      yield* (yield* Connectors).update(id, { connector: { description: "d" }, parameters: {}, credential: {} })
      assert.strictEqual(Redacted.value((yield* openedConnector(id))["key"]!), secret)
      yield* KeyRotation.rotate
      assert.isTrue((yield* KeyRing).current().onlyBound)
      yield* rewritten("connector", id, ({ source }) => ({ source, sealed: old }))
      assert.include((yield* Effect.flip(openedConnector(id))).message, "was sealed by an earlier version")
    }).pipe(Effect.provide(on(earlier))),
  )
})

const withoutOwner = ({ source: { owned_by: _, ...source }, sealed }: Document) => ({ source, sealed })
const move = (model: string, model_group_id: string) =>
  Effect.flatMap(Models, (models) => Effect.result(models.update(model, { model_group_id })))

describe("a model that was stored without an owner", () => {
  it.effect("is its group's owner's, and stays theirs when it moves on", () =>
    Effect.gen(function* () {
      const groups = yield* ModelGroups
      const models = yield* Models
      const group = yield* groups.register({ name: "theirs", ...open }).pipe(as("colleague"))
      const further = yield* groups.register({ name: "further", ...open }).pipe(as("stranger"))
      const { connector: connector_id } = yield* made
      const { model_id } = yield* models
        .register({ name: "x", function_name: "remote", model_group_id: group, connector_id })
        .pipe(as("owner"))
      yield* rewritten("model", model_id, withoutOwner)
      assert.isTrue(Result.isFailure(yield* move(model_id, further).pipe(as("owner"))))
      assert.isTrue(Result.isSuccess(yield* move(model_id, further).pipe(as("colleague"))))
      assert.strictEqual((yield* models.get(model_id)).model.owned_by?.name, "colleague")
      assert.isTrue(Result.isSuccess(yield* move(model_id, group).pipe(as("colleague"))))
    }).pipe(Effect.provide(on(KeyRing.layerMemory))),
  )

  it.effect("in a group without one is the admins', in whichever group it comes to be", () =>
    Effect.gen(function* () {
      const groups = yield* ModelGroups
      const group = yield* groups.register({ name: "unowned" })
      const theirs = yield* groups.register({ name: "theirs", ...open }).pipe(as("stranger"))
      const { model_id } = yield* (yield* Models).register({
        name: "x",
        function_name: "remote",
        model_group_id: group,
        connector: inline,
      })
      assert.isTrue(Result.isFailure(yield* move(model_id, theirs).pipe(as("stranger"))))
      assert.isTrue(Result.isSuccess(yield* move(model_id, theirs).pipe(as("root", ["admin"]))))
      assert.strictEqual((yield* (yield* Models).get(model_id)).model.owned_by?.name, "")
      // It has its secrets still, bound to its new owner.
      assert.strictEqual(Redacted.value((yield* openedModel(model_id))["key"]!), secret)
    }).pipe(Effect.provide(on(KeyRing.layerMemory))),
  )
})
