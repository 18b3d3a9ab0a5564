/**
 * Where records are kept: the seam behind which a database stands.
 *
 * A write is acknowledged after it is durable. One contract suite holds for every layer.
 */
import { Context, type Effect, type Option } from "effect"
import type { Collection, Document, Write } from "./Document.ts"
import type { RegistryError } from "./RegistryError.ts"
import type { SearchRequest, SearchResult } from "./Search.ts"

export class DocumentStore extends Context.Service<
  DocumentStore,
  {
    readonly get: (collection: Collection, id: string) => Effect.Effect<Option.Option<Document>, RegistryError>
    /** All of the writes or none, in order, in one commit; answers what each left behind (a deletion: what it removed). */
    readonly transact: (writes: ReadonlyArray<Write>) => Effect.Effect<ReadonlyArray<Document>, RegistryError>
    /** The records that a query finds; answered by the database, never by reading a table. */
    readonly search: (collection: Collection, request: SearchRequest) => Effect.Effect<SearchResult, RegistryError>
    /** Every record of a collection in batches, sealed parts with it: for rotation and the check at start. */
    readonly count: (collection: Collection) => Effect.Effect<number, RegistryError>
  }
>()("@drawbar/registry/DocumentStore") {}
