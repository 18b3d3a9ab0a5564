/**
 * The cluster settings as they stand: transient over persistent over the settings file over the default.
 *
 * Values are read from memory, so that a predict may ask; a persistent change is durable before it holds.
 */
import { invalid } from "@drawbar/blueprint-schema/BlueprintError"
import * as EditDistance from "@drawbar/blueprint-schema/EditDistance"
import type { InvalidField } from "@drawbar/json-text/DecodeError"
import { isObject, type Json, type JsonObject, toText } from "@drawbar/json-text/Json"
import { Context, Effect, Layer, Option, Result, type Scope, Semaphore } from "effect"
import { DocumentStore } from "@drawbar/document-store/DocumentStore"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import { NothingToUpdate, RegistryError, type RegistryFailure } from "../RegistryError.ts"
import * as SearchPattern from "@drawbar/document-store/search/SearchPattern"
import { optimistically } from "../internal/OptimisticRetry.ts"
import * as RecordFollower from "../records/RecordFollower.ts"
import type { Shown } from "./Setting.ts"
import { isForeign, isInert, isName, type Name, names, table, type Value } from "./SettingTable.ts"

type Level = "persistent" | "transient"
/** By name; those of other parts of a cluster too. */
type Given = Readonly<Record<string, Shown>>
type Values = { readonly [N in Name]: Value<N> }
type ChangeHosts = (hosts: ReadonlyArray<string>) => ReadonlyArray<string>
type Listener = (changed: ReadonlySet<Name>) => void

export interface Rendering {
  /** Names with dots rather than objects in objects. */
  readonly flat_settings?: boolean
  readonly include_defaults?: boolean
}

export class Settings extends Context.Service<
  Settings,
  {
    /** The value that holds now. */
    readonly get: <N extends Name>(name: N) => Value<N>
    /** Applies the changes of a `PUT /_cluster/settings` body, all or none. Returns the response body. */
    readonly update: (body: Json, rendering?: Rendering) => Effect.Effect<JsonObject, RegistryFailure>
    /** Changes the trusted hosts as they stand when they are written, where they hold, so that no other change is lost. Returns them. */
    readonly editTrustedHosts: (change: ChangeHosts) => Effect.Effect<ReadonlyArray<string>, RegistryFailure>
    /** The response body of `GET /_cluster/settings`. */
    readonly show: (rendering?: Rendering) => JsonObject
    /** Tells, until the scope closes, which settings an update changed; called synchronously, before it is answered. */
    readonly subscribe: (listener: Listener) => Effect.Effect<void, never, Scope.Scope>
  }
