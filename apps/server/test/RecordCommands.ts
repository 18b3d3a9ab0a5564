/**
 * Random sequences of requests against a simple model of the records: create, update, roll back, get, search, delete,
 * deploy, predict, set an alias, and restart. After each request the response is what the model says.
 */
import * as Answer from "@drawbar/stub-platform/Answer"
import * as StubPlatform from "@drawbar/stub-platform/StubPlatform"
import fc from "fast-check"
import { assert } from "vitest"
import { ask } from "./AuthenticatedServer.ts"

const ml = "/_plugins/_ml"

interface ConnectorVersion {
  readonly x: string
  readonly description: string | undefined
}
interface ModelVersion {
  readonly connector: string
  readonly name: string
}
/** A record with its versions, oldest first; the last is what it is. */
interface Versioned<V> {
  readonly versions: Array<V>
}

interface Expected {
  readonly connectors: Map<string, Versioned<ConnectorVersion>>
  readonly models: Map<string, Versioned<ModelVersion> & { isDeployed: boolean }>
  /** To the id of a model. */
  readonly aliases: Map<string, string>
}

export type Send = (method: string, path: string, body?: unknown) => ReturnType<typeof ask>

/** What is under test: one server, or several as one. */
export interface Servers {
  /** Begins a sequence; the number decides what the sequence leaves to chance. */
  readonly begin?: (chance: number) => void
  readonly send: Send
  readonly restart: () => Promise<void>
}

/** The servers, and what makes the ids of one sequence its own. */
interface Real extends Servers {
  readonly prefix: string
  readonly port: number
}

const now = <V>({ versions }: Versioned<V>): V => versions.at(-1)!
const idOf = ({ prefix }: Real, slot: string) => `${prefix}${slot}`
const answers = (answered: { readonly status: number; readonly text: string }, status: number) =>
  assert.strictEqual(answered.status, status, answered.text)

type Run = (expected: Expected, real: Real) => Promise<void>
/** A command that is possible in every state: what is not, is to be refused. */
const command = (label: string, run: Run): fc.AsyncCommand<Expected, Real> => ({
  check: () => true,
  run,
  toString: () => label,
})

const connectorSlots = fc.constantFrom("c0", "c1")
const modelSlots = fc.constantFrom("m0", "m1")
/** Some names are those of models: the two share one namespace. */
const names = fc.constantFrom("m0", "m1", "a0")
const values = fc.constantFrom("1", "2", "3")
const ordinals = fc.integer({ min: 1, max: 4 })

const connectorBody = (x: string, port: number) => ({
  name: "c",
  version: 1,
  protocol: "http",
  parameters: { x },
  actions: [
    {
      action_type: "predict",
      method: "POST",
      url: `http://127.0.0.1:${port}/`,
      request_body: '{"x":"${parameters.x}"}',
    },
  ],
})

const creation = (slot: string, x: string) =>
  command(`create ${slot} x=${x}`, async ({ connectors }, real) => {
    const body = { ...connectorBody(x, real.port), connector_id: idOf(real, slot) }
    answers(await real.send("POST", `${ml}/connectors/_create`, body), connectors.has(slot) ? 409 : 200)
    if (!connectors.has(slot)) connectors.set(slot, { versions: [{ x, description: undefined }] })
  })
const createConnector = fc.tuple(connectorSlots, values).map(([slot, x]) => creation(slot, x))

const updateConnector = fc.tuple(connectorSlots, values, fc.boolean()).map(([slot, value, isText]) =>
  command(`update ${slot} ${isText ? "description" : "x"}=${value}`, async ({ connectors }, real) => {
    const known = connectors.get(slot)
    const body = isText ? { description: value } : { parameters: { x: value } }
    answers(await real.send("PUT", `${ml}/connectors/${idOf(real, slot)}`, body), known === undefined ? 404 : 200)
    known?.versions.push({ ...now(known), ...(isText ? { description: value } : { x: value }) })
  }),
)

const rollbackConnector = fc.tuple(connectorSlots, ordinals).map(([slot, version]) =>
  command(`roll back ${slot} to ${version}`, async ({ connectors }, real) => {
    const known = connectors.get(slot)
    const earlier = known?.versions[version - 1]
    const path = `${ml}/connectors/${idOf(real, slot)}/_rollback`
    answers(await real.send("POST", path, { version }), earlier === undefined ? 404 : 200)
    if (earlier !== undefined) known?.versions.push(earlier)
  }),
)

