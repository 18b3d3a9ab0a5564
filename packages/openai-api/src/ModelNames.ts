/** Which model a name means: an alias, an id, or the name of one model that the principal may call; in this order. */
import { BoundedMap } from "@drawbar/bounded-map/BoundedMap"
import * as EditDistance from "@drawbar/blueprint-schema/EditDistance"
import { ChangeFeed } from "@drawbar/document-store/ChangeFeed"
import {
  type Hit,
  matchAll,
  maxWindow,
  type SearchRequest,
  type SortValue,
} from "@drawbar/document-store/search/Search"
import { all, type SearchQuery } from "@drawbar/document-store/search/SearchQuery"
import { CurrentPrincipal } from "@drawbar/registry/access/CurrentPrincipal"
import { Aliases, type NamedAlias } from "@drawbar/registry/aliases/Aliases"
import { Models } from "@drawbar/registry/models/Models"
import type { RegistryFailure } from "@drawbar/registry/RegistryError"
import { Effect } from "effect"
import { ModelNotFound, OpenAiError } from "./OpenAiError.ts"
import type { Model } from "./OpenAiApi.ts"

export interface ModelNames {
  /** The name of an alias, or the id of a model; fails with candidates. */
  readonly resolve: (name: string) => Effect.Effect<string, RegistryFailure | OpenAiError>
  /** Aliases and deployed models. */
  readonly list: Effect.Effect<ReadonlyArray<Model>, RegistryFailure>
  readonly get: (name: string) => Effect.Effect<Model, RegistryFailure | OpenAiError>
}

const fields = ["name", "model_state", "is_enabled", "created_time"] as const

/** In characters: no model has a longer name. */
const maxName = 1_024
const maxCandidates = 10

export const make = Effect.gen(function* () {
  const aliases = yield* Aliases
  const models = yield* Models
  const changes = yield* ChangeFeed
  let known = emptyMap()
  // A model may have got the name, or lost it, or may be closed now.
  yield* changes.subscribe((written) => {
    if (written.some(({ collection }) => collection !== "task")) known = emptyMap()
  })

  const search = (query: SearchQuery, size = maxWindow) => {
    const request: SearchRequest = {
      ...matchAll,
      query,
      size,
      source: { includes: fields, excludes: [] },
      sort: [{ field: "_id", order: "asc", missing: "_last" }],
    }
    return Effect.gen(function* () {
      const principal = yield* CurrentPrincipal
      const found: Array<Hit> = []
      for (let searchAfter: ReadonlyArray<SortValue> | undefined; ;) {
        const { hits } = yield* models.search(searchAfter === undefined ? request : { ...request, searchAfter })
        found.push(...hits.filter(({ id }) => aliases.allows(principal, id)))
        if (hits.length < size) return found
        searchAfter = hits.at(-1)?.sort
      }
    })
  }

  const found = Effect.fnUntraced(function* (name: string): Effect.fn.Return<string, RegistryFailure | OpenAiError> {
    const [own] = yield* search({ _tag: "Ids", ids: [name], boost: 1 }, 1_000)
    if (own !== undefined) return own.id
    const named = yield* search({ _tag: "Values", field: "name.keyword", values: [name], boost: 1 })
    const live = named.filter(isCallable)
    const [only, another] = live.length > 0 ? live : named
    if (only === undefined) return yield* missing(name)
    if (another === undefined) return only.id
    return yield* OpenAiError.from(
      new ModelNotFound({ name, candidates: named.slice(0, maxCandidates).map(({ id }) => id), isAmbiguous: true }),
    )
  })

  const missing = Effect.fnUntraced(function* (name: string) {
    const shown = name.length <= maxName ? name : `${name.slice(0, maxName)}…`
    const near = name.length <= 128 ? nearest(name, yield* namesOfAll) : []
    return yield* OpenAiError.from(new ModelNotFound({ name: shown, candidates: near, isAmbiguous: false }))
  })

  const live = Effect.map(search(all), (hits) => hits.filter(isCallable))

  /** Aliases all of whose targets the principal may call. */
  const openAliases = Effect.gen(function* () {
    const principal = yield* CurrentPrincipal
    const all = yield* aliases.list
    return all.filter(({ targets }) => targets.every(({ model_id }) => aliases.allows(principal, model_id)))
  })

  const namesOfAll = Effect.gen(function* () {
    const [named, hits] = yield* Effect.all([openAliases, live])
    return [...named.map(({ name }) => name), ...hits.map(nameOf)]
  })

  /** One that is closed to the principal is as one that is not there. */
  const aliasOf = Effect.fnUntraced(function* (name: string) {
    const alias = (yield* openAliases).find((one) => one.name === name)
    return alias ?? (yield* missing(name))
  })

  const resolve = (name: string) =>
    Effect.flatMap(CurrentPrincipal, (principal): Effect.Effect<string, RegistryFailure | OpenAiError> => {
      const isAlias = aliases.targets(name) !== undefined
      if (isAlias && principal === undefined) return Effect.succeed(name)
      if (name.length > maxName) return missing(name)
      const key = JSON.stringify([
        principal?.kind,
        principal?.id ?? principal?.name,
        principal?.roles,
        principal?.backend_roles,
        name,
      ])
      const remembered = known.get(key)
      if (remembered !== undefined) return Effect.succeed(remembered)
      return Effect.map(isAlias ? Effect.map(aliasOf(name), (alias) => alias.name) : found(name), (id) => {
        known.set(key, id)
        return id
      })
    })

  const names: ModelNames = {
    resolve,
    list: Effect.gen(function* () {
      const [named, hits] = yield* Effect.all([openAliases, live])
      return [...named.map(ofAlias), ...hits.map(ofHit)]
    }),
    get: Effect.fnUntraced(function* (name) {
      if (aliases.targets(name) !== undefined) return ofAlias(yield* aliasOf(name))
      const id = yield* resolve(name)
      const [hit] = yield* search({ _tag: "Ids", ids: [id], boost: 1 }, 1_000)
      return hit === undefined || !isCallable(hit) ? yield* missing(name) : ofHit(hit)
    }),
  }
  return names
})

const emptyMap = () => new BoundedMap<string>({ entries: 10_000, bytes: 4_000_000 })

const isCallable = ({ source }: Hit): boolean =>
  source?.["model_state"] === "DEPLOYED" && source["is_enabled"] !== false

const nameOf = ({ id, source }: Hit): string => (typeof source?.["name"] === "string" ? source["name"] : id)

const ofHit = ({ id, source }: Hit): Model => ({
  id,
  object: "model",
  created: Math.floor(Number(source?.["created_time"] ?? 0) / 1_000),
  owned_by: "drawbar",
  ...(typeof source?.["name"] === "string" ? { name: source["name"] } : {}),
})

const ofAlias = ({ name, created_time }: NamedAlias): Model => ({
  id: name,
  object: "model",
  created: Math.floor(created_time / 1_000),
  owned_by: "drawbar",
})

/** The nearest first. */
const nearest = (name: string, names: ReadonlyArray<string>): ReadonlyArray<string> =>
  [...new Set(names)]
    .filter((candidate) => candidate.length <= 128)
    .map((candidate) => ({ candidate, distance: EditDistance.of(name.toLowerCase(), candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
    .slice(0, maxCandidates)
    .map(({ candidate }) => candidate)