>()("@drawbar/registry/Settings") {
  /** `file` is the content of the settings file: names, flat or nested, and values; static and final settings too. */
  static readonly layer = (file: JsonObject = {}) =>
    Layer.effect(
      Settings,
      Effect.gen(function* () {
        const store = yield* DocumentStore
        const changes = yield* ChangeFeed
        const onFile = yield* Effect.fromResult(readFile(file))
        let given: Record<Level, Given> = { persistent: {}, transient: {} }
        let values = valuesOf(onFile, given)
        const listeners = new Set<Listener>()
        const writer = yield* Semaphore.make(1)

        const hold = (level: Level, next: Given) => {
          const before = values
          given = { ...given, [level]: next }
          values = valuesOf(onFile, given)
          const changed = new Set(names.filter((name) => JSON.stringify(before[name]) !== JSON.stringify(values[name])))
          if (changed.size > 0) for (const listener of listeners) listener(changed)
        }
        // Servers that share a database share transient settings as well, until the last of them has stopped.
        const isShared = store.followed !== undefined
        let isUnreadable = false
        const stored = store.get(collection, recordId)
        const caughtUp = yield* RecordFollower.follow({
          name: "Settings",
          concerns: (change) => change.collection === collection && change.id === recordId,
          reload: () =>
            Effect.map(stored, (found) => {
              isUnreadable = false
              const source = Option.getOrUndefined(found)?.source
              hold("persistent", remembered(source))
              if (isShared) hold("transient", remembered(source, "transient"))
            }),
        })

        const found = yield* Effect.result(stored)
        isUnreadable = Result.isFailure(found)
        // What cannot be read does not stop the start; it may have closed records to others, so that they stay closed.
        if (Result.isFailure(found))
          yield* Effect.logError(`The settings cannot be read, and access control is on: ${found.failure.message}`)
        hold("persistent", Result.isFailure(found) ? strict : remembered(Option.getOrUndefined(found.success)?.source))
        const others = store.followed === undefined ? [] : yield* store.followed.replicas.all
        if (others.length > 0 && Result.isSuccess(found))
          hold("transient", remembered(Option.getOrUndefined(found.success)?.source, "transient"))

        /** Changes the stored settings as they are now, whichever process wrote them last. */
        const persist = (stepsOf: (persistent: Given) => Result.Result<Steps, RegistryFailure>) =>
          optimistically(
            changes,
            Effect.fnUntraced(function* (commit) {
              const read = yield* Effect.result(stored)
              if (Result.isFailure(read) && !isUnreadable) return yield* read.failure
              const before = Result.isSuccess(read) ? Option.getOrUndefined(read.success) : undefined
              const held = Result.isSuccess(read) ? remembered(before?.source) : strict
              const steps = yield* Effect.fromResult(stepsOf(held))
              const persistent = applied(held, steps.persistent)
              yield* Effect.fromResult(bounded(persistent))
              const source = {
                persistent: { ...persistent },
                ...(isShared ? { transient: { ...applied(given.transient, steps.transient) } } : {}),
              }
              yield* commit([
                // A record that cannot be read has no version to be held against, and is replaced.
                Result.isFailure(read)
                  ? { _tag: "Replace", collection, id: recordId, source }
                  : before === undefined
                    ? { _tag: "Create", collection, id: recordId, source }
                    : { _tag: "Replace", collection, id: recordId, source, ifVersion: before.version },
              ])
            }),
          )

        const update = Effect.fnUntraced(function* (body: Json, rendering: Rendering = {}) {
          const steps = yield* Effect.fromResult(readUpdate(body))
          const transient = applied(given.transient, steps.transient)
          yield* Effect.fromResult(bounded(transient))
          if (steps.persistent.length > 0 || (isShared && steps.transient.length > 0))
            yield* persist(() => Result.succeed(steps))
          yield* caughtUp
          if (steps.transient.length > 0 && !isShared) hold("transient", transient)
          return {
            acknowledged: true,
            persistent: rendered(settled(steps.persistent), rendering),
            transient: rendered(settled(steps.transient), rendering),
          }
        })

        const editTrustedHosts = Effect.fnUntraced(function* (change: ChangeHosts) {
          const shown = given.transient[trustedHosts]
          if (shown !== undefined) {
            const hosts = yield* Effect.fromResult(changedHosts(shown, change))
            yield* update({ transient: { [trustedHosts]: hosts } })
          } else {
            yield* persist((persistent) =>
              Result.map(changedHosts(persistent[trustedHosts] ?? onFile[trustedHosts], change), (hosts) => ({
                persistent: [[trustedHosts, hosts]],
                transient: [],
              })),
            )
            yield* caughtUp
          }
          return values[trustedHosts]
        })

        return {
          get: (name) => values[name],
          update: (body, rendering) => writer.withPermit(Effect.uninterruptible(update(body, rendering))),
          editTrustedHosts: (change) => writer.withPermit(Effect.uninterruptible(editTrustedHosts(change))),
          show: (rendering = {}) => ({
            persistent: rendered(given.persistent, rendering),
            transient: rendered(given.transient, rendering),
            ...(rendering.include_defaults ? { defaults: rendered(defaults(onFile, given), rendering) } : {}),
          }),
          subscribe: (listener) =>
            Effect.acquireRelease(
              Effect.sync(() => void listeners.add(listener)),
              () => Effect.sync(() => void listeners.delete(listener)),
            ),
        }
      }),
    )
}

const strict: Given = {
  "plugins.ml_commons.connector_access_control_enabled": "true",
  "plugins.ml_commons.model_access_control_enabled": "true",
}

const collection = "config"
const recordId = "_settings"

/** One name and what it becomes; `null` takes it back. */
type Step = readonly [name: string, shown: Shown | null]
type Steps = Record<Level, ReadonlyArray<Step>>

const trustedHosts = "plugins.drawbar.trusted_hosts"

