import { mkdtemp, readdir, readFile, stat } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { Blueprint } from "@drawbar/blueprint-schema/Blueprint"
import { Connectors } from "../src/records/Connectors.ts"
import { CredentialVault } from "../src/secrets/CredentialVault.ts"
import * as SqliteDocumentStore from "@drawbar/document-store/SqliteDocumentStore"
import { KeyRing } from "../src/secrets/KeyRing.ts"
import { ModelGroups } from "../src/models/ModelGroups.ts"
import { Models } from "../src/models/Models.ts"
import * as RecordFeed from "../src/records/RecordFeed.ts"
import { Settings } from "../src/settings/Settings.ts"
import { Tasks } from "../src/records/Tasks.ts"
import { describe, expect, it, layer } from "@effect/vitest"
import { Effect, Exit, Layer, Option, Redacted, Result } from "effect"

const services = Layer.mergeAll(Connectors.layer, Models.layer, ModelGroups.layer, Tasks.layer).pipe(
  Layer.provideMerge(Settings.layer()),
  Layer.provideMerge(Layer.mergeAll(CredentialVault.layer, RecordFeed.layer)),
)
const inMemory = services.pipe(Layer.provideMerge(Layer.mergeAll(KeyRing.layerMemory, SqliteDocumentStore.layerMemory)))

const secret = "sk-planted-0123456789"
const blueprint: Blueprint = {
  connector: {
    name: "A",
    version: "1",
    protocol: "http",
    parameters: {},
    actions: [{ action_type: "PREDICT", method: "POST", url: "https://api.openai.com/v1" }],
  },
  credential: { key: Redacted.make(secret) },
}
const inline = {
  name: "inline",
  version: 1,
  protocol: "http",
  credential: { key: secret },
  actions: [{ action_type: "predict", method: "POST", url: "https://api.openai.com/v1" }],
}
const remote = (name: string, more: object) => ({ name, function_name: "remote", ...more })