const getConnector = connectorSlots.map((slot) =>
  command(`get ${slot}`, async ({ connectors }, real) => {
    const known = connectors.get(slot)
    const path = `${ml}/connectors/${idOf(real, slot)}`
    const got = await real.send("GET", path)
    answers(got, known === undefined ? 404 : 200)
    if (known === undefined) return
    const { x, description } = now(known)
    assert.deepStrictEqual([got.json.parameters.x, got.json.description], [x, description])
    const listed = await real.send("GET", `${path}/_versions`)
    assert.lengthOf(listed.json.versions, known.versions.length)
    const first = await real.send("GET", `${path}/_versions/1`)
    assert.strictEqual(first.json.source.parameters.x, known.versions[0]?.x)
  }),
)

const deleteConnector = connectorSlots.map((slot) =>
  command(`delete ${slot}`, async ({ connectors, models }, real) => {
    const isUsed = [...models.values()].some((model) => now(model).connector === slot)
    const deleted = await real.send("DELETE", `${ml}/connectors/${idOf(real, slot)}`)
    answers(deleted, isUsed ? 409 : 200)
    if (isUsed) return
    assert.strictEqual(deleted.json.result, connectors.delete(slot) ? "deleted" : "not_found")
  }),
)

const registration = (slot: string, connector: string) =>
  command(`register ${slot} with ${connector}`, async ({ connectors, models, aliases }, real) => {
    const registered = await real.send("POST", `${ml}/models/_register`, {
      name: `${real.prefix}first`,
      function_name: "remote",
      model_id: idOf(real, slot),
      connector_id: idOf(real, connector),
    })
    const isTaken = models.has(slot) || aliases.has(slot)
    const isMissing = !connectors.has(connector)
    assert.include(
      isTaken && isMissing ? [404, 409] : [isTaken ? 409 : isMissing ? 404 : 200],
      registered.status,
      registered.text,
    )
    if (registered.status === 200)
      models.set(slot, { versions: [{ connector, name: `${real.prefix}first` }], isDeployed: false })
  })
const registerModel = fc.tuple(modelSlots, connectorSlots).map(([slot, connector]) => registration(slot, connector))

/** What every sequence begins with, so that most commands find something. */
const begun = [() => creation("c0", "1"), () => registration("m0", "c0")]

/** The model behind a name, which is an alias or an id. */
const behind = ({ models, aliases }: Expected, name: string) => models.get(aliases.get(name) ?? name)

const updateModel = fc.tuple(modelSlots, fc.oneof(connectorSlots, values)).map(([slot, value]) =>
  command(`update ${slot} to ${value}`, async (expected, real) => {
    const isConnector = value.startsWith("c")
    const { connectors } = expected
    const known = behind(expected, slot)
    const name = `${real.prefix}${value}`
    const body = isConnector ? { connector_id: idOf(real, value) } : { name }
    const isPossible = known !== undefined && (!isConnector || connectors.has(value))
    answers(await real.send("PUT", `${ml}/models/${idOf(real, slot)}`, body), isPossible ? 200 : 404)
    if (isPossible) known.versions.push({ ...now(known), ...(isConnector ? { connector: value } : { name }) })
  }),
)

const rollbackModel = fc.tuple(modelSlots, ordinals).map(([slot, version]) =>
  command(`roll back ${slot} to ${version}`, async (expected, real) => {
    const { connectors } = expected
    const known = behind(expected, slot)
    const earlier = known?.versions[version - 1]
    const isPossible = earlier !== undefined && connectors.has(earlier.connector)
    const path = `${ml}/models/${idOf(real, slot)}/_rollback`
    answers(await real.send("POST", path, { version }), isPossible ? 200 : 404)
    if (isPossible) known?.versions.push(earlier)
  }),
)

const deployModel = fc.tuple(names, fc.boolean()).map(([name, deploys]) =>
  command(`${deploys ? "deploy" : "undeploy"} ${name}`, async (expected, real) => {
    const known = behind(expected, name)
    const verb = deploys ? "_deploy" : "_undeploy"
    answers(await real.send("POST", `${ml}/models/${idOf(real, name)}/${verb}`), known === undefined ? 404 : 200)
    if (known !== undefined) known.isDeployed = deploys
  }),
)

const predict = names.map((name) =>
  command(`predict ${name}`, async (expected, real) => {
    const known = behind(expected, name)
    const predicted = await real.send("POST", `${ml}/models/${idOf(real, name)}/_predict`, { parameters: {} })
    answers(predicted, known === undefined ? 404 : 200)
    if (known === undefined) return
    const { x } = now(expected.connectors.get(now(known).connector)!)
    assert.strictEqual(predicted.json.inference_results[0].output[0].dataAsMap.x, x)
    known.isDeployed = true
  }),
)

