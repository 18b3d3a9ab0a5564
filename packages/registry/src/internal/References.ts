/** The ids of all records whose field is exactly a value. */
import { Effect } from "effect"
import type { Collection } from "@drawbar/document-store/Document"
import type { DocumentStore } from "@drawbar/document-store/DocumentStore"
import type { RegistryFailure } from "../RegistryError.ts"
import { matchAll, maxWindow, type SearchRequest, type SortValue } from "@drawbar/document-store/search/Search"

export const referring = Effect.fnUntraced(function* (
  store: DocumentStore["Service"],
  collection: Collection,
  field: string,
  value: string,
): Effect.fn.Return<ReadonlyArray<string>, RegistryFailure> {
  const request: SearchRequest = {
    ...matchAll,
    query: { _tag: "Terms", field, values: [value], caseInsensitive: false, boost: 1 },
    size: maxWindow,
    sort: [{ field: "_id", order: "asc", missing: "_last" }],
    source: false,
  }
  const ids: Array<string> = []
  let searchAfter: ReadonlyArray<SortValue> | undefined
  for (;;) {
    const { hits } = yield* store.search(collection, searchAfter === undefined ? request : { ...request, searchAfter })
    ids.push(...hits.map(({ id }) => id))
    if (hits.length < maxWindow) return ids
    searchAfter = hits.at(-1)?.sort
  }
})

const connectorFields = ["connector_id", "routing.targets.connector_id", "routing.fallback.connector_id"] as const

/** The ids of the models that refer to a connector, or that route to it. */
export const modelsOfConnector = (store: DocumentStore["Service"], connectorId: string) =>
  Effect.map(
    Effect.forEach(connectorFields, (field) => referring(store, "model", `${field}.keyword`, connectorId)),
    (found) => [...new Set(found.flat())],
  )