layer(inMemory)("the registry", (it) => {
  it.effect("gives twenty models that join one group at once twenty versions", () =>
    Effect.gen(function* () {
      const models = yield* Models
      const connector_id = yield* (yield* Connectors).create(blueprint)
      const model_group_id = yield* (yield* ModelGroups).register({ name: "twenty" })
      const made = yield* Effect.forEach(
        Array.from({ length: 20 }, (_, i) => remote(`m${i}`, { connector_id, model_group_id })),
        (body) => models.register(body),
        { concurrency: "unbounded" },
      )
      const versions = made.map(({ model_version }) => Number(model_version)).toSorted((a, b) => a - b)
      expect(versions).toEqual(Array.from({ length: 20 }, (_, i) => i + 1))
    }),
  )

  it.effect("makes one group of twenty that ask for the same name at once", () =>
    Effect.gen(function* () {
      const groups = yield* ModelGroups
      const exits = yield* Effect.forEach(
        Array.from({ length: 20 }, () => ({ name: "only one" })),
        (body) => Effect.exit(groups.register(body)),
        { concurrency: "unbounded" },
      )
      expect(exits.filter(Exit.isSuccess)).toHaveLength(1)
    }),
  )

  it.effect("keeps a connector that models use, and names them all", () =>
    Effect.gen(function* () {
      const connectors = yield* Connectors
      const connector_id = yield* connectors.create(blueprint)
      const { model_id } = yield* (yield* Models).register(remote("user", { connector_id }))
      const refusal = yield* Effect.flip(connectors.delete(connector_id))
      expect(refusal.message).toBe(
        `1 models are still using this connector, please delete or update the models first: [${model_id}]`,
      )
      yield* (yield* Models).delete(model_id)
      expect(Option.isSome(yield* connectors.delete(connector_id))).toBe(true)
      expect(Option.isNone(yield* connectors.delete(connector_id))).toBe(true)
    }),
  )

  it.effect("opens what it sealed, for a connector and for a model", () =>
    Effect.gen(function* () {
      const connectors = yield* Connectors
      const models = yield* Models
      const stored = yield* connectors.blueprint(yield* connectors.create(blueprint))
      expect(Redacted.value(stored.blueprint.credential["key"] ?? Redacted.make(""))).toBe(secret)
      const { model_id } = yield* models.register(remote("with inline", { connector: inline }))
      const found = yield* models.get(model_id)
      expect(JSON.stringify(found.document.source)).not.toContain(secret)
      const own = Option.getOrThrow(yield* models.blueprint(found))
      expect(Redacted.value(own.credential["key"] ?? Redacted.make(""))).toBe(secret)
    }),
  )

  it.effect.each([
    [remote("x", {}), "You must provide connector content when creating a remote model without connector id!"],
    [{ function_name: "remote", connector_id: "c" }, "model name is null"],
    [{ name: "x", connector_id: "c" }, "model format is null"],
    [{ name: "x", function_name: "nonsense", connector_id: "c" }, "Wrong function name"],
    [remote("x", { connector_id: "unknown" }), "Failed to find connector"],
  ] as const)("refuses to register %o", ([body, message]) =>
    Effect.gen(function* () {
      expect((yield* Effect.flip((yield* Models).register(body))).message).toContain(message)
    }),
  )

  it.effect("opens no ciphertext that was changed or moved", () =>
    Effect.gen(function* () {
      const vault = yield* CredentialVault
      const sealed = yield* vault.seal("connector", "one", { key: Redacted.make(secret) })
      const text = sealed["key"] ?? ""
      for (let at = 0; at < text.length; at++) {
        const changed = `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`
        const opened = yield* Effect.result(vault.open("connector", "one", { key: changed }))
        // The last digit of base64url may hold bits that stand for nothing.
        if (Result.isSuccess(opened)) expect(at).toBe(text.length - 1)
      }
      expect(Exit.isFailure(yield* Effect.exit(vault.open("connector", "two", sealed)))).toBe(true)
      expect(Exit.isFailure(yield* Effect.exit(vault.open("model", "one", sealed)))).toBe(true)
      expect(Exit.isFailure(yield* Effect.exit(vault.open("connector", "one", { other: text })))).toBe(true)
    }),
  )

  it.effect("echoes settings nested and resets them by null", () =>
    Effect.gen(function* () {
      const settings = yield* Settings
      const name = "plugins.ml_commons.model_auto_deploy.enable"
      yield* settings.update({ persistent: { [name]: "false" } })
      expect(settings.get(name)).toBe(false)
      yield* settings.update({ persistent: { plugins: { ml_commons: { model_auto_deploy: { enable: null } } } } })
      expect(settings.get(name)).toBe(true)
      const refusal = yield* Effect.flip(settings.update({ persistent: { "plugins.ml_commons.nonsense": 1 } }))
      expect(refusal.message).toContain("persistent setting [plugins.ml_commons.nonsense], not recognized")
    }),
  )
})

describe("on disk", () => {
  it("no secret stands in the clear, and the keys are for their owner only", async () => {
    const folder = await mkdtemp(join(tmpdir(), "drawbar-"))
    const keyring = join(folder, "keyring.json")
    const onDisk = services.pipe(
      Layer.provideMerge(KeyRing.layerFile(keyring, Effect.succeed(new Set<string>()))),
      Layer.provideMerge(SqliteDocumentStore.layer({ filename: join(folder, "drawbar.db") })),
    )
    const work = Effect.gen(function* () {
      yield* (yield* Connectors).create(blueprint)
      yield* (yield* Models).register(remote("m", { connector: inline }))
      for (const name of yield* Effect.promise(() => readdir(folder)))
        expect((yield* Effect.promise(() => readFile(join(folder, name)))).includes(secret)).toBe(false)
    })
    await Effect.runPromise(Effect.provide(work, onDisk))
    expect((await stat(keyring)).mode & 0o777).toBe(0o600)
  })
})

describe("a settings file", () => {
  const auto = "plugins.ml_commons.model_auto_deploy.enable"
  it.effect.each([
    [{ "plugins.ml_commons.nonsense": 1 }, "[plugins.ml_commons.nonsense]"],
    [{ [auto]: "maybe" }, `[${auto}]: Failed to parse value [maybe]`],
  ] as const)("is refused by the name of what it has wrong: %j", ([content, says]) =>
    Effect.gen(function* () {
      const needs = RecordFeed.layer.pipe(Layer.provideMerge(SqliteDocumentStore.layerMemory))
      const given = Settings.layer(content).pipe(Layer.provide(needs), Layer.build, Effect.scoped)
      expect((yield* Effect.flip(given)).message).toContain(says)
    }),
  )
})
