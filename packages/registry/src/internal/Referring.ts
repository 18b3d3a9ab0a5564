/** The ids of all records whose field is exactly a value. */
import { Effect } from "effect"
import type { Collection } from "../Document.ts"
import type { DocumentStore } from "../DocumentStore.ts"
import type { RegistryError } from "../RegistryError.ts"
import { matchAll, maxWindow, type SearchRequest, type SortValue } from "../Search.ts"

export const referring = Effect.fnUntraced(function* (
  store: DocumentStore["Service"],
  collection: Collection,
  field: string,
  value: string,
): Effect.fn.Return<ReadonlyArray<string>, RegistryError> {
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