const changedHosts = (shown: Shown | undefined, change: ChangeHosts): Result.Result<Array<string>, RegistryFailure> => {
  const before = shown === undefined ? [] : Result.getOrElse(table[trustedHosts].read(trustedHosts, shown), () => [])
  const hosts = [...new Set(change(before))]
  return Result.map(checkValue(trustedHosts, hosts), () => hosts)
}

/** Of settings that have no effect, since they are kept for nothing but to be shown: how many a level, and characters each. */
const maxForeign = 200
const maxForeignChars = 1_000

const refused = (message: string): Result.Result<never, RegistryFailure> =>
  Result.fail(RegistryError.from(notValid(message)))
const notValid = (message: string): InvalidField | RegistryError["reason"] => invalid("", message).reason
const notSettable = (message: string): Result.Result<never, RegistryFailure> =>
  Result.fail(RegistryError.from(invalid("", message, "settings_exception").reason))

const readUpdate = (body: Json): Result.Result<Steps, RegistryFailure> =>
  Result.gen(function* () {
    if (!isObject(body)) return yield* refused("The settings must be an object with [persistent] and [transient]")
    const unknown = Object.keys(body).find((field) => field !== "persistent" && field !== "transient")
    if (unknown !== undefined) return yield* refused(`[cluster_update_settings_request] unknown field [${unknown}]`)
    const persistent = yield* readLevel("persistent", body["persistent"] ?? {})
    const transient = yield* readLevel("transient", body["transient"] ?? {})
    if (namesIn(body["persistent"]).length + namesIn(body["transient"]).length === 0)
      return yield* Result.fail(
        RegistryError.from(new NothingToUpdate({ message: "Validation Failed: 1: no settings to update;" })),
      )
    return { persistent, transient }
  })

const readLevel = (level: Level, content: Json): Result.Result<ReadonlyArray<Step>, RegistryFailure> =>
  Result.gen(function* () {
    if (!isObject(content)) return yield* refused(`[${level}] must be an object of settings`)
    const steps: Array<Step> = []
    for (const [key, shown] of flatten(content)) {
      if (shown === null && key.includes("*")) {
        for (const name of names.filter(matcher(key))) if (table[name].changes === "dynamic") steps.push([name, null])
        steps.push([key, null])
        continue
      }
      // What an upgrade of a cluster has set aside; there is never anything of it here.
      if (shown === null && key.startsWith("archived.")) continue
      if (isForeign(key)) {
        if (shown !== null && key.length + JSON.stringify(shown).length > maxForeignChars)
          return yield* notSettable(
            `${level} setting [${key.slice(0, 100)}] has no effect here, and with more than ${maxForeignChars} characters it is not kept. Leave it out`,
          )
        steps.push([key, shown])
        continue
      }
      if (!isName(key)) return yield* notSettable(`${level} setting [${key}], not recognized${nearest(key)}`)
      const { changes } = table[key]
      if (changes === "final") return yield* notSettable(`final ${level} setting [${key}], not updateable`)
      if (changes === "static") return yield* notSettable(`${level} setting [${key}], not dynamically updateable`)
      if (shown !== null) yield* checkValue(key, shown)
      steps.push([key, shown])
    }
    return steps
  })

/** The names of a level of a body, where it has any. */
const namesIn = (level: Json | undefined): ReadonlyArray<string> =>
  isObject(level) ? flatten(level).map(([name]) => name) : []

/** The names of a `PUT /_cluster/settings` body that are accepted and change nothing. */
export const withoutEffect = (body: JsonObject): ReadonlyArray<string> =>
  [...new Set([body["persistent"], body["transient"]].flatMap(namesIn))].filter(isInert)

/** Names of settings are short: none is looked for near a longer one. */
const maxCompared = 255

const nearest = (name: string): string => {
  if (name.length > maxCompared) return allNames
  const near = names
    .map((known) => [known, EditDistance.of(name, known)] as const)
    .filter(([known, steps]) => steps <= Math.min(6, known.length / 8))
    .toSorted(([, a], [, b]) => a - b)[0]
  return near === undefined ? allNames : `, did you mean [${near[0]}]?`
}

const allNames =
  ". See docs/configuration.md, or GET /_cluster/settings?include_defaults=true, which lists the settings"

