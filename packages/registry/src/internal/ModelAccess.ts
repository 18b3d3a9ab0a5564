/** Which models are closed to a principal: what names a model, such as a task, is closed with it. */
import { Effect, Option } from "effect"
import * as AccessControl from "../access/AccessControl.ts"
import type { CurrentPrincipal } from "../access/CurrentPrincipal.ts"
import type { DocumentStore } from "@drawbar/document-store/DocumentStore"
import type { RegistryFailure } from "../RegistryError.ts"
import { matchAll, maxWindow, type SearchRequest, type SortValue } from "@drawbar/document-store/search/Search"
import type { SearchQuery } from "@drawbar/document-store/search/SearchQuery"

/** Fails with that sentence where the model is closed; a model that is no more is closed to none. */
export const check = Effect.fnUntraced(function* (
  store: DocumentStore["Service"],
  asker: CurrentPrincipal | undefined,
  modelId: string,
  message: string,
): Effect.fn.Return<void, RegistryFailure> {
  if (asker === undefined) return
  const model = yield* store.get("model", modelId)
  const groupId = Option.isSome(model) ? model.value.source["model_group_id"] : undefined
  if (typeof groupId !== "string") return
  const group = yield* store.get("model-group", groupId)
  if (Option.isSome(group))
    yield* Effect.fromResult(AccessControl.requireAccess(asker, AccessControl.of(group.value.source), message))
})

/** The ids of the models that are closed. */
export const hidden = Effect.fnUntraced(function* (
  store: DocumentStore["Service"],
  asker: CurrentPrincipal | undefined,
): Effect.fn.Return<ReadonlySet<string>, RegistryFailure> {
  const ids = new Set<string>()
  if (asker === undefined || asker.roles.includes("admin")) return ids
  const open = yield* store.search(
    "model-group",
    AccessControl.visibleTo(asker, { ...matchAll, size: maxWindow, source: false }),
  )
  const closed: SearchRequest = {
    ...matchAll,
    query: without(
      AccessControl.hasAnyOf(
        "model_group_id",
        open.hits.map(({ id }) => id),
      ),
    ),
    size: maxWindow,
    sort: [{ field: "_id", order: "asc", missing: "_last" }],
    source: false,
  }
  for (let searchAfter: ReadonlyArray<SortValue> | undefined; ;) {
    const { hits } = yield* store.search("model", searchAfter === undefined ? closed : { ...closed, searchAfter })
    for (const { id } of hits) ids.add(id)
    if (hits.length < maxWindow) return ids
    searchAfter = hits.at(-1)?.sort
  }
})

/** The same search without the records that name one of these models. */
export const withoutModels = (request: SearchRequest, models: ReadonlySet<string>): SearchRequest =>
  models.size === 0
    ? request
    : AccessControl.filtered(request, without({ _tag: "Values", field: "model_id", values: [...models], boost: 1 }))

const without = (query: SearchQuery): SearchQuery => ({
  _tag: "Bool",
  must: [],
  filter: [],
  should: [],
  mustNot: [query],
  minimum: { count: 0 },
  boost: 1,
})