const getModel = names.map((name) =>
  command(`get ${name}`, async (expected, real) => {
    const known = behind(expected, name)
    const got = await real.send("GET", `${ml}/models/${idOf(real, name)}`)
    answers(got, known === undefined ? 404 : 200)
    if (known === undefined) return
    const version = now(known)
    assert.deepStrictEqual(
      [got.json.name, got.json.connector_id, got.json.model_state === "DEPLOYED"],
      [version.name, idOf(real, version.connector), known.isDeployed],
    )
  }),
)

const searchModels = fc.constant(
  command("search models", async ({ models }, real) => {
    const found = await real.send("POST", `${ml}/models/_search`, {
      query: { wildcard: { "name.keyword": { value: `${real.prefix}*` } } },
      size: 10,
    })
    answers(found, 200)
    const ids = found.json.hits.hits.map(({ _id }: { readonly _id: string }) => _id)
    assert.sameMembers(
      ids,
      [...models.keys()].map((slot) => idOf(real, slot)),
    )
  }),
)

const deleteModel = modelSlots.map((slot) =>
  command(`delete ${slot}`, async ({ models, aliases }, real) => {
    const known = models.get(slot)
    // Where the name is an alias's, its model is meant, which the alias keeps.
    const target = models.get(aliases.get(slot) ?? slot)
    const isAliased = [...aliases.values()].includes(aliases.get(slot) ?? slot)
    const status = target === undefined ? 404 : target.isDeployed ? 400 : isAliased ? 409 : 200
    answers(await real.send("DELETE", `${ml}/models/${idOf(real, slot)}`), status)
    if (status === 200 && known !== undefined) models.delete(slot)
  }),
)

const setAlias = fc.tuple(names, modelSlots).map(([name, slot]) =>
  command(`alias ${name} to ${slot}`, async ({ models, aliases }, real) => {
    const path = `/_plugins/_drawbar/aliases/${idOf(real, name)}`
    const status = !models.has(slot) ? 404 : models.has(name) ? 409 : 200
    answers(await real.send("PUT", path, { model_id: idOf(real, slot) }), status)
    if (status === 200) aliases.set(name, slot)
  }),
)

const deleteAlias = names.map((name) =>
  command(`delete alias ${name}`, async ({ aliases }, real) => {
    const deleted = await real.send("DELETE", `/_plugins/_drawbar/aliases/${idOf(real, name)}`)
    answers(deleted, aliases.delete(name) ? 200 : 404)
  }),
)

const restart = fc.constant(command("restart", (_, real) => real.restart()))

const commands = fc.commands(
  [
    createConnector,
    updateConnector,
    rollbackConnector,
    getConnector,
    deleteConnector,
    registerModel,
    updateModel,
    rollbackModel,
    deployModel,
    predict,
    getModel,
    searchModels,
    deleteModel,
    setAlias,
    deleteAlias,
    restart,
  ],
  { maxCommands: 30, size: "max" },
)

const expectedOutcomes = [
  "POST /connectors/id/_rollback 200",
  "POST /models/id/_rollback 200",
  "POST /models/id/_predict 200",
  "PUT /aliases/id 200",
  "PUT /aliases/id 409",
  "DELETE /connectors/id 409",
  "DELETE /models/id 200",
]

/** The provider: it returns the parameter `x` of the connector. */
export const startPlatform = () => StubPlatform.start({ handler: ({ text }) => Answer.json({ x: JSON.parse(text).x }) })

export const check = async (
  servers: Servers,
  platform: StubPlatform.StubPlatform,
  { seed, runs }: { readonly seed: number; readonly runs: number },
): Promise<ReadonlySet<string>> => {
  let sequence = 0
  const outcomes = new Set<string>()
  await fc.assert(
    fc.asyncProperty(commands, fc.nat(), async (list, chance) => {
      sequence++
      servers.begin?.(chance)
      const real: Real = {
        ...servers,
        prefix: `s${sequence}x`,
        port: platform.port,
        send: async (method, path, body) => {
          const answered = await servers.send(method, path, body)
          outcomes.add(
            `${method} ${path.replace(/^.*_(?:ml|drawbar)/, "").replace(/s\d+x\w\d/, "id")} ${answered.status}`,
          )
          return answered
        },
      }
      const model: Expected = { connectors: new Map(), models: new Map(), aliases: new Map() }
      for (const first of begun) await first().run(model, real)
      await fc.asyncModelRun(() => ({ model, real }), list)
    }),
    { seed, numRuns: runs },
  )
  return outcomes
}

/** Sequences in which everything is refused would test nothing. */
export const assertOutcomes = (outcomes: ReadonlySet<string>, runs: number): void => {
  if (runs >= 500) assert.includeMembers([...outcomes], expectedOutcomes)
}