const bounded = (given: Given): Result.Result<void, RegistryFailure> =>
  Object.keys(given).filter((name) => !isName(name)).length > maxForeign
    ? notSettable(
        `Settings without effect here are kept up to ${maxForeign}. Take some back first: {"cluster.*": null} takes back those of a prefix`,
      )
    : Result.void

const readFile = (content: JsonObject): Result.Result<Given, RegistryFailure> =>
  Result.gen(function* () {
    const given: Record<string, Shown> = {}
    for (const [key, shown] of flatten(content)) {
      if (!isName(key)) return yield* refused(`The settings file contains the unknown setting [${key}]${nearest(key)}`)
      if (shown === null) continue
      const value = read(key, shown)
      if (Result.isFailure(value)) return yield* refused(`The settings file's [${key}]: ${value.failure}`)
      given[key] = shown
    }
    return given
  })

const checkValue = (name: Name, shown: Shown): Result.Result<unknown, RegistryFailure> =>
  Result.mapError(read(name, shown), (message) => RegistryError.from(notValid(message)))

const read = (name: Name, shown: Shown): Result.Result<unknown, string> => table[name].read(name, shown)

// A name with a `*`, as clients send it to take back many at once.
const matcher = (key: string) => {
  const pattern = SearchPattern.parse(key)
  return (name: string) => SearchPattern.matches(pattern, name)
}

const flatten = (content: JsonObject, prefix = ""): ReadonlyArray<readonly [string, Shown | null]> =>
  Object.entries(content).flatMap(([key, value]): ReadonlyArray<readonly [string, Shown | null]> => {
    const name = prefix + key
    if (isObject(value)) return flatten(value, `${name}.`)
    if (value === null) return [[name, null]]
    return [[name, Array.isArray(value) ? value.map(toText) : toText(value)]]
  })

const nest = (flat: Given): JsonObject => {
  const root: { [key: string]: Json } = {}
  for (const [name, shown] of Object.entries(flat)) {
    const path = name.split(".")
    const last = path.pop() ?? name
    let level: { [key: string]: Json } = root
    for (const step of path) {
      const next: { [key: string]: Json } = { ...(isObject(level[step]) ? level[step] : {}) }
      level[step] = next
      level = next
    }
    level[last] = shown
  }
  return root
}

const rendered = (flat: Given, { flat_settings }: Rendering): JsonObject => (flat_settings ? { ...flat } : nest(flat))

const applied = (given: Given, steps: ReadonlyArray<Step>): Given => {
  const next: Record<string, Shown> = { ...given }
  for (const [name, shown] of steps) {
    if (shown !== null) next[name] = shown
    else if (name.includes("*")) for (const kept of Object.keys(next).filter(matcher(name))) delete next[kept]
    else delete next[name]
  }
  return next
}

const settled = (steps: ReadonlyArray<Step>): Given => applied({}, steps)

const valuesOf = (file: Given, { persistent, transient }: Record<Level, Given>): Values => {
  const values: Record<string, unknown> = {}
  for (const name of names) {
    const shown = transient[name] ?? persistent[name] ?? file[name]
    values[name] =
      shown === undefined ? table[name].fallback : Result.getOrElse(read(name, shown), () => table[name].fallback)
  }
  if (!isWhole(values)) throw new Error("a setting has no value")
  return values
}

const isWhole = (values: object): values is Values => names.every((name) => Object.hasOwn(values, name))

const defaults = (file: Given, { persistent, transient }: Record<Level, Given>): Given => {
  const shown: Record<string, Shown> = {}
  for (const name of names) {
    if (persistent[name] !== undefined || transient[name] !== undefined) continue
    const { fallback } = table[name]
    shown[name] = file[name] ?? (typeof fallback === "object" ? fallback : String(fallback))
  }
  return shown
}

// A setting that this version does not know any more is left alone.
const remembered = (source: JsonObject | undefined, level: Level = "persistent"): Given => {
  const stored = source?.[level]
  const given: Record<string, Shown> = {}
  for (const [name, shown] of flatten(isObject(stored) ? stored : {}))
    if ((isName(name) || isForeign(name)) && shown !== null) given[name] = shown
  return given
}
